"""What the quick commands must not import: each of these modules costs more than everything that they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "aiohttp",
    "asyncio",
    "importlib.metadata",
    "kubernetes",
    "pluggy",
    "pydantic",
    "requests",
    "rich",
    "ssl",
    "structlog",
    "urllib3",
    "yaml",
}
PLUGINS = {"sindri_kubernetes", "sindri_kind", "sindri_k3d", "sindri_image_verify"}
OURS_WITH_WEIGHT = {"sindri_core.core", "sindri_core.loading", "sindri_core.hookspecs", "sindri_core.config"}
ABSENT = HEAVY | PLUGINS | OURS_WITH_WEIGHT
PROBE = """
import json, sys
sys.argv = ["sindri", *json.loads(sys.argv[1])]
from sindri_core.__main__ import main
code = main()
sys.stdout.flush()
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def run(arguments: list[str], folder: Path) -> tuple[str, set[str]]:
    """Run the command in a fresh interpreter; give its output and the modules that it imported."""
    environ = {**os.environ, "SINDRI_CACHE_DIR": str(folder / "cache"), "SINDRI_STATE_DIR": str(folder / "state")}
    work = folder / "work"  # the current folder is on the path of ``python -c``, and the cache watches that
    work.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)],
        cwd=work,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return done.stdout, set(modules)


@pytest.mark.parametrize("argument", ["--version", "-V"])
def test_a_lone_version_is_answered_before_click(argument: str, tmp_path: Path) -> None:
    """The version needs neither click nor any other module of ours."""
    output, modules = run([argument], tmp_path)
    assert output.startswith("sindri ")
    assert not modules & (ABSENT | {"click", "sindri_core.cli", "dataclasses"})


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plan", "--help"], ["plugins", "list"], ["config", "--help"]], ids=" ".join
)
def test_a_quick_command_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """Once the entry points and the last verdicts are remembered, nothing heavy and no plugin is imported."""
    run(["plugins", "list"], tmp_path)
    output, modules = run(arguments, tmp_path)
    assert output
    assert not modules & ABSENT


def test_help_imports_no_command(tmp_path: Path) -> None:
    """The list of commands is a table; the modules behind it stay on disk."""
    run(["plugins", "list"], tmp_path)
    _, modules = run(["--help"], tmp_path)
    from sindri_core.cli.app import COMMANDS

    behind = {f"sindri_core.cli.{place.partition(':')[0]}" for place, _ in COMMANDS.values()}
    assert "sindri_core.cli.lifecycle" in behind
    assert not modules & behind


def test_checking_the_plugins_does_import_them(tmp_path: Path) -> None:
    """The probe sees what is imported: with --check the plugins are."""
    _, modules = run(["plugins", "list", "--check"], tmp_path)
    assert {"pluggy", "sindri_kubernetes"} <= modules
