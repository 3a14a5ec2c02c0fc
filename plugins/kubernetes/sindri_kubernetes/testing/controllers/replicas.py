"""ReplicaSets: as many pods as they want, or the reason why not."""

from __future__ import annotations

import copy
from typing import Any

from sindri_kubernetes.testing import operations
from sindri_kubernetes.testing.answers import Refused
from sindri_kubernetes.testing.controllers.scene import Scene, is_ready, owned_by, owner_reference, set_condition
from sindri_kubernetes.testing.kinds import BY_NAME

Body = dict[str, Any]
COMPONENT = "replicaset-controller"


def reconcile(scene: Scene) -> None:
    """Create and delete pods, and write the status of every ReplicaSet."""
    for found in scene.store.list("ReplicaSet"):
        if not found["metadata"].get("deletionTimestamp"):
            _fill(scene, found)


def _fill(scene: Scene, found: Body) -> None:
    pods = owned_by(scene.store, "Pod", found)
    live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    lacking = found["spec"]["replicas"] - len(live)
    conditions = copy.deepcopy(found.get("status", {}).get("conditions", []))
    failed = [condition for condition in conditions if condition["type"] == "ReplicaFailure"]
    uid = found["metadata"]["uid"]
    if lacking > 0 and (not failed or scene.after(uid, "create", scene.pace.retry)):
        scene.forget(uid, "create")
        conditions = _create(scene, found, lacking, conditions)
        if conditions:
            scene.after(uid, "create", scene.pace.retry)
    elif lacking <= 0:
        conditions = [condition for condition in conditions if condition["type"] != "ReplicaFailure"]
    for pod in sorted(live, key=is_ready)[: max(0, -lacking)]:
        _delete(scene, found, pod)
    _report(scene, found, conditions)


def _create(scene: Scene, found: Body, count: int, conditions: list[Body]) -> list[Body]:
    template = copy.deepcopy(found["spec"]["template"])
    name = found["metadata"]["name"]
    for _ in range(count):
        metadata = {"generateName": f"{name}-", "namespace": found["metadata"]["namespace"]}
        metadata |= {"ownerReferences": [owner_reference(found)], **template["metadata"]}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(template["spec"])}
        try:
            how = operations.Write(manager="kube-controller-manager")
            pod = operations.create(scene.store, BY_NAME["Pod"], body, how)
        except Refused as refusal:
            scene.event(found, "Warning", "FailedCreate", f"Error creating: {refusal}", COMPONENT)
            if any(found["type"] == "ReplicaFailure" for found in conditions):
                return conditions  # as in a real cluster, it keeps the words of the first failure
            condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
            return set_condition(conditions, condition | {"message": str(refusal)})
        scene.event(found, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", COMPONENT)
    return [condition for condition in conditions if condition["type"] != "ReplicaFailure"]


def _delete(scene: Scene, found: Body, pod: Body) -> None:
    name = pod["metadata"]["name"]
    operations.delete(scene.store, BY_NAME["Pod"], pod["metadata"]["namespace"], name, {}, dry_run=False)
    scene.event(found, "Normal", "SuccessfulDelete", f"Deleted pod: {name}", COMPONENT)


def _report(scene: Scene, found: Body, conditions: list[Body]) -> None:
    pods = [p for p in owned_by(scene.store, "Pod", found) if not p["metadata"].get("deletionTimestamp")]
    ready = sum(map(is_ready, pods))
    counts = {"fullyLabeledReplicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
    status: Body = {key: value for key, value in counts.items() if value}
    status |= {"replicas": len(pods), "observedGeneration": found["metadata"]["generation"]}
    if conditions:
        status["conditions"] = conditions
    current = scene.store.get("ReplicaSet", found["metadata"]["namespace"], found["metadata"]["name"])
    if current is not None:
        current["status"] = status
        scene.store.update(current, subresource="status")
