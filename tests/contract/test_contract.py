"""The simulated cluster and a real API server say the same: both are held against one recording of the real one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from record import RECORDED, play
from scenarios import SCENARIOS

if TYPE_CHECKING:
    import apiserver

    from sindri_kubernetes.testing import SimulatedCluster


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_simulation_answers_as_recorded(simulated_cluster: SimulatedCluster, name: str) -> None:
    """What the real server once answered, the simulated cluster answers now."""
    assert play(name, simulated_cluster.kubeconfig) == json.loads((RECORDED / f"{name}.json").read_text())


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_server_answers_as_recorded(api_server: apiserver.ApiServer, name: str) -> None:
    """The recording is still true."""
    assert play(name, api_server.kubeconfig) == json.loads((RECORDED / f"{name}.json").read_text())


def test_every_recording_has_its_scenario() -> None:
    """No recording outlives its scenario."""
    assert {path.stem for path in RECORDED.glob("*.json")} == set(SCENARIOS)
