"""The controllers of the simulated cluster: one thread that looks at everything after every change.

Each controller is a function of the ``Scene``; it changes the store and says nothing. What takes time in a real cluster
takes the delays of ``Pace`` here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sindri_kubernetes.testing.controllers import claims, collection, deployments, namespaces, nodes, quotas, replicas
from sindri_kubernetes.testing.controllers.scene import Pace, Scene

if TYPE_CHECKING:
    from sindri_kubernetes.testing.store import Store

__all__ = ["Controllers", "Pace"]

ORDER = (
    namespaces.furnish,
    deployments.reconcile,
    replicas.reconcile,
    claims.reconcile,
    nodes.schedule,
    nodes.run_pods,
    deployments.report,
    quotas.report,
    collection.collect,
    namespaces.finish,
)
IDLE = 5.0


class Controllers:
    """The thread that runs them."""

    def __init__(self, store: Store, pace: Pace) -> None:
        self._scene = Scene(store, pace)
        self._thread = threading.Thread(target=self._run, name="simulated-controllers", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread, after the store was closed."""
        self._thread.join(timeout=IDLE)

    def _run(self) -> None:
        scene = self._scene
        while not scene.store.closed:
            with scene.store.lock:
                seen = scene.store.version
                scene.begin()
                for step in ORDER:
                    step(scene)
                moved = scene.store.version > seen
            if not moved:
                scene.store.wait(scene.wait(IDLE), seen)
