"""``sindri demo``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sindri_core.cli import main


def test_the_demo_shows_a_whole_life(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs the real commands to the end, says that it is a simulation and leaves nothing changed."""
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/of-the-user")
    before, here = dict(os.environ), Path.cwd()
    assert main(["demo"]) == 0
    shown = capfd.readouterr()
    assert "This is a simulation" in shown.out
    for step in ("plan", "deploy", "status", "stop", "start", "destroy"):
        assert f"$ sindri {step}" in shown.out
    assert "state      running" in shown.out
    assert "state      stopped" in shown.out
    assert "nothing to change" in shown.err
    assert "- Namespace/dev-acme" in shown.out
    assert (dict(os.environ), Path.cwd()) == (before, here)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_stopped_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Stopped in the middle of a command it ends with 130 and no traceback; folder, cluster and session are gone."""
    (tmp_path / "tmp").mkdir()
    environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "HOME": "/dev/null/broken", "XDG_CACHE_HOME": ""}
    command = [sys.executable, "-m", "sindri_core", "demo"]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stderr
        while "$ sindri deploy" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "nothing is left of it" in said
    assert "Traceback" not in said
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["tmp"]
