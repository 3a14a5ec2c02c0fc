"""Namespaces: furnished when they are made, emptied before they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import operations
from sindri_kubernetes.testing.kinds import BY_NAME

if TYPE_CHECKING:
    from sindri_kubernetes.testing.controllers.scene import Scene

Body = dict[str, Any]
CERTIFICATES = "kube-root-ca.crt"


def furnish(scene: Scene) -> None:
    """Give every namespace its default account and the cluster's certificates."""
    how = operations.Write(manager="kube-controller-manager")
    for space in scene.store.list("Namespace"):
        name = space["metadata"]["name"]
        if space["metadata"].get("deletionTimestamp"):
            continue
        if scene.store.get("ServiceAccount", name, "default") is None:
            body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
            operations.create(scene.store, BY_NAME["ServiceAccount"], body, how)
        if scene.store.get("ConfigMap", name, CERTIFICATES) is None:
            metadata = {"name": CERTIFICATES, "namespace": name}
            data = {"ca.crt": "simulated\n"}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            operations.create(scene.store, BY_NAME["ConfigMap"], body, how)


def finish(scene: Scene) -> None:
    """Delete what is in a terminating namespace, then the namespace."""
    for space in scene.store.list("Namespace"):
        if not space["metadata"].get("deletionTimestamp"):
            continue
        content = list(scene.store.everything(space["metadata"]["name"]))
        for body in content:
            metadata = body["metadata"]
            if not metadata.get("deletionTimestamp") and _there(scene, body):
                kind = BY_NAME[body["kind"]]
                options = {"propagationPolicy": "Background"}
                operations.delete(scene.store, kind, metadata["namespace"], metadata["name"], options, dry_run=False)
        if not content and scene.after(space["metadata"]["uid"], "finish", scene.pace.stop):
            scene.store.remove(space)


def _there(scene: Scene, body: Body) -> bool:
    metadata = body["metadata"]
    return scene.store.get(body["kind"], metadata["namespace"], metadata["name"]) is not None
