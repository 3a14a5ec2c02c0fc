"""Source repositories as provenance names them, in one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass

_URI = re.compile(
    r"(?:git\+)?https://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(?P<path>(?:/[A-Za-z0-9_.~-]+)+)/?(?:@(?P<ref>[^\s?#@]+))?",
    re.ASCII,
)
_WORKFLOW = re.compile(
    r"(?P<repository>https://github\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/(?P<path>\.github/workflows/[^@\s]+)@\S+",
    re.ASCII,
)
_GITHUB = "github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A repository in its one spelling (``https://github.com/acme/app``), and a ref of it or nothing."""

    repository: str
    ref: str = ""


def parse(text: str) -> Source:
    """Take an address of source apart. Raises ``ValueError`` for user names, ports, queries and the like."""
    match = _URI.fullmatch(text)
    if not match:
        raise ValueError(f"{text[:120]!r} is no plain address of a repository (https://HOST/OWNER/NAME)")
    host, path = match["host"].lower(), match["path"].removesuffix(".git")
    if {".", ".."} & set(path.split("/")):
        raise ValueError(f"{text[:120]!r} has a path that leads elsewhere")
    return Source(repository=f"https://{host}{path.lower() if host == _GITHUB else path}", ref=match["ref"] or "")


def same(one: str, other: str) -> bool:
    """Whether both name the same repository. What cannot be read names none."""
    try:
        return parse(one).repository == parse(other).repository
    except ValueError:
        return False


def of_workflow(identity: str) -> str:
    """The repository in which a GitHub workflow lies that an identity names; empty for another identity."""
    match = _WORKFLOW.fullmatch(identity)
    return parse(match["repository"]).repository if match else ""


def workflow_path(uri: str) -> str:
    """The file of a GitHub workflow that an address names (``.github/workflows/release.yml``), or nothing."""
    match = _WORKFLOW.fullmatch(uri)
    return match["path"] if match else ""
