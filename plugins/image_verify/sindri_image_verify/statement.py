"""What an in-toto statement says, and of which digest.

Source: https://github.com/in-toto/attestation (spec/v1/statement.md, spec/v0.1/README.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sindri_image_verify.strictjson import listed, mapping, part, text, within

PAYLOAD_TYPE = "application/vnd.in-toto+json"
TYPES = {"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}
MOST_SUBJECTS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement about digests. ``digests`` are the SHA-256 of its subjects, as they are written."""

    predicate_type: str
    digests: tuple[str, ...]
    predicate: Mapping[str, Any] = field(repr=False)

    def about(self, digest: str) -> bool:
        """Whether one of its subjects is this digest (``sha256:…``)."""
        return digest.removeprefix("sha256:") in self.digests


def parse(payload: bytes) -> Statement:
    """Read a statement. Raises ``ValueError``."""
    data = mapping(payload, "statement")
    kind = text(data, "_type")
    if kind not in TYPES:
        raise ValueError(f"the statement is of the unknown type {kind[:80]!r}")
    predicate_type = text(data, "predicateType")
    if not predicate_type:
        raise ValueError("the statement has no predicateType")
    subjects = listed(data, "subject", MOST_SUBJECTS)
    if not subjects:
        raise ValueError("the statement is about nothing: its subject is empty")
    digests = (text(part(within(subject, "a subject"), "digest"), "sha256") for subject in subjects)
    found = tuple(digest for digest in digests if digest)
    return Statement(predicate_type=predicate_type, digests=found, predicate=part(data, "predicate"))
