"""Patterns of repositories: ``ghcr.io/acme/app`` is one, ``ghcr.io/acme/*`` all below, ``*`` every repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.oci.reference import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.oci.reference import Reference

EXACTLY = 1000
"""More than any path is long."""


def closeness(patterns: Sequence[str], image: Reference) -> int:
    """How closely patterns name a repository: 0 not at all, more for a longer path, most for exactly it."""
    return max((_closeness(pattern, image.canonical) for pattern in patterns), default=0)


def _closeness(pattern: str, repository: str) -> int:
    if pattern == "*":
        return 1
    if not pattern.endswith("/*"):
        return EXACTLY if parse(pattern).canonical == repository else 0
    below = parse(f"{pattern.removesuffix('*')}a/b").canonical.removesuffix("a/b")
    return 1 + len(below) if repository.startswith(below) else 0
