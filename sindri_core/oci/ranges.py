"""Version ranges, read exactly as npm reads them. Needs nothing but the standard library.

A range is sets of comparators joined by ``||``; a version satisfies it when it satisfies all comparators of one set.
Source: https://github.com/npm/node-semver#ranges; a test asks npm's own package about thousands of pairs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sindri_core.oci.versions import (
    BUILD,
    LARGEST,
    LONGEST,
    NUMBER,
    PRERELEASE,
    Identifier,
    Version,
    identifiers,
)

_PART = rf"{NUMBER}|[xX*]"
_PARTIAL = (
    rf"(?P<before>[v=\s]*)(?P<major>{_PART})(?:\.(?P<minor>{_PART})"
    rf"(?:\.(?P<patch>{_PART})(?:-(?P<prerelease>{PRERELEASE}))?)?)?"
)
_COMPARATOR = re.compile(rf"(?P<operator>[<>]?=?|\^|~>?)\s*{_PARTIAL}", re.ASCII)
_BARE = re.compile(_PARTIAL, re.ASCII)
_HYPHEN = re.compile(r"\s-\s")
_SIGN_GAP = re.compile(r"(\s*[<>]?=?)\s*([v=\s]*[0-9xX*])", re.ASCII)
_TILDE_GAP = re.compile(r"(~>?|\^)\s+")
_EXACT = re.compile(
    rf"(?P<operator>[<>]?=?)(?P<before>v?)(?P<major>{NUMBER})\.(?P<minor>{NUMBER})\.(?P<patch>{NUMBER})"
    rf"(?:-(?P<prerelease>{PRERELEASE}))?",
    re.ASCII,
)
_STAR = re.compile(r"[<>]?=?\*")
"""A star behind a whole version says nothing, as in npm: ``1.2.3-v*`` is ``1.2.3-v``."""
_BUILD = re.compile(rf"\+{BUILD}", re.ASCII)
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
HINT = "write it as npm does: ^1.2.0, ~1.2, >=1.2 <2, 1.x, 1.2 - 1.4, or several joined by ||"


class Comparator(NamedTuple):
    """An operator (empty for exactly this) with a version, and with that version's precedence."""

    operator: str
    version: Version
    precedence: tuple[object, ...]

    def accepts(self, precedence: tuple[object, ...]) -> bool:
        """Whether a version of this precedence satisfies it by precedence alone."""
        return _TESTS[self.operator](precedence, self.precedence)


def _comparator(sign: str, version: Version) -> Comparator:
    return Comparator(sign, version, version.precedence)


Comparators: TypeAlias = tuple[Comparator, ...]
_NOTHING: Comparators = (_comparator("<", Version(0, 0, 0, (0,))),)
"""Satisfied by no version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A range as it was written, and the sets of comparators that it means. An empty set accepts any release."""

    text: str
    sets: tuple[Comparators, ...]
    include_prerelease: bool = False

    def matches(self, version: Version) -> bool:
        """Whether the version satisfies the range.

        A prerelease does only where a comparator of the same set names a prerelease of the same release, or where
        prereleases are included.
        """
        precedence = version.precedence
        return any(self._accepts(comparators, version, precedence) for comparators in self.sets)

    def _accepts(self, comparators: Comparators, version: Version, precedence: tuple[object, ...]) -> bool:
        if not all(comparator.accepts(precedence) for comparator in comparators):
            return False
        if not version.prerelease or self.include_prerelease:
            return True
        return any(c.version.prerelease and c.version.release == version.release for c in comparators)


class _Partial(NamedTuple):
    """A version of which only the first parts are given; ``None`` stands for those that are left open."""

    major: int | None
    minor: int | None
    patch: int | None
    prerelease: tuple[Identifier, ...]


def parse_range(text: str, *, include_prerelease: bool = False) -> Range:
    """Read a range. Raises ``ValueError`` that says what is wrong."""
    folded = " ".join(text.split())
    sets = []
    for part in folded.split("||"):
        try:
            sets.append(tuple(_comparators(part.strip(), include_prerelease=include_prerelease)))
        except ValueError as error:
            raise ValueError(f"{text!r} is no range of versions: {error}") from None
    return Range(text=text, sets=tuple(sets), include_prerelease=include_prerelease)


def _comparators(text: str, *, include_prerelease: bool) -> Iterator[Comparator]:
    lowest: tuple[Identifier, ...] = (0,) if include_prerelease else ()
    text = _BUILD.sub("", text)
    if ends := _hyphenated(text):
        yield from _between(*ends, lowest)
        return
    closed = _TILDE_GAP.sub(r"\1", _SIGN_GAP.sub(r"\1\2", text))
    for word in closed.split():
        match = _COMPARATOR.fullmatch(word) or _EXACT.fullmatch(_STAR.sub("", word))
        if not match or len(word) > LONGEST or not _is_sound(match):
            raise ValueError(f"{word!r} is not understood")
        yield from _expanded(match["operator"], _partial(match), lowest)


def _is_sound(match: re.Match[str]) -> bool:
    """Refuse what npm refuses: ``1.x.3`` and ``==1.2.3``, except behind ``^`` and ``~``."""
    if match["operator"] and match["operator"][0] in "^~":
        return True
    parts = [part for part in match.group("major", "minor", "patch") if part is not None]
    opened = [part in "xX*" for part in parts]
    whole = len(parts) == 3 and not any(opened)  # noqa: PLR2004 - major, minor, patch
    return opened == sorted(opened) and not (whole and match["before"] not in {"", "v"})


def _hyphenated(text: str) -> tuple[_Partial, _Partial] | None:
    """The two ends of ``1.2 - 1.4``; None for everything else."""
    sides = _HYPHEN.split(text, maxsplit=1)
    if len(sides) == 1:
        return None
    low, high = (_BARE.fullmatch(side.strip()) for side in sides)
    return (_partial(low), _partial(high)) if low and high else None


def _partial(match: re.Match[str]) -> _Partial:
    parts: list[int | None] = [None, None, None]
    for index, part in enumerate(match.group("major", "minor", "patch")):
        if part is None or part in "xX*":
            break  # what follows an open part is open, too
        parts[index] = int(part)
    if any(part is not None and part > LARGEST for part in parts):
        raise ValueError("a number is too large")
    major, minor, patch = parts
    return _Partial(major, minor, patch, identifiers(match["prerelease"]) if patch is not None else ())


def _version(release: tuple[int, int, int], prerelease: tuple[Identifier, ...] = ()) -> Version:
    if max(release) > LARGEST:
        raise ValueError("a number is too large")
    return Version(*release, prerelease=prerelease)


def _before(major: int, minor: int, patch: int) -> Comparator:
    """Less than a release, and than all its prereleases."""
    return _comparator("<", _version((major, minor, patch), (0,)))


def _from(partial: _Partial, prerelease: tuple[Identifier, ...]) -> Comparator:
    release = (partial.major or 0, partial.minor or 0, partial.patch or 0)
    return _comparator(">=", _version(release, prerelease))


def _after(partial: _Partial) -> Comparator:
    """Below whatever comes after all versions that the partial one stands for."""
    major, minor, patch, _ = partial
    if major is None:
        raise ValueError("nothing comes after *")
    if minor is None:
        return _before(major + 1, 0, 0)
    return _before(major, minor + 1, 0) if patch is None else _before(major, minor, patch + 1)


def _between(low: _Partial, high: _Partial, lowest: tuple[Identifier, ...]) -> Iterator[Comparator]:
    if low.major is not None:
        yield _from(low, low.prerelease or lowest)
    if high.major is None:
        return
    if high.patch is None or (lowest and not high.prerelease):
        yield _after(high)
    else:
        yield _comparator("<=", _version((high.major, high.minor or 0, high.patch), high.prerelease))


def _expanded(sign: str, partial: _Partial, lowest: tuple[Identifier, ...]) -> Iterator[Comparator]:
    if partial.major is None:
        yield from _NOTHING if sign in {"<", ">"} else ()
    elif sign == "^":
        yield from _caret(partial, lowest)
    elif sign in {"~", "~>"}:
        yield _from(partial, partial.prerelease or (lowest if partial.patch is None else ()))
        yield (
            _before(partial.major + 1, 0, 0) if partial.minor is None else _before(partial.major, partial.minor + 1, 0)
        )
    elif partial.patch is None:
        yield from _open(sign, partial, lowest)
    else:
        release = (partial.major, partial.minor or 0, partial.patch)
        yield _comparator(sign.removesuffix("=") if sign == "=" else sign, _version(release, partial.prerelease))


def _caret(partial: _Partial, lowest: tuple[Identifier, ...]) -> Iterator[Comparator]:
    """Whatever does not change the first part that is not zero."""
    major, minor, patch, prerelease = partial
    whole = patch is not None and bool(major)
    yield _from(partial, prerelease or (() if whole else lowest))
    if major is None or major or minor is None:
        yield _before((major or 0) + 1, 0, 0)
    elif minor or patch is None:
        yield _before(0, minor + 1, 0)
    else:
        yield _before(0, 0, patch + 1)


def _open(sign: str, partial: _Partial, lowest: tuple[Identifier, ...]) -> Iterator[Comparator]:
    """A comparator with a version that leaves parts open: ``>1.2`` begins at 1.3.0, ``<=1.2`` ends before it."""
    if sign in {"", "=", ">="}:
        yield _from(partial, lowest)
    if sign == "<":
        yield _before(partial.major or 0, partial.minor or 0, 0)
    if sign in {"", "=", "<="}:
        yield _after(partial)
    if sign == ">":
        yield _comparator(">=", _version(_after(partial).version.release, lowest))


def check(text: str) -> str:
    """Say what is wrong with a range, and what one looks like; empty when it can be read."""
    try:
        parse_range(text)
    except ValueError as error:
        return f"{error}; {HINT}"
    return ""
