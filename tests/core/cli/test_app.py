"""The group of all commands, and commands that plugins bring."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY = "[sindri.commands]\nodd = acme_odd:odd\n"
METADATA = "Metadata-Version: 2.1\nName: acme-odd\nVersion: 0.3.1\n"
RAISING = {
    "SystemExit": "raise SystemExit('bye')",
    "RuntimeError": "raise RuntimeError('bye')",
    "Stop": "class Stop(BaseException): pass\nraise Stop('bye')",
}


def sindri(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run sindri beside the distribution acme-odd, which lies in ``folder``."""
    own = {"PYTHONPATH": str(folder), "HOME": str(folder), "SINDRI_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "sindri_core", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(params=RAISING)
def raised(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Install a distribution whose command raises this on import."""
    name: str = request.param
    info = tmp_path / "acme_odd-0.3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY, encoding="utf-8")
    (tmp_path / "acme_odd.py").write_text(RAISING[name], encoding="utf-8")
    return name


def test_a_command_that_cannot_be_imported_is_named_with_its_distribution(raised: str, tmp_path: Path) -> None:
    """Whatever its module raises: exit code 3, who brought it and what to type, nothing on standard output."""
    done = sindri(tmp_path, "odd")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "error[SND-PLG-002]: the command odd of acme-odd 0.3.1 cannot be imported" in done.stderr
    assert f"{raised}: bye" in done.stderr
    assert "pip uninstall acme-odd" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_cannot_be_imported_breaks_no_other(raised: str, tmp_path: Path) -> None:
    """It is in the list of commands with who brought it, and the others work."""
    shown = sindri(tmp_path, "--help")
    assert shown.returncode == 0
    assert "from acme-odd" in shown.stdout
    assert sindri(tmp_path, "completion", "bash").returncode == 0


def test_a_plan_says_once_that_the_image_is_not_pinned(tmp_path: Path) -> None:
    """The warning is in the answer, and not on standard error as well."""
    text = "name: demo\ndeployment: {provider: kubernetes, image: 'ghcr.io/acme/app:1.2'}\n"
    (tmp_path / "sindri.yaml").write_text(text, encoding="utf-8")
    done = sindri(tmp_path, "plan", "--offline")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("is not pinned") == 1
    assert done.stderr == ""
