"""Objects that other plugins add: kept in the environment's own namespace, compared, removed, their secrets unseen."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sindri_core import Core, HookSpecs, hookimpl
from sindri_core.cli.render.documents import to_plain
from sindri_core.errors import ClusterError
from sindri_core.types import Action, Patch, PluginInfo
from sindri_kubernetes import plugin as kubernetes

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import AdjustRequest
    from sindri_kubernetes.testing import SimulatedCluster

CONFIG = {
    "name": "dev",
    "deployment": {"image": "ghcr.io/acme/dev@sha256:" + "5" * 64},
    "providers": {"kubernetes": {"namespace": "team"}},
}
CANARY = "canary-7d1f"


class Adding(HookSpecs):
    """Adds whole objects."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.bodies = bodies

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="adding", version="1.0", summary="adds objects")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> Sequence[Patch]:
        return [
            Patch(manifest=f"{body['kind']}/{body['metadata']['name']}", op="add", path="", value=body)
            for body in self.bodies
        ]


def secret(value: str, namespace: str = "team") -> dict[str, Any]:
    """Write a Secret as people do, with plain text."""
    metadata = {"name": "keys", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": value}}


def core(cluster: SimulatedCluster, folder: Path, *bodies: dict[str, Any]) -> Core:
    """Make a core with the Kubernetes plugin and one that adds these objects."""
    environ = {"KUBECONFIG": str(cluster.kubeconfig)}
    return Core(CONFIG, plugins=[kubernetes, Adding(*bodies)], environ=environ, state_dir=folder)


def stored(cluster: SimulatedCluster, folder: Path) -> str:
    """The value that the cluster has."""
    from sindri_core.context import CancelToken, Deadline
    from sindri_kubernetes import kubeconfig, resources
    from sindri_kubernetes.api import Api

    access = kubeconfig.resolve({"KUBECONFIG": str(cluster.kubeconfig)})
    api = Api(access, deadline=Deadline(20), cancel=CancelToken(), emit=lambda _: None, user_agent=folder.name)
    found = api.get(resources.path("Secret", "keys", "team"))
    assert found is not None
    return base64.b64decode(found["data"]["token"]).decode()


def test_a_changed_secret_is_a_change_and_is_written(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """The plan says that the Secret changes, the deploy writes it, and the next plan finds nothing to do."""
    core(simulated_cluster, tmp_path, secret("first")).deploy()
    changed = core(simulated_cluster, tmp_path, secret("second"))
    assert [c.action for c in changed.plan().changes.items if c.kind == "Secret"] == [Action.CHANGE]
    changed.deploy()
    assert stored(simulated_cluster, tmp_path) == "second"
    assert not changed.plan().pending()


def test_a_secret_shows_nowhere(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """Neither the old nor the new value is in a plan, an answer, an event or a rendering."""
    events: list[object] = []
    core(simulated_cluster, tmp_path, secret(CANARY)).deploy()
    environ = {"KUBECONFIG": str(simulated_cluster.kubeconfig)}
    adding = Adding(secret(f"{CANARY}-new"))
    changed = Core(CONFIG, plugins=[kubernetes, adding], environ=environ, state_dir=tmp_path, on_event=events.append)
    plan = changed.plan()
    said = [to_plain(plan), to_plain(changed.deploy()), to_plain(changed.destroy()), [str(event) for event in events]]
    said += [to_plain(manifest.body) for manifest in changed.render()]
    written = json.dumps(said) + str(plan.adjustments)
    for value in (CANARY, base64.b64encode(CANARY.encode()).decode()[:-4]):
        assert value not in written


def test_an_added_object_goes_with_the_environment(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """Destroy removes what was added, and says so."""
    with core(simulated_cluster, tmp_path, secret("x")) as sindri:
        sindri.deploy()
        assert "Secret/keys" in sindri.destroy().removed
    with pytest.raises(AssertionError):
        stored(simulated_cluster, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        secret("x", namespace="default"),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nowhere"}},
    ],
    ids=["another namespace", "a namespace", "no namespace"],
)
def test_an_object_elsewhere_is_refused(
    simulated_cluster: SimulatedCluster, tmp_path: Path, body: dict[str, Any]
) -> None:
    """An environment lives in one namespace: nothing is written, and the object is named."""
    sindri = core(simulated_cluster, tmp_path, body)
    with pytest.raises(ClusterError) as caught:
        sindri.deploy()
    assert caught.value.code == "SND-K8S-119"
    assert f"{body['kind']}/{body['metadata']['name']}" in caught.value.message
    assert [request for request in simulated_cluster.requests if request.method == "PATCH"] == []
