"""Version ranges, read exactly as npm reads them. Needs nothing but the standard library.

A range is sets of comparators joined by ``||``; a version satisfies it when it satisfies all comparators of one set.
Reading goes npm's way, because its odd corners come from the order of its steps: a range is rewritten until only plain
comparators are left (``^1.2`` becomes ``>=1.2.0 <2.0.0-0``), then these are read.
Source: https://github.com/npm/node-semver#ranges; a test asks npm's own package about thousands of ranges.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from sindri_core.oci.versions import (
    BLANKS,
    BUILD,
    LARGEST,
    LONGEST,
    LOOSE_NUMBER,
    LOOSE_PRERELEASE,
    NUMBER,
    PRERELEASE,
    Precedence,
    Version,
    parse_version,
)

LONGEST_RANGE = 1024
"""Characters that a range may have: reading takes the square of it."""
SHOWN = 60
"""Characters of a malformed text that a message repeats."""
HINT = "write it as npm does: ^1.2.0, ~1.2, >=1.2 <2, 1.x, 1.2 - 1.4, or several joined by ||"

# Once blanks are folded, each is a space. As in npm, a step takes away one space and no more.
_PART = rf"{NUMBER}|[xX*]"
_PARTIAL = rf"[v= ]*({_PART})(?:\.({_PART})(?:\.({_PART})(?:-({PRERELEASE}))?)?)?"
_WHOLE = rf"[v= ]*{LOOSE_NUMBER}\.{LOOSE_NUMBER}\.{LOOSE_NUMBER}(?:-?{LOOSE_PRERELEASE})?"
_ANY_PARTIAL = rf"[v= ]*(?:{_PART})(?:\.(?:{_PART})(?:\.(?:{_PART})(?:-{PRERELEASE})?)?)?"
_FOLDED = re.compile(f"[{BLANKS}]+")
_BUILT = re.compile(rf"\+{BUILD}")
_BETWEEN = re.compile(rf" ?({_PARTIAL}) - ({_PARTIAL}) ?")
_SIGN_GAP = re.compile(rf"( ?[<>]?=?) ?({_WHOLE}|{_ANY_PARTIAL})")
_TILDE_GAP = re.compile("(?:~>?) ")
_CARET = re.compile(rf"\^{_PARTIAL}")
_TILDE = re.compile(rf"~>?{_PARTIAL}")
_COMPARED = re.compile(rf"([<>]?=?){_PARTIAL}")
_STAR = re.compile(r"[<>]?=?\*")
_SIGN = re.compile("[<>]?=?")

_HOLDS: dict[str, Callable[[Precedence, Precedence], bool]] = {
    "": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_NOTHING = "<0.0.0-0"
"""The comparator that no version satisfies."""
_FAULTS = (
    (re.compile(r".*,"), "comparators are separated by a space, not by a comma"),
    (re.compile(r"=[<>].*"), "the signs are >= and <="),
    (re.compile(r"!.*"), "there is no sign for what is left out"),
    (re.compile(r"[<>=^~]+|~>"), "a sign stands before a version"),
    (re.compile(r"(?:.*[^\w.-])?v?(?:\d+\.){3,}\d+.*"), "a version has three numbers"),
    (re.compile(r"(?:[^-]*\D)?0\d.*"), "a number does not begin with 0"),
    (re.compile(rf"(?:[^-]*\D)?\d{{{len(str(LARGEST))},}}.*"), f"no number is larger than {LARGEST}"),
    (re.compile(r"[^-]*[xX*]\.\d.*"), "nothing can follow a part that is left open"),
    (re.compile(rf".{{{LONGEST},}}"), f"a version has at most {LONGEST} characters"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparator:
    """A sign (``< <= > >=``, ``=`` or none for exactly this) with a version, and that version's precedence."""

    sign: str
    version: Version
    precedence: Precedence


Comparators: TypeAlias = tuple[Comparator, ...]


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
        return self.takes(version.precedence)

    def takes(self, precedence: Precedence) -> bool:
        """Whether a version of this precedence satisfies the range: for lists of thousands."""
        return any([self._satisfies(comparators, precedence) for comparators in self.sets])  # noqa: C419 - quicker

    def _satisfies(self, comparators: Comparators, precedence: Precedence) -> bool:
        for comparator in comparators:
            if not _HOLDS[comparator.sign](precedence, comparator.precedence):
                return False
        if precedence[3] or self.include_prerelease:
            return True
        return any(not c.precedence[3] and c.precedence[:3] == precedence[:3] for c in comparators)


def parse_range(text: str, *, include_prerelease: bool = False) -> Range:
    """Read a range. Raises ``ValueError`` that says what is wrong."""
    if len(text) > LONGEST_RANGE:
        raise ValueError(f"a range of versions has at most {LONGEST_RANGE} characters, this one has {len(text)}")
    folded = _FOLDED.sub(" ", text.strip(BLANKS))
    lowest = "-0" if include_prerelease else ""
    try:
        sets = tuple(tuple(_comparators(part.strip(" "), lowest)) for part in folded.split("||"))
    except ValueError as error:
        raise ValueError(f"{_cut(text)!r} is no range of versions: {error}") from None
    if () in sets:  # a set that accepts any release swallows the others, and with them the prereleases that they name
        sets = ((),)
    return Range(text=text, sets=sets, include_prerelease=include_prerelease)


def check(text: str) -> str:
    """Say what is wrong with a range, and what one looks like; empty when it can be read."""
    try:
        parse_range(text)
    except ValueError as error:
        return f"{error}; {HINT}"
    return ""


def _comparators(text: str, lowest: str) -> Iterator[Comparator]:
    """Rewrite one set to plain comparators. ``lowest`` is ``-0`` where prereleases are included, else empty."""
    text = _BUILT.sub("", text)
    if ends := _BETWEEN.fullmatch(text):
        text = _from_to(ends, lowest)
    text = _SIGN_GAP.sub(r"\1\2", text)
    text = _TILDE_GAP.sub("~", text).replace("^ ", "^")
    for word in text.split(" "):
        for plain in _rewritten(word, lowest).split(" "):
            if plain and plain != f">=0.0.0{lowest}":
                yield _comparator(plain, word)


def _comparator(text: str, word: str) -> Comparator:
    sign = _SIGN.match(text)
    version = parse_version(text[sign.end() :]) if sign else None
    if not sign or not version:
        fault = next((f" ({fault})" for pattern, fault in _FAULTS if pattern.fullmatch(word)), "")
        raise ValueError(f"{_cut(word)!r} is not understood{fault}")
    return Comparator(sign=sign[0], version=version, precedence=version.precedence)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class _Partial(NamedTuple):
    """A version as a range names it. A part that is missing, ``x`` or ``*`` is open, and so is all that follows it."""

    major: str
    minor: str | None
    patch: str | None
    prerelease: str | None

    @property
    def opened(self) -> tuple[bool, bool, bool]:
        """Which of the three numbers are left open as they are written."""
        return (_is_open(self.major), _is_open(self.minor), _is_open(self.patch))

    @property
    def exact(self) -> str:
        """All of it, written plainly."""
        return f"{self.major}.{self.minor}.{self.patch}{f'-{self.prerelease}' if self.prerelease else ''}"

    @property
    def first(self) -> str:
        """The first release that it stands for, where a part is open."""
        return f"{self.major}.0.0" if _is_open(self.minor) else f"{self.major}.{self.minor}.0"

    @property
    def next_major(self) -> str:
        """The first release of the next major version."""
        return f"{int(self.major) + 1}.0.0"

    @property
    def following(self) -> str:
        """The first release of the next minor version, or of the next major one where the minor is open."""
        if self.minor is None or _is_open(self.minor):
            return self.next_major
        return f"{self.major}.{int(self.minor) + 1}.0"


def _is_open(part: str | None) -> bool:
    return part is None or part in "xX*"


def _from_to(ends: re.Match[str], lowest: str) -> str:
    """``1.2 - 1.4`` as comparators. Whole versions are taken as they are written, with what stands before them."""
    low, high = _Partial(*ends.group(2, 3, 4, 5)), _Partial(*ends.group(7, 8, 9, 10))
    if low.opened[0]:
        begin = ""
    elif any(low.opened):
        begin = f">={low.first}{lowest}"
    else:
        begin = f">={ends[1]}{'' if low.prerelease else lowest}"
    if high.opened[0]:
        return begin
    if any(high.opened):
        end = f"<{high.following}-0"
    elif high.prerelease:
        end = f"<={high.exact}"
    else:
        end = f"<{high.major}.{high.minor}.{int(high.patch or 0) + 1}-0" if lowest else f"<={ends[6]}"
    return f"{begin} {end}".strip(" ")


def _rewritten(word: str, lowest: str) -> str:
    if match := _CARET.fullmatch(word):
        return _caret(_Partial(*match.groups()), lowest)
    if match := _TILDE.fullmatch(word):
        return _tilde(_Partial(*match.groups()), lowest)
    if match := _COMPARED.fullmatch(word):
        word = _compared(word, match[1], _Partial(*match.group(2, 3, 4, 5)), lowest)
    return _STAR.sub("", word, count=1)  # wherever it stands, as in npm: 1.2.3* is 1.2.3


def _caret(partial: _Partial, lowest: str) -> str:
    """Whatever does not change the first number that is not zero."""
    if partial.opened[0]:
        return ""
    begin = f"{partial.first}{lowest}" if any(partial.opened) else partial.exact
    if partial.major != "0":
        end = partial.next_major
    elif partial.minor != "0" or partial.opened[2]:
        end = partial.following
    else:
        end = f"0.0.{int(partial.patch or 0) + 1}"
    return f">={begin} <{end}-0"


def _tilde(partial: _Partial, lowest: str) -> str:
    """Whatever changes the patch only, or what is left open."""
    if partial.opened[0]:
        return ""
    begin = f"{partial.first}{lowest}" if any(partial.opened) else partial.exact
    return f">={begin} <{partial.following}-0"


def _compared(word: str, sign: str, partial: _Partial, lowest: str) -> str:
    """A comparator whose version may leave parts open: ``>1.2`` begins at 1.3.0, ``<=1.2`` ends before it."""
    opened = partial.opened
    if list(opened) != sorted(opened) or not any(opened):
        return word  # whole, or 1.x.3, which is refused later
    if opened[0]:
        return _NOTHING if sign in {"<", ">"} else ""
    begin, end = f">={partial.first}{lowest}", f"<{partial.following}-0"
    rewritten = {"<": f"<{partial.first}-0", "<=": end, ">=": begin, ">": f">={partial.following}{lowest}"}
    return rewritten.get(sign, f"{begin} {end}")
