"""The claim of a signature in the older format.

Source: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from sindri_image_verify.strictjson import mapping, part, text

TYPE = "cosign container image signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What was signed: a digest (``sha256:…``), and the repository that the signer named."""

    digest: str
    repository: str


def parse(payload: bytes) -> Claim:
    """Read a claim. Raises ``ValueError``."""
    critical = part(mapping(payload, "signed claim"), "critical")
    kind = text(critical, "type")
    if kind != TYPE:
        raise ValueError(f"the signed claim is of the unknown type {kind[:80]!r}")
    digest = text(part(critical, "image"), "docker-manifest-digest")
    if not digest:
        raise ValueError("the signed claim names no digest")
    return Claim(digest=digest, repository=text(part(critical, "identity"), "docker-reference"))
