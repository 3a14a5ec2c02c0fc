"""What the tests of the command line share: a project, and sindri called in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from sindri_core.cli import main

DIGEST = "sha256:" + "5" * 64
FILE = f"name: dev\ndeployment:\n  image: ghcr.io/acme/dev@{DIGEST}\nproviders:\n  kubernetes:\n    namespace: team\n"


class Said(NamedTuple):
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Sindri: TypeAlias = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a sindri.yaml, and everything of the user's own below it."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "sindri.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "SINDRI_DISABLE_PLUGINS", "SINDRI_NO_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    own = {"HOME": "home", "SINDRI_CACHE_DIR": "cache", "SINDRI_STATE_DIR": "state", "KUBECONFIG": "no-kubeconfig"}
    for name, part in own.items():
        monkeypatch.setenv(name, str(tmp_path / part))
    return folder


@pytest.fixture
def sindri(project: Path, capsys: pytest.CaptureFixture[str]) -> Sindri:
    """Call the command line in this process, in the project."""
    assert project.is_dir()

    def call(*words: str) -> Said:
        code = main(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def process(project: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start sindri as a process of its own, in the project."""

    def start(*words: str, **environ: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "sindri_core", *words]
        piped = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=project, env=os.environ | environ, stdout=piped, stderr=piped, text=True, encoding="utf-8"
        )

    return start
