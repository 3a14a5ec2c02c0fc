"""Which tag of a repository is meant: the newest version that satisfies what is asked for, with that suffix only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sindri_core.errors import ConfigError, ImageNotFound
from sindri_core.oci import ranges, tags
from sindri_core.oci.tags import TaggedVersion
from sindri_core.oci.versions import BLANKS, parse_version
from sindri_core.types import RejectedTag

_NOTHING = "<0.0.0-0"
"""What this program asks for while its own version is no semantic one, such as 1.0.0.dev3: no tag can be of it."""
STRATEGIES = ("semver", "latest-stable", "pin-to-cli")
PRESENTED = 5
"""Tags, and other suffixes, that an error shows."""
HINT = f"{ranges.HINT}; the suffix of tags stands behind the version: ^1.2.0-alpine"

_NAMED = "tag_override takes a tag as it is, and resolution_strategy: latest-stable needs no version"
_PART = r"(?:[0-9]+|[xX*])"
_BEHIND = re.compile(rf"(?<![0-9A-Za-z_.+-])([v=]*{_PART}(?:\.{_PART}){{0,2}})-([0-9A-Za-z][0-9A-Za-z_.-]*)")
_ALONE = re.compile(r"-([0-9A-Za-z][0-9A-Za-z_.-]*)")
_NAME = re.compile(r"(?![vxX][0-9.]|[xX]$)[A-Za-z_][0-9A-Za-z_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is asked for: a range, and the suffix that the tag must have (empty: none)."""

    range: ranges.Range
    suffix: str = ""

    def takes(self, found: TaggedVersion) -> bool:
        """Whether the version is one of those that are asked for."""
        return found.suffix == self.suffix and self.range.takes(found.precedence)

    def lacks(self, found: TaggedVersion) -> str:
        """Say in a few words why a version is not taken; empty when it is."""
        if self.takes(found):
            return ""
        if found.suffix != self.suffix:
            return f"has the suffix -{found.suffix}" if found.suffix else f"has no suffix -{self.suffix}"
        loosened = _with_prereleases(self.range.text)
        return "a prerelease" if loosened and loosened.takes(found.precedence) else f"not in {self.range.text or '*'}"


@lru_cache(maxsize=4)
def _with_prereleases(text: str) -> ranges.Range | None:
    """The range as it would be read with ``allow_prerelease``; None where npm cannot read it so."""
    try:
        return ranges.parse_range(text, include_prerelease=True)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The tags of the version that is chosen, the plainest first; why; and all others, the newest first.

    Several tags (``1.2.3``, ``v1.2.3``, or such that differ in build metadata only) are one version: whoever asked for
    the choice finds out whether they are one image, and refuses it otherwise.
    """

    tags: tuple[str, ...]
    why: str
    rejected: tuple[RejectedTag, ...] = ()


def check_range(text: str, strategy: str = "semver") -> str:
    """Say what is wrong with a version of the configuration, and what one looks like; empty when it can be read."""
    try:
        if strategy in {"semver", "latest-stable"}:
            _demand(strategy, text, allow_prerelease=False)
    except ValueError as error:
        return f"{error}; {HINT if strategy == 'semver' else 'leave it out, or write a suffix: -alpine'}"
    return ""


def demand(text: str, *, allow_prerelease: bool = False) -> Demand:
    """Read a range with or without a suffix. Raises ``ValueError``.

    ``^1.2.0-alpine`` is the range ``^1.2.0`` among the tags with the suffix ``alpine``, ``-alpine`` is any version of
    them, and ``^1.2.0-rc.1`` is a prerelease, as in npm. One suffix counts for all of the range, wherever it stands.
    """
    suffixes = set()

    def without_suffix(match: re.Match[str]) -> str:
        prerelease, suffix = tags.divided(match[2])
        if suffix:
            suffixes.add(suffix)
        return f"{match[1]}-{prerelease}" if prerelease else match[1]

    stripped = text.strip(BLANKS)
    if alone := _ALONE.fullmatch(stripped):
        return Demand(range=ranges.parse_range("*", include_prerelease=allow_prerelease), suffix=_suffix(alone[1]))
    if _NAME.fullmatch(stripped):
        raise ValueError(f"{text!r} is no range: {_NAMED}")
    plain = _BEHIND.sub(without_suffix, stripped)
    if len(suffixes) > 1:
        raise ValueError(f"{text!r} names more than one suffix: {', '.join(sorted(suffixes))}")
    read = ranges.parse_range(plain, include_prerelease=allow_prerelease)
    return Demand(range=read, suffix=suffixes.pop() if suffixes else "")


def choose(  # noqa: PLR0913 - each is a setting of its own
    listed: Sequence[str],
    *,
    strategy: str,
    wanted: str,
    allow_prerelease: bool = False,
    loose_tags: bool = False,
    explain: bool = False,
) -> Choice:
    """Choose among the tags of a repository.

    ``wanted`` is a range for ``semver``, at most a suffix (``-alpine``) for ``latest-stable``, and the version of this
    program for ``pin-to-cli``. ``loose_tags`` takes ``1.2`` for 1.2.0 where there is no tag 1.2.0. ``explain`` lists
    all that is not chosen. Raises ``ImageNotFound`` ``SND-IMG-002``, and ``ConfigError`` where ``wanted`` is malformed.
    """
    try:
        asked = _demand(strategy, wanted, allow_prerelease=allow_prerelease)
    except ValueError as error:
        hint = f"deployment.image_config.version: {HINT if strategy == 'semver' else '-alpine, or leave it out'}"
        raise ConfigError("SND-CFG-001", str(error), hint=hint) from None
    read = {tag: tags.read(tag, loose=loose_tags) for tag in listed}
    versions = [found for found in read.values() if isinstance(found, TaggedVersion)]
    fitting = [found for found in versions if asked.takes(found)]
    if not fitting:
        raise _nothing(read, versions, asked, strategy, wanted)
    best = max(found.rank for found in fitting)
    chosen = sorted((found.tag for found in fitting if found.rank == best), key=lambda tag: (len(tag), tag))
    return Choice(
        tags=tuple(chosen),
        why=_why(strategy, wanted, len(fitting)),
        rejected=_rejected(read, versions, asked, chosen) if explain else (),
    )


def _demand(strategy: str, text: str, *, allow_prerelease: bool) -> Demand:
    if strategy not in STRATEGIES:
        raise ValueError(f"{strategy!r} does not choose among tags")
    if strategy == "semver":
        return demand(text, allow_prerelease=allow_prerelease)
    if strategy == "latest-stable":
        if text and not _ALONE.fullmatch(text):
            raise ValueError(f"{text!r} is no suffix of tags such as -alpine, and latest-stable takes nothing else")
        return demand(text)
    version = parse_version(text, loose=True)
    return Demand(range=ranges.parse_range(str(version) if version else _NOTHING))


def _suffix(text: str) -> str:
    prerelease, _ = tags.divided(text)
    if prerelease:
        raise ValueError(f"-{prerelease} marks prereleases and is no suffix")
    return text


def _why(strategy: str, text: str, fitting: int) -> str:
    if strategy == "pin-to-cli":
        return f"the version of this program, {text}"
    released = f"released with the suffix {text}" if text else "released"
    which = released if strategy == "latest-stable" else f"matching {text or '*'}"
    return f"newest of {fitting} tags {which}" if fitting > 1 else f"the only tag {which}"


def _newest_first(versions: Iterable[TaggedVersion]) -> list[TaggedVersion]:
    return sorted(sorted(versions, key=lambda found: found.tag), key=lambda found: found.rank, reverse=True)


def _rejected(
    read: dict[str, TaggedVersion | str], versions: Sequence[TaggedVersion], asked: Demand, chosen: Sequence[str]
) -> tuple[RejectedTag, ...]:
    """All others with the reason: versions from the newest down, then what is no version by name."""
    best = max(found.precedence for found in versions if found.tag in chosen)
    lower = {True: f"older than {chosen[0]}", False: f"says less than {chosen[0]}"}
    others = sorted((tag, reason) for tag, reason in read.items() if isinstance(reason, str))
    ordered = [
        (found.tag, asked.lacks(found) or lower[found.precedence < best])
        for found in _newest_first(versions)
        if found.tag not in chosen
    ]
    return tuple(RejectedTag(tag=tag, reason=reason) for tag, reason in (*ordered, *others))


def _nothing(
    read: dict[str, TaggedVersion | str],
    versions: Sequence[TaggedVersion],
    asked: Demand,
    strategy: str,
    text: str,
) -> ImageNotFound:
    """Say what there is instead, and which field to change."""
    newest = _newest_first(versions)
    shown = [(found.tag, asked.lacks(found)) for found in newest[:PRESENTED]]
    if not newest:
        shown = sorted((tag, str(reason)) for tag, reason in read.items())[:PRESENTED]
    of_suffix = f" with the suffix {text}" if text else ""
    what = {"semver": f"matches {text or '*'}", "pin-to-cli": f"is version {text}, that of this program"}
    return ImageNotFound(
        "SND-IMG-002",
        f"none of the {len(read)} tags {what.get(strategy, f'is a release{of_suffix}')}",
        hint=_advice(newest, asked, strategy),
        details=[("seen", f"{tag}  {reason}") for tag, reason in shown],
    )


def _advice(newest: Sequence[TaggedVersion], asked: Demand, strategy: str) -> str:
    """The setting that would take a tag: the nearest to what is asked for."""
    field = "deployment.image_config"
    if not newest:
        return f"{field}.tag_override: TAG   takes a tag as it is; {field}.registry names the repository"
    if strategy == "pin-to-cli":
        return f"{field}.resolution_strategy: semver   and {field}.version: {_caret(newest[0])}   take {newest[0].tag}"
    if near := next((found for found in newest if asked.lacks(found) == "a prerelease"), None):
        also = f"{field}.resolution_strategy: semver   and " if strategy == "latest-stable" else ""
        return f"{also}{field}.allow_prerelease: true   take{'' if also else 's'} {near.tag}"
    plain = asked.range.text if strategy == "semver" and asked.range.text != "*" else ""
    for found in newest:
        written = f"{plain}-{found.suffix}" if found.suffix else plain
        if asked.range.takes(found.precedence) and not check_range(written, strategy):
            return f"{field}.version: {written or '*'}   takes {found.tag}"
    near = next((found for found in newest if found.suffix == asked.suffix), newest[0])
    return f"{field}.version: {_caret(near)}   takes {near.tag}"


def _caret(found: TaggedVersion) -> str:
    """The range that begins with a tag."""
    text = found.tag.removeprefix("v")
    return f"^{text if found.suffix else text.partition('_')[0]}"
