"""Why something that is attached to an image does not vouch for it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class Stage(IntEnum):
    """How far a candidate came; the refusal of the one that came furthest tells people most."""

    ABSENT = 0
    OTHER = 1
    MALFORMED = 2
    SIGNER = 3
    UNCHECKED = 4
    CRYPTOGRAPHY = 5
    CONTENT = 6


class Refused(Exception):
    """A candidate is not accepted. ``found``, ``wanted`` and ``accept`` are lines for people (see ``Verification``)."""

    def __init__(
        self,
        stage: Stage,
        reason: str,
        *,
        found: Sequence[str] = (),
        wanted: Sequence[str] = (),
        accept: Sequence[str] = (),
    ) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason
        self.found = tuple(found)
        self.wanted = tuple(wanted)
        self.accept = tuple(accept)


def printable(text: str, longest: int = 200) -> str:
    """Cut what a stranger wrote to what may stand in a line of a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text[:longest]) + ("…" if len(text) > longest else "")
