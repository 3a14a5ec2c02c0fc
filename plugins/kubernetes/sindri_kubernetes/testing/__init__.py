"""A Kubernetes cluster in this process, to try sindri and to test plugins with nothing installed.

It is a simulation: it models the requests that sindri and the everyday kubectl commands send, and answers 501 to
anything else. No container runs. A contract suite compares its answers with those of a real API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sindri_kubernetes.testing.cluster import SimulatedCluster
    from sindri_kubernetes.testing.controllers.scene import Pace

__all__ = ["Pace", "SimulatedCluster"]


def __getattr__(name: str) -> Any:
    """Import the simulation when it is asked for: pytest loads this package at every start."""
    if name == "SimulatedCluster":
        from sindri_kubernetes.testing.cluster import SimulatedCluster

        return SimulatedCluster
    if name == "Pace":
        from sindri_kubernetes.testing.controllers.scene import Pace

        return Pace
    raise AttributeError(name)
