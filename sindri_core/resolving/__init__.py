"""The built-in resolvers: last in line, for what no plugin resolved. What they answer ends in a digest.

A digest in the file is taken as the image, without asking anybody. A plain name on a local cluster is looked for in the
local engine. Everything else is asked of its registry, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound
from sindri_core.oci.reference import parse
from sindri_core.resolving import named, platforms
from sindri_core.types import Issue, Origin, ResolvedImage, Severity

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import ResolveRequest
    from sindri_core.resolving.named import Named

DEFAULT_IMAGE = "sindri:latest"


def resolve(ctx: Context, request: ResolveRequest) -> tuple[ResolvedImage, list[Issue]]:
    """Return the image that the settings mean, and warnings. Raises ``ImageError`` naming the field to change."""
    asked = named.named(request.image, default=DEFAULT_IMAGE)
    if asked.is_default and not request.cluster.local and request.registry is not None:
        raise ImageNotFound(
            "SND-IMG-014",
            f"sindri.yaml names no image, and {request.cluster.name or 'the cluster'} is not a local cluster",
            hint="write an image that its nodes can pull: deployment.image: ghcr.io/my-org/sindri:v1.0.0",
            details=[("cause", f"the default, {DEFAULT_IMAGE}, is an image of this machine's own engine")],
        )
    image = _resolved(ctx, request, asked)
    issues = platforms.mismatches(image, request.cluster)
    return image, [*issues, *filter(None, [unpinned(image)])]


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


def _resolved(ctx: Context, request: ResolveRequest, asked: Named) -> ResolvedImage:
    settings = request.image
    if asked.digest:
        reference = parse(f"{asked.repository}@{asked.digest}")
        return ResolvedImage(
            reference=asked.written,
            deployed=str(reference),
            digest=asked.digest,
            origin=Origin.REGISTRY,
            why=asked.why,
            pull_policy=settings.pull_policy,
        )
    if request.cluster.local and asked.is_plain and asked.tag and not ctx.offline:
        from sindri_core.resolving import engine

        found = engine.look_up(ctx, f"{asked.repository}:{asked.tag}")
        if found:
            return engine.resolved(found, asked, settings.pull_policy)
        if asked.is_default:
            raise engine.missing(f"{asked.repository}:{asked.tag}")
    if request.registry is not None:
        from sindri_core.resolving.registry import resolved  # brings the registry client

        return resolved(request.registry, request, asked)
    if not asked.tag:
        raise ImageNotFound(
            "SND-IMG-010",
            f"which tag of {asked.repository} is meant by {asked.wanted} is known to its registry alone",
            hint="leave out --offline, or write deployment.image_config.digest",
        )
    reference = parse(f"{asked.repository}:{asked.tag}")
    return ResolvedImage(
        reference=asked.written, deployed=str(reference), why=asked.why, pull_policy=settings.pull_policy
    )
