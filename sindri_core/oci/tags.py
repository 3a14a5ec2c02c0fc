"""Tags of images as versions: what of a tag is the version, and what names another build of it.

A suffix is a prerelease where its words are those that people mark prereleases with, or numbers alone; any other suffix
(``-alpine``, ``-fedora41``, ``-slim-bookworm``) is a class, and images of one class never stand in for another's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sindri_core.oci.versions import LARGEST, Version, parse_version

PRERELEASES = (
    *("alpha", "beta", "rc", "pre", "preview", "prerelease", "dev", "snapshot", "nightly", "next", "canary"),
    *("m", "a", "b", "milestone", "ea", "test", "edge", "experimental", "unstable", "cr"),
)
"""Words that mark a prerelease, each alone or with a number behind it."""
_PRERELEASE = re.compile(rf"(?:(?:{'|'.join(PRERELEASES)})[0-9]*|[0-9]+)", re.IGNORECASE)
_TAG = re.compile(r"v?([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+))?)?(?:-([0-9A-Za-z.-]+))?(?:_([0-9A-Za-z._-]+))?", re.ASCII)
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(?:\..+)?|.*\.(?:sig|att|sbom)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedVersion:
    """A tag that is a version. ``suffix`` is its class, empty for none."""

    tag: str
    version: Version
    suffix: str = ""


def is_attached(tag: str) -> bool:
    """Whether the tag holds a signature or the like, and no image."""
    return _ATTACHED.fullmatch(tag) is not None


def read(tag: str) -> TaggedVersion | str:
    """Read a tag as a version, or say in a few words why it is none."""
    match = _TAG.fullmatch(tag)
    if not match:
        return "a signature or attestation" if is_attached(tag) else "not a version"
    major, minor, patch, rest, build = match.groups()
    if patch is None:
        return "a floating tag, not a whole version"
    if not rest and not build:
        version = _released(major, minor, patch)
        return TaggedVersion(tag=tag, version=version) if version else "not a version"
    prerelease, suffix = divided(rest or "")
    text = f"{major}.{minor}.{patch}{f'-{prerelease}' if prerelease else ''}"
    whole = parse_version(f"{text}+{build.replace('_', '.')}" if build else text)
    return TaggedVersion(tag=tag, version=whole, suffix=suffix) if whole else "not a version"


def _released(*parts: str) -> Version | None:
    """A version without anything behind it, which most are: quicker than the general way."""
    numbers = [int(part) for part in parts if part == "0" or part[0] != "0"]
    if len(numbers) != len(parts) or max(numbers) > LARGEST:
        return None
    major, minor, patch = numbers
    return Version(major, minor, patch)


def divided(rest: str) -> tuple[str, str]:
    """Divide what stands behind the release: ``rc1-alpine`` is the prerelease ``rc1`` of the class ``alpine``."""
    words = rest.split("-") if rest else []
    count = 0
    while count < len(words) and all(_PRERELEASE.fullmatch(part) for part in words[count].split(".")):
        count += 1
    return "-".join(words[:count]), "-".join(words[count:])
