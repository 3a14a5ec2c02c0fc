"""``sindri demo``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.cli import main

if TYPE_CHECKING:
    import pytest


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
