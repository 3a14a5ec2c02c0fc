"""A Sigstore bundle, read strictly: a DSSE envelope and what is needed to check it.

Source: https://github.com/sigstore/protobuf-specs (protos/sigstore_bundle.proto), its JSON form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sindri_image_verify import envelope
from sindri_image_verify.strictjson import decoded, listed, mapping, only, part, text, within

if TYPE_CHECKING:
    from sindri_image_verify.envelope import Envelope

V03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
_OLD = "application/vnd.dev.sigstore.bundle+json;version="
MEDIA_TYPES = {V03: "0.3", f"{_OLD}0.3": "0.3", f"{_OLD}0.2": "0.2", f"{_OLD}0.1": "0.1"}
LAYER_TYPES = {
    *MEDIA_TYPES,
    "application/vnd.dev.sigstore.bundle.v0.1+json",
    "application/vnd.dev.sigstore.bundle.v0.2+json",
}
MOST_ENTRIES = 32
MOST_CERTIFICATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A signed statement. ``certificate`` is the signer's in DER, or None where a bare key signed.

    ``logged_at`` are the times (seconds since 1970, 0 where it says none) at which a transparency log says it took it,
    and ``timestamps`` counts those of timestamp authorities; all unchecked.
    """

    version: str
    envelope: Envelope
    certificate: bytes | None
    logged_at: tuple[int, ...]
    timestamps: int


def parse(content: bytes) -> Bundle:
    """Read a bundle. Raises ``ValueError``."""
    data = mapping(content, "bundle")
    only(data, {"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"}, "bundle")
    version = MEDIA_TYPES.get(text(data, "mediaType"))
    if version is None:
        raise ValueError(f"the bundle is of the unknown type {text(data, 'mediaType')[:80]!r}")
    if data.get("messageSignature") is not None:
        raise ValueError("the bundle holds a bare signature, not a statement about an image")
    material = part(data, "verificationMaterial")
    known = {"certificate", "x509CertificateChain", "publicKey", "tlogEntries", "timestampVerificationData"}
    only(material, known, "verification material")
    if sum(material.get(key) is not None for key in ("certificate", "x509CertificateChain", "publicKey")) != 1:
        raise ValueError("the bundle must say exactly one of certificate, chain of certificates and public key")
    entries = [within(entry, "a log entry") for entry in listed(material, "tlogEntries", MOST_ENTRIES)]
    stamped = material.get("timestampVerificationData") or {}  # null is absent in JSON made from protobuf
    stamps = listed(within(stamped, "the timestamps"), "rfc3161Timestamps", MOST_ENTRIES)
    return Bundle(
        version=version,
        envelope=envelope.parse(part(data, "dsseEnvelope")),
        certificate=_certificate(material, version),
        logged_at=tuple(_logged_at(entry, version) for entry in entries),
        timestamps=len(stamps),
    )


def _certificate(material: Mapping[str, Any], version: str) -> bytes | None:
    if material.get("publicKey") is not None:
        only(part(material, "publicKey"), {"hint"}, "public key")
        return None
    if material.get("certificate") is not None:
        return decoded(text(part(material, "certificate"), "rawBytes"), "the certificate")
    if version == "0.3":
        raise ValueError("a bundle of version 0.3 has one certificate, not a chain")
    chain = listed(part(material, "x509CertificateChain"), "certificates", MOST_CERTIFICATES)
    if not chain:
        raise ValueError("the chain of certificates is empty")
    return decoded(text(within(chain[0], "a certificate"), "rawBytes"), "the certificate")


def _logged_at(entry: Mapping[str, Any], version: str) -> int:
    """Read an entry's time, and demand the form that every reader demands, also of one that is not asked for."""
    proof = "inclusionPromise" if version == "0.1" else "inclusionProof"
    if not part(entry, proof):
        raise ValueError(f"a log entry has no {proof}")
    time = entry.get("integratedTime", "0")
    if not isinstance(time, str) or not re.fullmatch(r"[0-9]{1,11}", time, re.ASCII):
        raise ValueError("a log entry has no readable time")
    return int(time)
