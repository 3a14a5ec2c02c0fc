"""The forms of signed material: DSSE envelopes, v0.3 bundles, layers of ``.sig`` and ``.att`` manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sigstore_certificates import der, pem
from sigstore_keys import base64_of, pre_authentication

if TYPE_CHECKING:
    from cryptography import x509
    from sigstore_keys import Document, Key
    from sigstore_log import Entry

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
CERTIFICATE_ANNOTATION = "dev.sigstore.cosign/certificate"
CHAIN_ANNOTATION = "dev.sigstore.cosign/chain"
LOG_ANNOTATION = "dev.sigstore.cosign/bundle"
STAMP_ANNOTATION = "dev.sigstore.cosign/rfc3161timestamp"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of a ``.sig`` or ``.att`` manifest: its bytes, and what its descriptor says."""

    content: bytes
    media_type: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload signed as DSSE: ``signatures`` are raw, normally one."""

    payload: bytes
    payload_type: str
    signatures: tuple[bytes, ...]

    @classmethod
    def signed(cls, payload: bytes, payload_type: str, key: Key) -> Envelope:
        """Sign a payload and its type with one key."""
        signature = key.sign(pre_authentication(payload_type, payload))
        return cls(payload=payload, payload_type=payload_type, signatures=(signature,))

    @property
    def document(self) -> Document:
        """The envelope as JSON."""
        return {
            "payload": base64_of(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"sig": base64_of(signature)} for signature in self.signatures],
        }

    @property
    def encoded(self) -> bytes:
        """The envelope as it stands in a layer, and as a log hashes it."""
        return encoded(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is added to a signature: certificates (leaf first), a log's entry, timestamps (DER); all may be missing."""

    certificates: Sequence[x509.Certificate] = ()
    entry: Entry | None = None
    stamps: tuple[bytes, ...] = ()
    hint: str = ""

    @property
    def document(self) -> Document:
        """The verification material of a v0.3 bundle: the leaf alone, or the hint of a public key."""
        holder: Document = (
            {"certificate": {"rawBytes": base64_of(der(self.certificates[0]))}}
            if self.certificates
            else {"publicKey": {"hint": self.hint}}
        )
        entries = [self.entry.in_bundle()] if self.entry else []
        stamps = [{"signedTimestamp": base64_of(stamp)} for stamp in self.stamps]
        added: Document = {"timestampVerificationData": {"rfc3161Timestamps": stamps}} if stamps else {}
        return {**holder, "tlogEntries": entries, **added}

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations of a legacy layer that hold the same."""
        written: dict[str, str] = {}
        if self.certificates:
            leaf, *issuers = (pem(certificate) for certificate in self.certificates)
            written |= {CERTIFICATE_ANNOTATION: leaf, CHAIN_ANNOTATION: "".join(issuers)}
        if self.entry:
            written[LOG_ANNOTATION] = encoded(self.entry.in_annotation()).decode()
        for stamp in self.stamps:
            written[STAMP_ANNOTATION] = encoded({"SignedRFC3161Timestamp": base64_of(stamp)}).decode()
        return written


def bundle_of(envelope: Envelope, evidence: Evidence) -> Document:
    """Return a v0.3 bundle with a DSSE envelope."""
    return {"mediaType": BUNDLE, "verificationMaterial": evidence.document, "dsseEnvelope": envelope.document}


def message_bundle_of(digest: bytes, signature: bytes, evidence: Evidence) -> Document:
    """Return a v0.3 bundle with the signature of a blob whose SHA-256 is ``digest``."""
    message = {
        "messageDigest": {"algorithm": "SHA2_256", "digest": base64_of(digest)},
        "signature": base64_of(signature),
    }
    return {"mediaType": BUNDLE, "verificationMaterial": evidence.document, "messageSignature": message}


def signature_layer(payload: bytes, signature: bytes, evidence: Evidence) -> Layer:
    """Return the layer of a ``.sig`` manifest: a simple-signing payload and its signature."""
    annotations = {SIGNATURE_ANNOTATION: base64_of(signature), **evidence.annotations}
    return Layer(content=payload, media_type=SIMPLE_SIGNING, annotations=MappingProxyType(annotations))


def attestation_layer(envelope: Envelope, predicate_type: str, evidence: Evidence) -> Layer:
    """Return the layer of an ``.att`` manifest: an envelope and what type of predicate it claims to hold."""
    annotations = {SIGNATURE_ANNOTATION: "", "predicateType": predicate_type, **evidence.annotations}
    return Layer(content=envelope.encoded, media_type=ENVELOPE, annotations=MappingProxyType(annotations))


def encoded(content: Document | bytes) -> bytes:
    """Return JSON as it is signed, or bytes that a test wrote itself."""
    return content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
