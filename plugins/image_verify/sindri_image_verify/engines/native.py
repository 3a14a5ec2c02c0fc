"""Signatures by keys without a transparency log, checked in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sindri_image_verify.engines import Question

VERSION = "native-1"


def can_judge(question: Question) -> bool:
    """Whether nothing but a key decides: no certificate, no log, no key in a service."""
    by_key = bool(question.keys) and len(question.keys) == len(question.terms.public_keys)
    timestamps = question.terms.use_signed_timestamps
    return by_key and question.candidate.certificate is None and not question.wants_log and not timestamps


def refusal(question: Question) -> str:
    """Say why the signature does not count; empty when one of the keys made it."""
    candidate = question.candidate
    envelope = candidate.bundle.envelope if candidate.bundle else candidate.envelope
    content = envelope.signed if envelope else candidate.payload
    signature = envelope.signature if envelope else candidate.signature
    if any(key.signed(content, signature) for key in question.keys):
        return ""
    return "none of the keys made the signature"
