"""Completion, as the shells ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sindri_core.cli import main

ASK = """
source "$1"
COMP_WORDS=(sindri "${@:2}")
COMP_CWORD=$(($# - 1))
_sindri_completion sindri
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of these words, with the generated script and the installed command."""
    programs = Path(sys.executable).parent
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder)}
    script = folder / "completion"
    made = subprocess.run(
        [str(programs / "sindri"), "completion", "bash"], env=environ, capture_output=True, text=True, check=True
    )
    script.write_text(made.stdout, encoding="utf-8")
    command = ["bash", "--norc", "-c", ASK, "bash", str(script), *words]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pl"], {"plan", "plugins"}),
        (["config", ""], {"init", "validate", "show", "schema"}),
        (["plan", "--no-p"], {"--no-plugin", "--no-plugins"}),
        (["plan", "--output", ""], {"text", "json", "yaml"}),
        (["dem"], {"demo"}),
        (["zzz"], set()),
    ],
)
def test_bash_offers_what_fits(words: list[str], expected: set[str], tmp_path: Path) -> None:
    """Commands, those of plugins, options and values, in a real bash."""
    assert completed(tmp_path, *words) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script names the command and asks it in the shell's own way."""
    assert main(["completion", shell]) == 0
    assert f"{shell}_complete" in capsys.readouterr().out
