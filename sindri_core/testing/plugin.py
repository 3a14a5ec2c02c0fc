"""The pytest plugin: fixtures for tests of plugins. Imported at every start of pytest, so it imports little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sindri_core.core import Core

pytest.register_assert_rewrite("sindri_core.testing.contract")


@pytest.fixture
def sindri_core_isolated(tmp_path: Path) -> Iterator[Callable[..., Core]]:
    """Make a ``Core`` that finds no installed plugin, reads no environment and keeps its state in a scratch folder."""
    from sindri_core.core import Core

    opened: list[Core] = []

    def make(config: Mapping[str, Any], *plugins: object, **more: Any) -> Core:
        given: dict[str, Any] = {"environ": {}, "state_dir": tmp_path / "sindri-state"} | more
        core = Core(config, plugins=plugins, **given)
        opened.append(core)
        return core

    yield make
    for core in opened:
        core.close()
