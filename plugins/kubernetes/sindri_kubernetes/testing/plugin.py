"""The pytest plugin: a fixture that gives each test a cluster of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sindri_kubernetes.testing.cluster import SimulatedCluster


@pytest.fixture
def simulated_cluster() -> Iterator[SimulatedCluster]:
    """Give a simulated cluster that is quick: containers start and stop at once."""
    from sindri_kubernetes.testing.cluster import SimulatedCluster
    from sindri_kubernetes.testing.controllers.scene import Pace

    with SimulatedCluster(pace=Pace(start=0.02, stop=0.01, retry=0.1)) as cluster:
        yield cluster
