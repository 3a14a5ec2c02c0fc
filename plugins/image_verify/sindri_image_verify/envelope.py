"""The DSSE envelope: one payload with one signature.

Source: https://github.com/secure-systems-lab/dsse (envelope.md, protocol.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sindri_image_verify.statement import PAYLOAD_TYPE
from sindri_image_verify.strictjson import decoded, listed, only, text, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An in-toto payload and its signature."""

    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        kind = PAYLOAD_TYPE.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


def parse(data: Mapping[str, Any]) -> Envelope:
    """Read an envelope. Raises ``ValueError``."""
    only(data, {"payload", "payloadType", "signatures"}, "envelope")
    kind = text(data, "payloadType")
    if kind != PAYLOAD_TYPE:
        raise ValueError(f"the payload is of the type {kind[:80]!r}, not {PAYLOAD_TYPE}")
    signatures = listed(data, "signatures", 100)
    if len(signatures) != 1:
        raise ValueError(f"the envelope has {len(signatures)} signatures, not one")
    signature = within(signatures[0], "a signature")
    only(signature, {"sig", "keyid"}, "signature")
    text(signature, "keyid")
    return Envelope(
        payload=decoded(text(data, "payload"), "the payload"),
        signature=decoded(text(signature, "sig"), "the signature"),
    )
