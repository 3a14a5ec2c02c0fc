"""What the settings name: of the several ways to name an image the most exact one that was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_core.oci.reference import Reference, parse

if TYPE_CHECKING:
    from sindri_core.settings import ImageSettings

CHOOSING = {"latest-stable", "pin-to-cli"}
"""Strategies that choose a tag without being told a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A repository with a digest, a tag, or neither: then ``strategy`` and ``version`` say how a tag is chosen.

    ``written`` is what the file says, ``why`` how it was understood.
    """

    repository: str
    written: str
    why: str
    digest: str = ""
    tag: str = ""
    strategy: str = ""
    version: str = ""
    is_default: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether no registry is named, so that the local engine may be meant."""
        return not parse(self.repository).host

    @property
    def wanted(self) -> str:
        """What the tag is chosen by, for people."""
        return f"version {self.version!r}" if self.version else f"strategy {self.strategy!r}"


def named(settings: ImageSettings, *, default: str) -> Named:
    """Choose between the ways to name an image; the digest comes first. Raises ``BadReference``."""
    if not settings.registry:
        return _by_reference(settings.reference, default)
    repository = parse(settings.registry).repository
    if settings.digest:
        return Named(
            repository=repository,
            written=f"{repository}@{settings.digest}",
            why="the digest in the file",
            digest=settings.digest,
        )
    if settings.tag_override:
        return _tagged(repository, settings.tag_override, "the tag in the file")
    if settings.strategy == "explicit":
        return _tagged(repository, settings.version, "the version in the file, as a tag")
    return Named(
        repository=repository,
        written=f"{repository} {settings.version or settings.strategy}",
        why="",
        strategy=settings.strategy,
        version=settings.version,
    )


def _tagged(repository: str, tag: str, why: str) -> Named:
    reference = parse(f"{repository}:{tag}")
    return Named(repository=repository, written=str(reference), why=why, tag=tag)


def _by_reference(text: str, default: str) -> Named:
    reference: Reference = parse(text or default)
    if reference.digest:
        note = f"; its tag {reference.tag} is not looked at" if reference.tag else ""
        why = f"the digest in the file{note}"
        return Named(repository=reference.repository, written=text, why=why, digest=reference.digest)
    return Named(
        repository=reference.repository,
        written=text or default,
        why="the tag in the file" if reference.tag and text else "no image is configured" if not text else "no tag",
        tag=reference.tag or "latest",
        is_default=not text,
    )
