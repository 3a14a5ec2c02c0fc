"""Real tools: those of the test bed, else those on PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def tool(name: str) -> str:
    """Find a real tool. Without one the test is skipped, or fails where SINDRI_TEST_REQUIRE=1 demands it."""
    home = Path(os.environ.get("TESTBED_HOME", Path.home() / ".cache" / "sindri-testbed"))
    found = shutil.which(name, path=os.pathsep.join((str(home / "bin"), os.environ.get("PATH", ""))))
    if found:
        return found
    if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
        pytest.fail(f"{name} is required and not there", pytrace=False)
    pytest.skip(f"{name} is not there")
