"""Manifests and indexes as the image specification has them, read strictly.

The same bytes must mean one thing to everybody: a document that could be read as an image and as an index is refused.
Sources: https://github.com/opencontainers/image-spec (manifest.md, image-index.md), CVE-2021-41190.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sindri_core.errors import RegistryError
from sindri_core.oci.reference import DIGEST

IMAGE, INDEX = "image", "index"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
KINDS = {OCI_MANIFEST: IMAGE, DOCKER_MANIFEST: IMAGE, OCI_INDEX: INDEX, DOCKER_INDEX: INDEX}
CONFIGS = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
"""Media types of the configuration of an image that can run."""
LARGEST = 4 << 20
"""Bytes of a manifest or index: what registries accept at most."""
MOST = 4096
"""Entries of a list in a document."""
LARGEST_CONTENT = 1 << 50
LONGEST_SHOWN = 80


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


def digest_of(content: bytes) -> str:
    """The digest of content: ``sha256:`` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse(content: bytes, content_type: str, *, expected: str = "", source: str = "the registry") -> Document:
    """Read a manifest or index. ``expected`` is the digest that was asked for, ``source`` who answered.

    Raises ``RegistryError`` ``SND-IMG-008`` for whatever cannot be believed.
    """
    digest = digest_of(content)
    if expected and digest != expected:
        raise untrusted(f"{source} answered with other content than {expected}: it has the digest {digest}")
    try:
        return _document(content, content_type.partition(";")[0].strip().lower(), digest)
    except (ValueError, RecursionError) as error:
        raise untrusted(f"{source} answered with what cannot be believed: {error}") from None


def shown(text: object) -> str:
    """What a registry wrote, as a part of a line of ours: bounded, and without what could steer a terminal."""
    plain = "".join(character if character.isprintable() else "?" for character in str(text)[:LONGEST_SHOWN])
    return plain + ("…" if len(str(text)) > LONGEST_SHOWN else "")


def untrusted(message: str) -> RegistryError:
    """Make the error about an answer that cannot be believed."""
    return RegistryError(
        "SND-IMG-008", message, hint="look at the image with another tool, or name another one: deployment.image"
    )


def strict_json(content: bytes) -> Any:
    """Read JSON in which no key stands twice, and every text can be written. Raises ``ValueError``."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice in it")
        return found

    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    try:
        data = json.loads(content.decode("utf-8"), object_pairs_hook=unique, parse_constant=no_constant)
        if b"\\u" in content:  # half of a character, which no file and no terminal takes
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise ValueError("it is not UTF-8") from None
    return data


def platforms(index: Document) -> tuple[Platform, ...]:
    """The platforms of an index; what is attached to its images (``unknown/unknown``) has none.

    Raises ``RegistryError`` when two images are for the same platform.
    """
    runnable = [m for m in index.manifests if KINDS.get(m.media_type) == IMAGE and m.platform]
    found = [m.platform for m in runnable if m.platform and m.platform.os != "unknown"]
    versioned = [p for p in found if p.os != "windows"]  # one platform with several versions of the system
    if len(set(versioned)) != len(versioned):
        raise untrusted(f"the index {index.digest} has two images for one platform")
    return tuple(dict.fromkeys(found))


def require_runnable(document: Document, name: str) -> None:
    """Raise ``RegistryError`` unless this is an image, or an index of images."""
    if document.kind == INDEX:
        if any(KINDS.get(m.media_type) == INDEX for m in document.manifests):
            raise untrusted(f"{name} is an index of indexes, of which nobody knows which image would run")
        if not any(KINDS.get(m.media_type) == IMAGE for m in document.manifests):
            raise untrusted(f"{name} is an index without any image")
        return
    media_type = document.config.media_type if document.config else ""
    if document.artifact_type or media_type not in CONFIGS:
        raise untrusted(f"{name} is no image but {shown(document.artifact_type or media_type or 'something else')}")


def _document(content: bytes, media_type: str, digest: str) -> Document:
    kind = KINDS.get(media_type)
    if kind is None:
        raise ValueError(f"its type is {shown(media_type or 'not said')}, which is no image or index")
    data = strict_json(content)
    if not isinstance(data, dict) or data.get("schemaVersion") != 2:  # noqa: PLR2004 - the only one there is
        raise ValueError("it is no document of schema version 2")
    if data.get("mediaType", media_type) != media_type:
        raise ValueError(f"it calls itself {shown(data['mediaType'])} and was sent as {media_type}")
    others = {"manifests"} if kind == IMAGE else {"layers", "config", "fsLayers"}
    if others & data.keys() or "fsLayers" in data:
        raise ValueError("it can be read as an image and as an index")
    if kind == IMAGE and not {"config", "layers"} <= data.keys():
        raise ValueError("it has no configuration or no layers")
    if kind == INDEX and "manifests" not in data:
        raise ValueError("it lists no manifests")
    return Document(
        kind=kind,
        media_type=media_type,
        digest=digest,
        content=content,
        data=data,
        artifact_type=_text(data, "artifactType"),
        config=descriptor(data["config"]) if kind == IMAGE else None,
        layers=tuple(_descriptors(data, "layers")),
        manifests=tuple(_descriptors(data, "manifests")),
        subject=descriptor(data["subject"]) if data.get("subject") is not None else None,
        annotations=_annotations(data),
    )


def _descriptors(data: Mapping[str, Any], key: str) -> Iterator[Descriptor]:
    listed = data.get(key, [])
    if not isinstance(listed, list) or len(listed) > MOST:
        raise ValueError(f"{key} is no list of at most {MOST}")
    return map(descriptor, listed)


def descriptor(data: Any) -> Descriptor:
    """Read one descriptor. Raises ``ValueError``."""
    if not isinstance(data, dict):
        raise ValueError("a descriptor is no mapping")
    media_type, digest, size = data.get("mediaType"), data.get("digest"), data.get("size")
    if not isinstance(media_type, str) or not media_type:
        raise ValueError("a descriptor has no type")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise ValueError("a descriptor has no digest of sha256")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST_CONTENT:
        raise ValueError("a descriptor has no size")
    return Descriptor(
        media_type=media_type,
        digest=digest,
        size=size,
        artifact_type=_text(data, "artifactType"),
        annotations=_annotations(data),
        platform=_platform(data.get("platform")),
    )


def _platform(data: Any) -> Platform | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise ValueError("a platform is no mapping")
    return Platform(os=_text(data, "os"), architecture=_text(data, "architecture"), variant=_text(data, "variant"))


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def _annotations(data: Mapping[str, Any]) -> Mapping[str, str]:
    found = data.get("annotations") or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("annotations are no texts")
    return found
