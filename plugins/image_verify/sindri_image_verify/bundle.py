"""Sigstore bundles: an envelope with what is needed to believe it.

Source: https://github.com/sigstore/protobuf-specs, bundles of version 0.1 to 0.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sindri_core.oci.documents import strict_json
from sindri_image_verify.statement import Envelope, Malformed, Statement, decoded, envelope, statement

MEDIA_TYPE = re.compile(r"application/vnd\.dev\.sigstore\.bundle(\.v0\.[123]\+json|\+json;version=0\.[123])")
LARGEST = 1 << 20
"""Bytes of a bundle or of a signed payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle with a statement. ``certificate`` is the leaf's DER, None where a key signed."""

    content: bytes = field(repr=False)
    media_type: str
    envelope: Envelope
    statement: Statement
    certificate: bytes | None = field(default=None, repr=False)
    log_entries: int = 0
    timestamps: int = 0


def is_bundle(media_type: str) -> bool:
    """Whether this media type is one of a bundle."""
    return MEDIA_TYPE.fullmatch(media_type) is not None


def read(content: bytes) -> Bundle:
    """Read a bundle. Raises ``Malformed``."""
    try:
        data = strict_json(content)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the bundle is not readable: {error}") from None
    material = data.get("verificationMaterial") if isinstance(data, dict) else None
    if not isinstance(material, dict) or not is_bundle(str(data.get("mediaType", ""))):
        raise Malformed("it is no bundle of version 0.1 to 0.3")
    if "messageSignature" in data or "dsseEnvelope" not in data:
        raise Malformed("the bundle signs content and not a statement")
    signed = envelope(data["dsseEnvelope"])
    timestamps = material.get("timestampVerificationData") or {}
    return Bundle(
        content=content,
        media_type=data["mediaType"],
        envelope=signed,
        statement=statement(signed.payload),
        certificate=_certificate(material),
        log_entries=_count(material, "tlogEntries"),
        timestamps=_count(timestamps if isinstance(timestamps, dict) else {}, "rfc3161Timestamps"),
    )


def _certificate(material: dict[str, Any]) -> bytes | None:
    """The leaf certificate; exactly one way to know the signer must be there."""
    given = [name for name in ("certificate", "x509CertificateChain", "publicKey") if material.get(name) is not None]
    if len(given) != 1:
        raise Malformed("the bundle does not say in one way who signed")
    if given == ["publicKey"]:
        return None
    holder = material[given[0]]
    if given == ["x509CertificateChain"]:
        chain = holder.get("certificates") if isinstance(holder, dict) else None
        holder = chain[0] if isinstance(chain, list) and chain else None
    if not isinstance(holder, dict):
        raise Malformed("the bundle holds no certificate where one should be")
    return decoded(holder.get("rawBytes"))


def _count(data: dict[str, Any], key: str) -> int:
    listed = data.get(key) or []
    if not isinstance(listed, list):
        raise Malformed(f"{key} of the bundle is no list")
    return len(listed)
