"""What ``cosign sign --key`` makes: bundles that only hint at a key, simple signing, attestations."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sigstore_authority import envelope_entry
from sigstore_certificates import MOMENT
from sigstore_keys import Key, base64_of
from sigstore_log import TransparencyLog, hashed_record
from sigstore_material import (
    Envelope,
    Evidence,
    Layer,
    attestation_layer,
    bundle_of,
    encoded,
    message_bundle_of,
    signature_layer,
)
from sigstore_statements import IN_TOTO, simple_signing

if TYPE_CHECKING:
    from sigstore_keys import Document


def key_bundle(
    statement: Document | bytes,
    key: Key,
    *,
    payload_type: str = IN_TOTO,
    log: TransparencyLog | None = None,
    logged_at: datetime = MOMENT,
) -> Document:
    """Sign a statement with a key: a v0.3 bundle (JSON), logged where a log is given."""
    envelope = Envelope.signed(encoded(statement), payload_type, key)
    return bundle_of(envelope, evidence(key, log, envelope_entry(envelope, key.pem), logged_at))


def key_message_bundle(blob: bytes, key: Key) -> Document:
    """Sign a blob, not a statement, with a key: a v0.3 bundle (JSON) with a message signature."""
    return message_bundle_of(hashlib.sha256(blob).digest(), key.sign(blob), Evidence(hint=hint(key)))


def key_signature(
    digest: str,
    repository: str,
    key: Key,
    *,
    annotations: Mapping[str, str] | None = None,
    log: TransparencyLog | None = None,
) -> Layer:
    """Sign an image's digest as simple signing does: the layer of a ``.sig`` manifest."""
    payload = encoded(simple_signing(digest, repository, annotations))
    signature = key.sign(payload)
    return signature_layer(payload, signature, evidence(key, log, hashed_record(payload, signature, key.pem), MOMENT))


def key_attestation(statement: Document, key: Key, *, log: TransparencyLog | None = None) -> Layer:
    """Sign a statement with a key: the layer of an ``.att`` manifest."""
    envelope = Envelope.signed(encoded(statement), IN_TOTO, key)
    proof = evidence(key, log, envelope_entry(envelope, key.pem), MOMENT)
    return attestation_layer(envelope, statement["predicateType"], proof)


def evidence(key: Key, log: TransparencyLog | None, entry: Document, at: datetime) -> Evidence:
    """Return what is added to a key's signature: a hint, and a log's entry where there is a log."""
    return Evidence(hint=hint(key), entry=log.entry(entry, at) if log else None)


def hint(key: Key) -> str:
    """Return what cosign writes in place of a key: the SHA-256 of its DER, in base64."""
    return base64_of(key.identifier)
