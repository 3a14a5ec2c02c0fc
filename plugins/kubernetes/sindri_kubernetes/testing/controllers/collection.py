"""Garbage collection: what is owned goes with its owner, and what is marked goes when nothing holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import operations
from sindri_kubernetes.testing.kinds import BY_NAME
from sindri_kubernetes.testing.operations import FOREGROUND

if TYPE_CHECKING:
    from sindri_kubernetes.testing.controllers.scene import Scene

Body = dict[str, Any]


def collect(scene: Scene) -> None:
    """Delete dependents, then the objects that waited for them."""
    everything = list(scene.store.everything())
    uids = {body["metadata"]["uid"] for body in everything}
    for body in everything:
        owners = body["metadata"].get("ownerReferences", [])
        if owners and not any(owner["uid"] in uids for owner in owners):
            _delete(scene, body, {})
    for body in everything:
        if body["metadata"].get("deletionTimestamp"):
            _finish(scene, body, everything)


def _finish(scene: Scene, body: Body, everything: list[Body]) -> None:
    current = scene.store.get(body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])
    if current is None or current["kind"] in {"Pod", "Namespace"}:
        return
    finalizers = current["metadata"].get("finalizers", [])
    if FOREGROUND in finalizers:
        uid = current["metadata"]["uid"]
        below = [
            found
            for found in everything
            if any(owner["uid"] == uid for owner in found["metadata"].get("ownerReferences", []))
        ]
        for found in below:
            _delete(scene, found, {"propagationPolicy": "Foreground"})
        if below:
            return
        finalizers = [found for found in finalizers if found != FOREGROUND]
        current["metadata"]["finalizers"] = finalizers
        scene.store.update(current)
    if not finalizers:
        scene.store.remove(current)


def _delete(scene: Scene, body: Body, options: Body) -> None:
    metadata = body["metadata"]
    kind, namespace = BY_NAME[body["kind"]], metadata.get("namespace", "")
    current = scene.store.get(kind.name, namespace, metadata["name"])
    if current is not None and not current["metadata"].get("deletionTimestamp"):
        operations.delete(scene.store, kind, namespace, metadata["name"], options, dry_run=False)
