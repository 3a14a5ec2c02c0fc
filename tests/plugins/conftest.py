"""Scratch environments, each made once for a whole run however many workers there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

sys.path.insert(0, str(Path(__file__).parent))

import scratch
import third_party

Make = Callable[[str, Sequence[str]], Path]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make (or take) the scratch environment of this name with the wheels of these distributions."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "scratch"
    projects, wheels = shared / "projects", shared / "wheels"

    def wheel(name: str) -> Path:
        if built := list((wheels / name).glob("*.whl")):
            return built[0]
        if name in scratch.OURS:
            return scratch.build(scratch.OURS[name], wheels / name)
        plugin_id, source = (third_party.WORKING | third_party.BROKEN)[name]
        return scratch.build(scratch.third_party(projects, name, plugin_id, source), wheels / name)

    def make(name: str, distributions: Sequence[str]) -> Path:
        shared.mkdir(exist_ok=True)
        folder = shared / name
        with FileLock(shared / "lock"):
            if not folder.exists():
                scratch.create(folder, [wheel(distribution) for distribution in distributions])
        return folder

    return make


@pytest.fixture
def crowd(environment: Make, tmp_path: Path) -> scratch.Environment:
    """All of ours, the folder provider, and everybody else, working and broken."""
    everybody = [*scratch.OURS, *third_party.WORKING, *third_party.BROKEN]
    return _fresh(environment("crowd", everybody), tmp_path)


@pytest.fixture
def alone(environment: Make, tmp_path: Path) -> scratch.Environment:
    """The core and the folder provider, and no other plugin."""
    return _fresh(environment("alone", ["sindri-core", "sindri-folder"]), tmp_path)


def _fresh(folder: Path, tmp_path: Path) -> scratch.Environment:
    work = tmp_path / "work"
    (work / "home").mkdir(parents=True)
    return scratch.Environment(folder, work)
