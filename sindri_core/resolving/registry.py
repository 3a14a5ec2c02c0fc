"""The resolver that asks registries: a tag or a version becomes the digest that it means now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import __version__
from sindri_core.errors import ImageNotFound, ImageRefused
from sindri_core.oci import choosing, documents
from sindri_core.oci.reference import parse
from sindri_core.types import Origin, RejectedTag, ResolvedImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.oci.client import RegistryClient
    from sindri_core.oci.documents import Document
    from sindri_core.oci.reference import Reference
    from sindri_core.requests import ResolveRequest
    from sindri_core.resolving.named import Named
    from sindri_core.settings import ImageSettings

CONFIG_LIMIT = 4 << 20
"""Bytes that the configuration of an image may have."""


def resolved(client: RegistryClient, request: ResolveRequest, asked: Named) -> ResolvedImage:
    """Return the image by its digest. Its platforms are found out only where those of the nodes are known.

    Raises ``ImageNotFound``, ``RegistryError``, or ``ImageRefused`` ``SND-IMG-011`` when tags of the same version
    mean different images.
    """
    repository = parse(asked.repository)
    tags, why, rejected = chosen(client, request.image, asked, explain=request.explain)
    found = {tag: client.manifest(parse(f"{asked.repository}:{tag}")) for tag in tags}
    tag, document = next(iter(found.items()))
    documents.require_runnable(document, f"{asked.repository}:{tag}")
    if len({each.digest for each in found.values()}) > 1:
        raise ImageRefused(
            "SND-IMG-011",
            f"{' and '.join(tags)} of {asked.repository} are the same version and different images",
            hint="say which one is meant: deployment.image_config.tag_override",
            details=[("seen", f"{name}  {each.digest}") for name, each in found.items()],
        )
    deployed = parse(f"{asked.repository}:{tag}@{document.digest}")
    return ResolvedImage(
        reference=asked.written,
        deployed=str(deployed),
        digest=document.digest,
        origin=Origin.REGISTRY,
        why=why,
        pull_policy=request.image.pull_policy,
        tag=tag,
        platforms=platforms(client, repository, document) if request.cluster.platforms else (),
        rejected=rejected,
    )


def chosen(
    client: RegistryClient, settings: ImageSettings, asked: Named, *, explain: bool = False
) -> tuple[tuple[str, ...], str, tuple[RejectedTag, ...]]:
    """The tags that are meant, which all must mean the same image; why; and those that were not chosen."""
    if asked.tag:
        return (asked.tag,), asked.why, ()
    try:
        return _choice(client.tags(parse(asked.repository)), settings, asked, explain=explain)
    except ImageNotFound:  # what was pushed within the last minute may not be in a list that was kept
        return _choice(client.tags_now(parse(asked.repository)), settings, asked, explain=explain)


def _choice(
    tags: Sequence[str], settings: ImageSettings, asked: Named, *, explain: bool
) -> tuple[tuple[str, ...], str, tuple[RejectedTag, ...]]:
    if not tags:
        raise ImageNotFound(
            "SND-IMG-002",
            f"{asked.repository} has no tags",
            hint="push an image, or name another repository: deployment.image_config.registry",
        )
    choice = choosing.choose(
        tags,
        strategy=asked.strategy,
        wanted=__version__ if asked.strategy == "pin-to-cli" else asked.version,
        allow_prerelease=settings.allow_prerelease,
        explain=explain,
    )
    return choice.tags, choice.why, choice.rejected


def platforms(client: RegistryClient, repository: Reference, document: Document) -> tuple[str, ...]:
    """The platforms of an index, or the one that an image's configuration names; none where that is not said."""
    if document.kind == documents.INDEX:
        return tuple(sorted({str(platform) for platform in documents.platforms(document)}))
    if document.config is None:
        return ()
    content = client.blob(repository, document.config.digest, limit=CONFIG_LIMIT)
    try:
        config = documents.strict_json(content)
    except (ValueError, RecursionError) as error:
        name = f"{repository.repository}@{document.digest}"
        raise documents.untrusted(f"the configuration of {name} is not readable: {error}") from None
    said = [config.get(key) if isinstance(config, dict) else None for key in ("os", "architecture", "variant")]
    system, architecture, variant = (documents.shown(text) if isinstance(text, str) else "" for text in said)
    if not system or not architecture:
        return ()  # it does not say, as images that were put together by hand do
    return (str(documents.Platform(os=system, architecture=architecture, variant=variant)),)
