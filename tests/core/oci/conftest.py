"""A registry of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from logins import LOGIN, auths, docker
from registry import Registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that behaves until told otherwise."""
    with Registry() as served:
        yield served


@pytest.fixture
def guarded() -> Iterator[Registry]:
    """A registry with tokens."""
    with Registry(user=LOGIN, tokens=True) as registry:
        registry.image("app", "1", "2", "3")
        yield registry


@pytest.fixture
def login(guarded: Registry, tmp_path: Path) -> dict[str, str]:
    """The environment of a user who is logged in there."""
    return docker(tmp_path / "docker", auths(guarded.host))
