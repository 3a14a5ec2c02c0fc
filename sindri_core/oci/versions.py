"""Semantic versions, read and ordered as npm does. Source: https://semver.org (2.0.0) and npm's ``semver`` 7."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import TypeAlias

Identifier: TypeAlias = int | str

LARGEST = 2**53 - 1
"""The largest number in a version: what npm can count to."""
LONGEST = 256
NUMBER = r"0|[1-9][0-9]*"
IDENTIFIER = r"[0-9]*[A-Za-z-][A-Za-z0-9-]*|0|[1-9][0-9]*"
PRERELEASE = rf"(?:{IDENTIFIER})(?:\.(?:{IDENTIFIER}))*"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"v?(?P<major>{NUMBER})\.(?P<minor>{NUMBER})\.(?P<patch>{NUMBER})"
    rf"(?:-(?P<prerelease>{PRERELEASE}))?(?:\+(?P<build>{BUILD}))?",
    re.ASCII,
)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version. Order and equality are those of precedence, so build metadata does not count."""

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
    def precedence(self) -> tuple[object, ...]:
        """What versions are ordered by: a prerelease comes before its release, a number before a word."""
        if not self.prerelease:
            return (self.major, self.minor, self.patch, True, ())
        words = tuple((0, i, "") if isinstance(i, int) else (1, 0, i) for i in self.prerelease)
        return (self.major, self.minor, self.patch, False, words)

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


def parse_version(text: str) -> Version | None:
    """Read a whole version, with or without ``v``; None for anything else."""
    text = text.strip()
    match = _VERSION.fullmatch(text) if len(text) <= LONGEST else None
    if not match:
        return None
    major, minor, patch = int(match["major"]), int(match["minor"]), int(match["patch"])
    if max(major, minor, patch) > LARGEST:
        return None
    build = tuple(match["build"].split(".")) if match["build"] else ()
    return Version(major, minor, patch, identifiers(match["prerelease"]), build)


def identifiers(text: str | None) -> tuple[Identifier, ...]:
    """Take a prerelease apart; what is all digits is a number."""
    return tuple(int(part) if part.isdigit() else part for part in text.split(".")) if text else ()
