"""sindri inside another program, from wheels: threads, silence, types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from scratch import ROOT

if TYPE_CHECKING:
    from scratch import Environment

pytestmark = pytest.mark.installed

PROGRAM = ROOT / "examples/embed/two_environments.py"


def test_two_cores_with_different_plugins_in_two_threads(alone: Environment) -> None:
    """Each core uses its own plugins only, and the program's standard output stays empty."""
    done = alone.run("python", "-W", "error", str(PROGRAM), "out")
    assert done.code == 0, done.err
    assert done.out == ""
    for team in ("blue", "green"):
        written = json.loads((alone.work / "out" / team / "Environment.json").read_text())
        assert written["team"] == team


def test_importing_the_core_does_nothing(alone: Environment) -> None:
    """The import prints nothing, starts no thread, writes no file and pulls in nothing else."""
    probe = (
        "import sys, threading; before = set(sys.modules); import sindri_core; "
        "assert threading.active_count() == 1; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('sindri_core')))"
    )
    done = alone.run("python", "-I", "-c", probe)
    assert done.code == 0, done.err
    assert done.out.strip() in {"[]", "['typing']", "['__future__']"}, done.out
    assert list((alone.work / "home").iterdir()) == []


def test_the_user_s_code_is_type_checked(alone: Environment) -> None:
    """Mypy --strict sees our types in the installed wheels, in a user's plugin, program and mistakes."""
    files = [str(ROOT / "tests/typing/user_code.py"), str(PROGRAM)]
    options = ["--strict", "--no-incremental", "--config-file=", "--warn-unused-ignores"]
    done = alone.run("python", "-m", "mypy", *options, *files)
    assert done.code == 0, done.out
