"""Which tag of a repository is meant: the newest version that satisfies what was asked for, of one class only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sindri_core.errors import BadReference, ImageNotFound
from sindri_core.oci import ranges, tags
from sindri_core.oci.tags import TaggedVersion
from sindri_core.oci.versions import Version
from sindri_core.types import RejectedTag

PRESENTED = 5
"""Tags that an error shows."""
_SUFFIXED = re.compile(r"(?P<range>.*?[0-9xX*])-(?P<rest>[A-Za-z][0-9A-Za-z.-]*)", re.ASCII)
_ALONE = re.compile(r"-(?P<suffix>[0-9A-Za-z][0-9A-Za-z.-]*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a range, and the class that the tag must be of (empty: of none)."""

    range: ranges.Range
    suffix: str

    def lacks(self, tagged: TaggedVersion) -> str:
        """Say in a few words why a version is not wanted; empty when it is."""
        if tagged.suffix != self.suffix:
            return f"of class -{tagged.suffix}" if tagged.suffix else "of no class"
        if self.range.matches(tagged.version):
            return ""
        prerelease = tagged.version.prerelease and not self.range.include_prerelease
        return "a prerelease" if prerelease and self._takes_release(tagged.version) else "outside the range"

    def _takes_release(self, version: Version) -> bool:
        return self.range.matches(Version(*version.release))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """All tags of the version that was chosen, which must mean one image; why; and the others, newest first."""

    tags: tuple[str, ...]
    why: str
    rejected: tuple[RejectedTag, ...] = ()


def check_range(text: str) -> str:
    """Say what is wrong with a version of the configuration, and what one looks like; empty when it can be read."""
    try:
        wanted(text)
    except ValueError as error:
        return f"{error}; {ranges.HINT}; a class of tags stands at the end: ^1.2.0-alpine"
    return ""


def wanted(text: str, *, allow_prerelease: bool = False) -> Wanted:
    """Read a range with or without a class at its end. Raises ``ValueError``.

    ``^1.2.0-alpine`` is the range ``^1.2.0`` among tags of the class ``alpine``, and ``-alpine`` any version of it;
    ``^1.2.0-rc1`` is a prerelease, as in npm.
    """
    parts, suffixes = [], set()
    for part in text.strip().split("||"):
        without, suffix = _divided(part.strip())
        parts.append(without)
        suffixes.add(suffix)
    if len(suffixes) > 1:
        raise ValueError(f"{text!r} names more than one class of tags")
    return Wanted(
        range=ranges.parse_range(" || ".join(parts), include_prerelease=allow_prerelease), suffix=suffixes.pop()
    )


def _divided(part: str) -> tuple[str, str]:
    if match := _ALONE.fullmatch(part):
        return "*", match["suffix"]
    match = _SUFFIXED.fullmatch(part)
    if not match:
        return part, ""
    prerelease, suffix = tags.divided(match["rest"])
    return match["range"] + (f"-{prerelease}" if prerelease else ""), suffix


def choose(
    listed: Sequence[str], *, strategy: str, wanted: str, allow_prerelease: bool = False, explain: bool = False
) -> Choice:
    """Choose among the tags of a repository.

    ``wanted`` is a range for ``semver``, at most a class (``-alpine``) for ``latest-stable``, and the version of this
    program for ``pin-to-cli``. ``explain`` lists all that was not chosen. Raises ``ImageNotFound`` ``SND-IMG-002``.
    """
    asked = _asked(strategy, wanted, allow_prerelease=allow_prerelease)
    read = [tags.read(tag) for tag in listed]
    versions = [found for found in read if isinstance(found, TaggedVersion)]
    fitting = [found for found in versions if not asked.lacks(found)]
    if not fitting:
        raise _nothing(listed, versions, asked, strategy, wanted)
    best = max((found.version for found in fitting), key=lambda version: version.precedence)
    chosen = tuple(sorted((found.tag for found in fitting if found.version == best), key=_plainest))
    why = _why(strategy, wanted, len(fitting), len(listed))
    return Choice(tags=chosen, why=why, rejected=tuple(_rejected(listed, asked, best, chosen)) if explain else ())


def _asked(strategy: str, text: str, *, allow_prerelease: bool) -> Wanted:
    stable = strategy == "latest-stable"
    if stable and text and not text.startswith("-"):
        said = f"{text!r} is no class of tags such as -alpine, and latest-stable takes nothing else"
        raise BadReference("SND-IMG-001", said, hint="deployment.image_config.version: -alpine, or leave it out")
    try:
        return wanted(text if text or not stable else "*", allow_prerelease=allow_prerelease and not stable)
    except ValueError as error:
        raise BadReference("SND-IMG-001", str(error), hint=f"deployment.image_config.version: {ranges.HINT}") from None


def _plainest(tag: str) -> tuple[int, str]:
    return (len(tag), tag)


def _why(strategy: str, text: str, fitting: int, count: int) -> str:
    if strategy == "pin-to-cli":
        return f"the version of this program, {text}"
    asked = f"matching {text}" if strategy == "semver" and text else f"released{f' as {text}' if text else ''}"
    return f"newest of {fitting} {asked}, among {count} tags"


def _rejected(listed: Iterable[str], asked: Wanted, best: Version, chosen: Sequence[str]) -> Iterator[RejectedTag]:
    """All others with the reason: versions from the newest down, then what is no version by name."""
    versions, others = [], []
    for tag in listed:
        found = tags.read(tag)
        if isinstance(found, str):
            others.append(RejectedTag(tag=tag, reason=found))
        elif tag not in chosen:
            reason = asked.lacks(found) or f"older than {best}"
            versions.append((found.version, RejectedTag(tag=tag, reason=reason)))
    yield from (rejected for _, rejected in sorted(versions, key=lambda pair: pair[0].precedence, reverse=True))
    yield from sorted(others, key=lambda rejected: rejected.tag)


def _nothing(
    listed: Sequence[str], versions: Sequence[TaggedVersion], asked: Wanted, strategy: str, text: str
) -> ImageNotFound:
    """Say what there is instead, and which field to change."""
    newest = sorted(versions, key=lambda found: found.version.precedence, reverse=True)[:PRESENTED]
    shown = [("seen", f"{found.tag}  {asked.lacks(found)}") for found in newest]
    if not newest:
        shown = [("seen", f"{tag}  {tags.read(tag)}") for tag in sorted(listed)[:PRESENTED]]
    loosened = ranges.parse_range(asked.range.text, include_prerelease=True)
    near = any(found.suffix == asked.suffix and loosened.matches(found.version) for found in versions)
    hint = "deployment.image_config.version: another range"
    if near and strategy == "semver":
        hint = "deployment.image_config.allow_prerelease: true   takes a prerelease"
    elif strategy == "pin-to-cli":
        hint = "deployment.image_config.version: a range   and resolution_strategy: semver"
    what = {"semver": f"matches {text or '*'}", "pin-to-cli": f"is version {text}"}.get(strategy, "is a release")
    return ImageNotFound("SND-IMG-002", f"none of the {len(listed)} tags {what}", hint=hint, details=shown)
