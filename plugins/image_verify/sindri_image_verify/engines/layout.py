"""An image with one older signature as an OCI layout: the form in which cosign judges it without any network.

Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md; the kinds are cosign's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sindri_core.oci import documents

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.oci.documents import Document
    from sindri_image_verify.material import Candidate

KIND = "dev.cosignproject.cosign/"
CONFIG = (
    b'{"architecture":"","created":"0001-01-01T00:00:00Z","config":{},"os":"","rootfs":{"type":"layers","diff_ids":[]}}'
)


def write(folder: Path, image: Document, candidate: Candidate) -> None:
    """Write the layout: the image's document, and a manifest that holds just this signature or attestation."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(content: bytes) -> str:
        digest = documents.digest_of(content)
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
        return digest

    layer = candidate.layer
    signature = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": documents.OCI_MANIFEST,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", keep(CONFIG), len(CONFIG)),
            "layers": [
                _descriptor(layer.media_type if layer else "", keep(candidate.payload), len(candidate.payload))
                | {"annotations": dict(layer.annotations) if layer else {}}
            ],
        }
    ).encode()
    image_kind = "imageIndex" if image.kind == documents.INDEX else "image"
    kind = "atts" if candidate.attested else "sigs"
    index = {
        "schemaVersion": 2,
        "mediaType": documents.OCI_INDEX,
        "manifests": [
            _descriptor(image.media_type, keep(image.content), len(image.content)) | _kind(image_kind),
            _descriptor(documents.OCI_MANIFEST, keep(signature), len(signature)) | _kind(kind),
        ],
    }
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _kind(name: str) -> dict[str, Any]:
    return {"annotations": {"kind": f"{KIND}{name}"}}
