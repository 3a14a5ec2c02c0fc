"""What the tests of the real API server share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from environment import Environment

if TYPE_CHECKING:
    from apiserver import ApiServer


@pytest.fixture
def environment(api_server: ApiServer, namespace: str, kubectl: Callable[..., str], tmp_path: Path) -> Environment:
    """An environment that is not deployed yet, in a namespace that does not exist yet."""
    return Environment(namespace, kubectl, api_server.kubeconfig, tmp_path / "state")
