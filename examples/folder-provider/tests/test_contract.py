"""The suites that every provider should pass, run on this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sindri_core.testing.contract import ProviderContract


class TestFolder(ProviderContract):
    """All that a provider promises."""

    plugin_id = "folder"

    @pytest.fixture
    def configuration(self, tmp_path: Path) -> dict[str, Any]:
        """An environment below a scratch folder."""
        path = str(tmp_path / "environments")
        return {
            "name": "demo",
            "deployment": {"provider": "folder", "image": "app@sha256:" + "5" * 64},
            "providers": {"folder": {"path": path}},
        }

    @pytest.fixture
    def content(self, tmp_path: Path) -> Callable[[], object]:
        """Every file with its bytes and the time of its last change."""
        root = tmp_path / "environments"
        return lambda: {
            path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(root.rglob("*")) if path.is_file()
        }
