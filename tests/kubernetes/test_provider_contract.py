"""The suite that every provider should pass, run on this one with the simulated cluster."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from sindri_core.testing.contract import ProviderContract
from sindri_kubernetes import resources

if TYPE_CHECKING:
    from sindri_kubernetes.testing import SimulatedCluster

KINDS = ("Namespace", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Service", "Deployment")


class TestKubernetes(ProviderContract):
    """All that a provider promises."""

    plugin_id = "kubernetes"

    @pytest.fixture
    def configuration(self) -> dict[str, Any]:
        """An environment in a namespace that does not exist yet."""
        deployment = {"provider": "kubernetes"}
        return {"name": "demo", "deployment": deployment, "providers": {"kubernetes": {"namespace": "team"}}}

    @pytest.fixture
    def environ(self, simulated_cluster: SimulatedCluster) -> Mapping[str, str]:
        """The way to the cluster."""
        return {"KUBECONFIG": str(simulated_cluster.kubeconfig)}

    @pytest.fixture
    def content(self, simulated_cluster: SimulatedCluster) -> Callable[[], object]:
        """Every object as it is, apart from what its controllers write into its status."""

        def look() -> dict[str, Any]:
            return {kind: [_still(item) for item in _listed(simulated_cluster.url, kind)] for kind in KINDS}

        return look


def _listed(url: str, kind: str) -> list[dict[str, Any]]:
    with urlopen(url + resources.path(kind)) as answer:  # noqa: S310 - loopback
        items: list[dict[str, Any]] = json.load(answer)["items"]
    return items


def _still(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key != "resourceVersion"}
    written = [entry for entry in metadata.get("managedFields", []) if entry.get("subresource") != "status"]
    return {**item, "metadata": metadata | {"managedFields": written}, "status": None}
