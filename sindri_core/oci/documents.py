"""Manifests and indexes as the image specification has them, read strictly.

The same bytes must mean one thing to everybody: a document that could be read as an image and as an index is refused.
Sources: https://github.com/opencontainers/image-spec (manifest.md, image-index.md), CVE-2021-41190.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IMAGE, INDEX = "image", "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What an image runs on. Prints as ``linux/amd64`` or ``linux/arm/v7``."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        """Write the platform as people do."""
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A reference from one document to other content: its type, digest (``sha256:…``) and size in bytes."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An image manifest or an index, as the bytes that were received and what they say.

    ``digest`` was computed from ``content``. ``kind`` is ``image`` or ``index``. ``config`` and ``layers`` are an
    image's, ``manifests`` an index's. ``subject`` is what a signature or attestation is about.
    """

    kind: str
    media_type: str
    digest: str
    content: bytes = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
