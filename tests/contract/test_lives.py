"""What sindri sends in the life of an environment, and what comes back: the same on both clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from lives import LIFE, lived
from proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_kubernetes.testing import SimulatedCluster


def test_a_life_is_the_same_on_both(simulated_cluster: SimulatedCluster, proxied: Proxy, tmp_path: Path) -> None:
    """Every act: the same writes in the same order, the same questions, the same answers in status and shape."""
    simulated = tmp_path / "simulated"
    simulated.mkdir()
    with Proxy(int(urlsplit(simulated_cluster.url).port or 0), simulated) as proxy:
        here = lived(proxy, simulated)
    there = lived(proxied, tmp_path / "real")
    assert list(here) == list(there) == list(LIFE)
    for act in LIFE:
        for part in ("writes", "asked"):
            assert here[act][part] == there[act][part], f"{act}: {part}"
    assert here["second deploy"]["writes"] == []
    assert here["deploy"]["writes"]


@pytest.mark.parametrize("act", ["plan", "second deploy"])
def test_a_life_asks_something(simulated_cluster: SimulatedCluster, tmp_path: Path, act: str) -> None:
    """The comparison compares something: an act that writes nothing still asks."""
    with Proxy(int(urlsplit(simulated_cluster.url).port or 0), tmp_path) as proxy:
        assert lived(proxy, tmp_path / "state")[act]["asked"]
