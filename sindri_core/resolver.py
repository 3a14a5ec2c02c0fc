"""The built-in image resolver: last in line, for what no plugin resolved. It asks no registry.

A digest is taken as the image. A tag is used as it is written, with a warning, because it can move. What would need a
registry to be understood (a version range) is refused with what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound
from sindri_core.oci.reference import parse
from sindri_core.types import Issue, Origin, ResolvedImage, Severity

if TYPE_CHECKING:
    from sindri_core.settings import ImageSettings

DEFAULT_IMAGE = "sindri:latest"


def resolve(settings: ImageSettings) -> ResolvedImage:
    """Return the image that these settings mean. Raises ``ImageError``: malformed, or a registry is needed."""
    text, why = _reference(settings)
    reference = parse(text)
    return ResolvedImage(
        reference=text,
        deployed=str(reference),
        digest=reference.digest,
        origin=Origin.REGISTRY if reference.digest else Origin.AS_WRITTEN,
        why=why,
        pull_policy=settings.pull_policy,
    )


def unpinned(image: ResolvedImage) -> Issue | None:
    """Warn when the image is only a tag, which may mean another image tomorrow."""
    if image.digest:
        return None
    return Issue(
        code="SND-IMG-004",
        severity=Severity.WARNING,
        path="deployment.image",
        message=f"{image.deployed} is not pinned: the tag may mean another image tomorrow",
        hint="write its digest: deployment.image_config.digest, or image: NAME@sha256:…",
    )


def _reference(settings: ImageSettings) -> tuple[str, str]:
    """Choose between the ways to name an image; the digest comes first."""
    if settings.digest:
        return f"{settings.registry}@{settings.digest}", "the digest in the file"
    if settings.tag_override:
        return f"{settings.registry}:{settings.tag_override}", "the tag in the file"
    if settings.version and settings.strategy == "explicit":
        return f"{settings.registry}:{settings.version}", "the version in the file, as a tag"
    if settings.registry:
        wanted = f"version {settings.version!r}" if settings.version else f"strategy {settings.strategy!r}"
        raise ImageNotFound(
            "SND-IMG-002",
            f"{settings.registry} with {wanted} needs the tags of the registry, which no installed plugin reads",
            hint="write deployment.image_config.digest or deployment.image_config.tag_override",
        )
    if settings.reference:
        return settings.reference, "the reference in the file"
    return DEFAULT_IMAGE, "no image is configured"
