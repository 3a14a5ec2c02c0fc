"""Simple signing: what older versions of cosign sign. Source: cosign's SIGNATURE_SPEC."""

from __future__ import annotations

from dataclasses import dataclass

from sindri_core.oci.documents import strict_json
from sindri_image_verify.statement import Malformed

TYPE = "cosign container image signature"
MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What was signed: the digest of the image, and the repository that the signer gave it."""

    digest: str
    reference: str


def read(payload: bytes) -> Signed:
    """Read the payload of a signature. Raises ``Malformed``."""
    try:
        critical = strict_json(payload)["critical"]
        kind, digest = critical["type"], critical["image"]["docker-manifest-digest"]
        reference = critical["identity"].get("docker-reference", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Malformed("the signed payload is not one of simple signing") from None
    if kind != TYPE:
        raise Malformed(f"the signed payload is of the type {kind!s:.60}")
    if not isinstance(digest, str) or not isinstance(reference, str):
        raise Malformed("the signed payload names no image")
    return Signed(digest=digest, reference=reference)
