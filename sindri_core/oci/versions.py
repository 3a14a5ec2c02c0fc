"""Semantic versions, read and ordered as npm does.

Sources: https://semver.org (2.0.0) and npm's package ``semver`` 7.8.6, which a test asks about thousands of texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import TypeAlias

Identifier: TypeAlias = int | str
Precedence: TypeAlias = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]

LARGEST = 2**53 - 1
"""The largest number in a version: what npm can count to."""
LONGEST = 256
"""Characters that a version may have."""
BLANKS = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What is blank for npm, which is not what is blank for Python."""

# The bounds of repetition are npm's own. They decide what is valid where a range leaves an endless part out of account.
NUMBER = r"(?:0|[1-9][0-9]{0,256})"
LOOSE_NUMBER = r"[0-9]{1,256}"
_WORD = r"[0-9]{0,256}[A-Za-z-][0-9A-Za-z-]{0,250}"
PRERELEASE = rf"(?:{_WORD}|{NUMBER})(?:\.(?:{_WORD}|{NUMBER}))*"
LOOSE_PRERELEASE = rf"(?:{_WORD}|{LOOSE_NUMBER})(?:\.(?:{_WORD}|{LOOSE_NUMBER}))*"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_STRICT = re.compile(rf"v?({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRERELEASE}))?(?:\+({BUILD}))?")
_LOOSE = re.compile(
    rf"[v={BLANKS}]*({LOOSE_NUMBER})\.({LOOSE_NUMBER})\.({LOOSE_NUMBER})(?:-?({LOOSE_PRERELEASE}))?(?:\+({BUILD}))?"
)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version. Order and equality are those of precedence, so build metadata does not count.

    An identifier of the prerelease that is a number is an ``int``, as long as npm can count to it.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[Identifier, ...] = ()
    build: tuple[str, ...] = ()

    @property
    def release(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        return (self.major, self.minor, self.patch)

    @property
    def precedence(self) -> Precedence:
        """What versions are ordered by: a prerelease comes before its release, a number before a word."""
        if not self.prerelease:
            return (self.major, self.minor, self.patch, True, ())
        return (self.major, self.minor, self.patch, False, tuple(_rank(each) for each in self.prerelease))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.precedence == other.precedence

    def __lt__(self, other: Version) -> bool:
        return self.precedence < other.precedence

    def __hash__(self) -> int:
        return hash(self.precedence)

    def __str__(self) -> str:
        """Write it without a leading ``v``."""
        prerelease = f"-{'.'.join(map(str, self.prerelease))}" if self.prerelease else ""
        build = f"+{'.'.join(self.build)}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"


def parse_version(text: str, *, loose: bool = False) -> Version | None:
    """Read a whole version, with or without ``v``; None for anything else.

    ``loose`` also takes leading zeros (``1.02.3``), a prerelease without its hyphen (``1.2.3rc1``), and any number of
    ``v``, ``=`` and blanks before it.
    """
    match = (_LOOSE if loose else _STRICT).fullmatch(text.strip(BLANKS)) if len(text) <= LONGEST else None
    if not match:
        return None
    major, minor, patch = int(match[1]), int(match[2]), int(match[3])
    if max(major, minor, patch) > LARGEST:
        return None
    build = tuple(match[5].split(".")) if match[5] else ()
    return Version(major, minor, patch, identifiers(match[4]), build)


def identifiers(text: str | None) -> tuple[Identifier, ...]:
    """Take a prerelease apart; what is all digits is a number, unless npm cannot count to it."""
    return tuple(_identifier(part) for part in text.split(".")) if text else ()


def _identifier(part: str) -> Identifier:
    return int(part) if part.isdigit() and int(part) < LARGEST else part


def _rank(identifier: Identifier) -> tuple[int, int, str]:
    """Where an identifier stands. npm compares numbers that it cannot count to as floating-point numbers."""
    if isinstance(identifier, int):
        return (0, identifier, "")
    return (0, int(float(identifier)), "") if identifier.isdigit() else (1, 0, identifier)
