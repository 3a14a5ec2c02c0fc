"""Power: ``spec.replicas`` through the scale subresource, the one field that people change beside us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, Foreign
from sindri_kubernetes import ownership, resources

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api


def scale(api: Api, namespace: str, name: str, env_uid: str, replicas: int) -> bool:
    """Set the number of replicas and nothing else. Return False when it was so already."""
    path = resources.path("Deployment", name, namespace)
    live = api.get(path)
    if live is None:
        if replicas == 0:
            return False
        raise ClusterError(
            "SND-K8S-115",
            f"there is no environment {name} in the namespace {namespace}",
            hint="sindri deploy",
        )
    if not ownership.is_ours(live, env_uid):
        raise Foreign(
            "SND-K8S-102",
            f"Deployment/{name} in the namespace {namespace} belongs to {ownership.owner(live)}",
            hint=f"choose another name in sindri.yaml, or take it over: sindri deploy --adopt Deployment/{name}",
        )
    if live["spec"].get("replicas", 1) == replicas:
        return False
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas},
    }
    api.apply(f"{path}/scale", body, force=True)
    return True
