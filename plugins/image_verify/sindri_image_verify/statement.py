"""In-toto statements and the envelopes that sign them, read strictly: what is not exactly as specified is refused.

Sources: https://github.com/in-toto/attestation/tree/main/spec, https://github.com/secure-systems-lab/dsse.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sindri_core.oci.documents import strict_json

STATEMENTS = {"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}
PAYLOAD_TYPE = "application/vnd.in-toto+json"
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"
SLSA_V1 = "https://slsa.dev/provenance/v1"
SLSA_V02 = "https://slsa.dev/provenance/v0.2"
MOST_SUBJECTS = 1024
_HEX = re.compile(r"[0-9a-f]{64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class Malformed(ValueError):
    """Something is not as its specification says; the message tells what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload: what was signed, and the one signature."""

    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over: the pre-authentication encoding."""
        kind = PAYLOAD_TYPE.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody says about some content. ``subjects`` are the SHA-256 digests, as ``sha256:…``."""

    predicate_type: str
    subjects: tuple[str, ...]
    predicate: Mapping[str, Any] = field(repr=False)


def envelope(data: Any) -> Envelope:
    """Read a DSSE envelope. Raises ``Malformed``."""
    if not isinstance(data, dict) or data.get("payloadType") != PAYLOAD_TYPE:
        raise Malformed("the payload is not of the type application/vnd.in-toto+json")
    signatures = data.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise Malformed("there is not exactly one signature")
    return Envelope(payload=decoded(data.get("payload")), signature=decoded(signatures[0].get("sig")))


def statement(payload: bytes) -> Statement:
    """Read a statement. Raises ``Malformed``."""
    try:
        data = strict_json(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the statement is not readable: {error}") from None
    if not isinstance(data, dict) or data.get("_type") not in STATEMENTS:
        raise Malformed("it is no in-toto statement of version 0.1 or 1")
    predicate_type, listed, predicate = data.get("predicateType"), data.get("subject"), data.get("predicate")
    if not isinstance(predicate_type, str) or not predicate_type:
        raise Malformed("the statement has no predicateType")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_SUBJECTS:
        raise Malformed(f"the statement has no subject, or more than {MOST_SUBJECTS}")
    return Statement(
        predicate_type=predicate_type,
        subjects=tuple(digest for subject in listed if (digest := _subject(subject))),
        predicate=predicate if isinstance(predicate, dict) else {},
    )


def decoded(text: Any) -> bytes:
    """Decode standard base64 in its one spelling. Raises ``Malformed``."""
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        raise Malformed("something is not plain base64")
    try:
        content = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Malformed("something is not plain base64") from None
    if base64.b64encode(content).decode() != text:
        raise Malformed("something is base64 in another than its usual spelling")
    return content


def _subject(subject: Any) -> str:
    """The SHA-256 of a subject, empty where it has none. Raises ``Malformed`` for what is no subject at all."""
    digests = subject.get("digest") if isinstance(subject, dict) else None
    if not isinstance(digests, dict) or not digests:
        raise Malformed("a subject of the statement has no digest")
    sha = digests.get("sha256", "")
    if not isinstance(sha, str) or (sha and not _HEX.fullmatch(sha)):
        raise Malformed("the digest of a subject is not 64 lower-case hexadecimal digits")
    return f"sha256:{sha}" if sha else ""
