"""Images of tests and the OCI layouts that ``cosign verify --local-image`` reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sigstore_material import Layer, encoded

if TYPE_CHECKING:
    from sigstore_keys import Document

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
KIND = "dev.cosignproject.cosign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A manifest with the blobs that it names."""

    manifest: bytes
    blobs: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """The digest of the manifest: ``sha256:`` and 64 hex digits."""
        return digest_of(self.manifest)


def image(comment: str = "") -> Image:
    """Return an image without layers; another comment makes another digest."""
    config = encoded({
        "architecture": "amd64", "os": "linux", "config": {}, "history": [{"comment": comment}],
        "rootfs": {"type": "layers", "diff_ids": []},
    })  # fmt: skip
    return assembled(config, [])


def attached(layers: Sequence[Layer]) -> Image:
    """Return the manifest that cosign keeps under ``sha256-HEX.sig`` or ``.att``."""
    identifiers = [digest_of(layer.content) for layer in layers]
    config = encoded({
        "architecture": "", "os": "", "config": {}, "created": "0001-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": identifiers},
    })  # fmt: skip
    return assembled(config, layers)


def assembled(config: bytes, layers: Sequence[Layer]) -> Image:
    """Return an image manifest of a configuration and layers."""
    described = [
        {**descriptor(layer.content, layer.media_type), "annotations": dict(layer.annotations)} for layer in layers
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(config, CONFIG), "layers": described}
    return Image(manifest=encoded(manifest), blobs=(config, *(layer.content for layer in layers)))


def write_layout(
    folder: Path, subject: Image, *, signatures: Sequence[Layer] = (), attestations: Sequence[Layer] = ()
) -> None:
    """Write an image and what is attached to it as the OCI layout that ``cosign save`` makes."""
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    entries = []
    for kind, one in (
        ("image", subject),
        ("sigs", attached(signatures) if signatures else None),
        ("atts", attached(attestations) if attestations else None),
    ):
        if one is None:
            continue
        for blob in (one.manifest, *one.blobs):
            (blobs / hashlib.sha256(blob).hexdigest()).write_bytes(blob)
        entries.append({**descriptor(one.manifest, MANIFEST), "annotations": {"kind": f"{KIND}/{kind}"}})
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def descriptor(content: bytes, media_type: str) -> Document:
    """Return an OCI descriptor of some bytes."""
    return {"mediaType": media_type, "size": len(content), "digest": digest_of(content)}


def digest_of(content: bytes) -> str:
    """Return the digest by which registries know some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
