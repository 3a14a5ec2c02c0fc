"""Tags of images as versions: what of a tag is the version, and what names another build of it.

A tag reads ``[v]1.2.3[-PRERELEASE][-SUFFIX]``. What stands behind the release is a prerelease as far as its words are
those of ``PRERELEASES`` or numbers; from the first other word on it is a suffix (``-alpine``, ``-slim-bookworm``), and
images of one suffix never stand in for another's. Where there is no suffix, ``_`` begins build metadata, because the
``+`` of versions is not allowed in tags (Helm writes them so).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sindri_core.oci.versions import BUILD, LARGEST, Precedence, parse_version

PRERELEASES = (
    *("alpha", "beta", "rc", "pre", "preview", "prerelease", "dev", "snapshot", "nightly", "next", "canary"),
    *("m", "a", "b", "milestone", "ea", "test", "edge", "experimental", "unstable", "cr"),
)
"""Words that mark a prerelease, in any case, each alone or with a number behind it."""
LONGEST_TAG = 128

_NUMBER = r"(?:0|[1-9][0-9]*)"
_MARK = rf"(?:(?i:{'|'.join(PRERELEASES)})[0-9]*|[0-9]+)(?:\.[0-9A-Za-z]+)*"
_PRERELEASE = rf"(?P<prerelease>{_MARK}(?:-{_MARK})*)"
_SUFFIX = r"[0-9A-Za-z][0-9A-Za-z_.-]*"
_END = rf"(?:_(?P<build>{BUILD})|-(?P<suffix>{_SUFFIX}))?"
_TAG = re.compile(rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-{_PRERELEASE})?{_END}")
_LOOSE_TAG = re.compile(
    rf"v?([0-9]{{1,6}})(?:\.([0-9]+))?(?:\.([0-9]+))?(?:(?:-|(?=[A-Za-z])){_PRERELEASE})?{_END}",
)
_BEHIND = re.compile(rf"{_PRERELEASE}?(?:_{BUILD}|(?:^|-)(?P<suffix>{_SUFFIX}))?")
_DIGEST = re.compile(r"sha256-[0-9a-f]{64}(?:\..+)?")
_ATTACHED = (".sig", ".att", ".sbom")
_COMMIT = re.compile(r"(?:sha-|git-|g)?[0-9a-f]{7,64}")
_FLOATING = re.compile(r"v?[0-9]+(?:\.[0-9]+)?(?:-.+)?|latest|stable")


class TaggedVersion(NamedTuple):
    """A tag that is a version of this precedence.

    ``suffix`` is empty for none, ``is_whole`` says that all three numbers are given. Lists hold thousands of them.
    """

    tag: str
    precedence: Precedence
    suffix: str = ""
    is_whole: bool = True

    @property
    def rank(self) -> tuple[Precedence, bool]:
        """What tags are ordered by: of two tags of one version the one that says all of it comes later."""
        return (self.precedence, self.is_whole)


def is_attached(tag: str) -> bool:
    """Whether the tag holds a signature or the like, and no image."""
    return tag.endswith(_ATTACHED) or _DIGEST.fullmatch(tag) is not None


def read(tag: str, *, loose: bool = False) -> TaggedVersion | str:
    """Read a tag as a version, or say in a few words why it is none.

    ``loose`` also takes ``1.2`` and ``1`` (as 1.2.0 and 1.0.0), leading zeros, and ``1.2.3rc1`` without a hyphen.
    """
    if len(tag) > LONGEST_TAG or tag.endswith(_ATTACHED):
        return _why_none(tag)
    if match := _TAG.fullmatch(tag):
        return _whole(tag, match) or _why_none(tag)
    if loose and not _COMMIT.fullmatch(tag) and (match := _LOOSE_TAG.fullmatch(tag)):
        return _partial(tag, match) or _why_none(tag)
    return _why_none(tag)


def divided(rest: str) -> tuple[str, str]:
    """Divide what stands behind the release: ``rc1-alpine`` is the prerelease ``rc1`` with the suffix ``alpine``."""
    match = _BEHIND.fullmatch(rest)
    return (match["prerelease"] or "", match["suffix"] or "") if match else ("", rest)


def _whole(tag: str, match: re.Match[str]) -> TaggedVersion | None:
    major, minor, patch, prerelease, _, suffix = match.groups()
    release = int(major), int(minor), int(patch)
    ranks = _ranks(prerelease) if prerelease else ()
    if ranks is None or max(release) > LARGEST:
        return None
    return TaggedVersion(tag, (*release, not prerelease, ranks), suffix or "")


@lru_cache(maxsize=1024)
def _ranks(prerelease: str) -> tuple[tuple[int, int, str], ...] | None:
    """How a prerelease is ordered; None where it is malformed. The same few occur in thousands of tags."""
    version = parse_version(f"0.0.0-{prerelease}")
    return version.precedence[4] if version else None


def _partial(tag: str, match: re.Match[str]) -> TaggedVersion | None:
    major, minor, patch, prerelease, build, suffix = match.groups()
    text = f"{major}.{minor or 0}.{patch or 0}{f'-{prerelease}' if prerelease else ''}{f'+{build}' if build else ''}"
    version = parse_version(text, loose=True)
    return TaggedVersion(tag, version.precedence, suffix or "", is_whole=bool(patch)) if version else None


def _why_none(tag: str) -> str:
    if is_attached(tag):
        return "a signature or attestation"
    if _COMMIT.fullmatch(tag):
        return "a commit or date, not a version"
    return "a floating tag, not a whole version" if _FLOATING.fullmatch(tag) else "not a version"
