"""A folder in the image layout that holds one image's document and one signature or attestation, for cosign.

Sources: https://github.com/opencontainers/image-spec/blob/main/image-layout.md, and the annotations of ``cosign save``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.oci import documents
from sindri_image_verify.candidates import SIGNATURE, SIGNATURE_ANNOTATION

if TYPE_CHECKING:
    from sindri_core.oci.documents import Document
    from sindri_image_verify.candidates import Candidate

_KIND = "dev.cosignproject.cosign/"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_KEPT = {
    SIGNATURE_ANNOTATION,
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
}


def write(folder: Path, image: Document, candidate: Candidate) -> None:
    """Write the layout into ``folder``, which is ours alone. What is attached is just this one candidate."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, media_type: str) -> dict[str, Any]:
        digest = documents.digest_of(content)
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    signature = candidate.form == SIGNATURE
    media_type = (
        "application/vnd.dev.cosign.simplesigning.v1+json" if signature else "application/vnd.dsse.envelope.v1+json"
    )
    kept = {name: text for name, text in candidate.annotations.items() if name in _KEPT}
    if not signature:
        kept.setdefault(SIGNATURE_ANNOTATION, "")  # cosign looks for it on every layer
    config = {"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [candidate.digest]}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": documents.OCI_MANIFEST,
        "config": blob(json.dumps(config).encode(), _CONFIG),
        "layers": [blob(candidate.content, media_type) | {"annotations": kept}],
    }
    entries = [
        _marked(blob(image.content, image.media_type), "imageIndex" if image.kind == documents.INDEX else "image"),
        _marked(blob(json.dumps(manifest).encode(), documents.OCI_MANIFEST), "sigs" if signature else "atts"),
    ]
    index = {"schemaVersion": 2, "mediaType": documents.OCI_INDEX, "manifests": entries}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")


def _marked(descriptor: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    return {**descriptor, "annotations": {"kind": f"{_KIND}{kind}"}}
