"""Deployments: a ReplicaSet for each pod template, and a status that says how it goes."""

from __future__ import annotations

from typing import Any

from sindri_kubernetes.testing import operations
from sindri_kubernetes.testing.controllers.scene import (
    Scene,
    is_ready,
    owned_by,
    owner_reference,
    set_condition,
    template_hash,
)
from sindri_kubernetes.testing.kinds import BY_NAME

Body = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
COMPONENT = "deployment-controller"


def reconcile(scene: Scene) -> None:
    """Bring the ReplicaSets of every Deployment to what it wants."""
    for deployment in scene.store.list("Deployment"):
        if not deployment["metadata"].get("deletionTimestamp"):
            _roll(scene, deployment)


def _roll(scene: Scene, deployment: Body) -> None:
    sets = owned_by(scene.store, "ReplicaSet", deployment)
    name = f"{deployment['metadata']['name']}-{template_hash(deployment['spec']['template'])}"
    current = next((found for found in sets if found["metadata"]["name"] == name), None)
    old = [found for found in sets if found["metadata"]["name"] != name]
    wanted = deployment["spec"]["replicas"]
    recreate = deployment["spec"]["strategy"]["type"] == "Recreate"
    if recreate:
        for found in old:
            _scale(scene, deployment, found, 0)
        if current is None and any(owned_by(scene.store, "Pod", found) for found in old):
            return
    if current is None:
        current = _create(scene, deployment, name, 0 if recreate and _pods(scene, old) else wanted, sets)
        if current is None:
            return
    _mark(scene, deployment, current, old)
    _scale(scene, deployment, scene.store.get("ReplicaSet", *_address(current)) or current, wanted)
    if not recreate and sum(map(is_ready, owned_by(scene.store, "Pod", current))) >= wanted:
        for found in old:
            _scale(scene, deployment, found, 0)


def _address(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _pods(scene: Scene, sets: list[Body]) -> bool:
    return any(owned_by(scene.store, "Pod", found) for found in sets)


def _create(scene: Scene, deployment: Body, name: str, replicas: int, sets: list[Body]) -> Body | None:
    template = deployment["spec"]["template"]
    hashed = {"pod-template-hash": name.rpartition("-")[2]}
    labels = template["metadata"].get("labels", {}) | hashed
    selector = deployment["spec"]["selector"]
    body = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": _marks(deployment, _highest(sets) + 1),
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            "selector": {**selector, "matchLabels": selector.get("matchLabels", {}) | hashed},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
    }
    space = scene.store.get("Namespace", "", deployment["metadata"]["namespace"])
    if space is None or space["metadata"].get("deletionTimestamp"):
        return None
    made = operations.create(
        scene.store, BY_NAME["ReplicaSet"], body, operations.Write(manager="kube-controller-manager")
    )
    if replicas:
        _say(scene, deployment, f"Scaled up replica set {name} from 0 to {replicas}")
    return made


def _highest(sets: list[Body]) -> int:
    return max((int(found["metadata"].get("annotations", {}).get(REVISION, 0)) for found in sets), default=0)


def _marks(deployment: Body, revision: int) -> dict[str, str]:
    wanted = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"]["type"] != "Recreate"
    most = wanted + (-(-wanted // 4) if rolling else 0)
    return {REVISION: str(revision), DESIRED: str(wanted), MOST: str(most)}


def _mark(scene: Scene, deployment: Body, current: Body, old: list[Body]) -> None:
    """Keep the revision in step: the newest template has the highest."""
    own, before = _highest([current]), _highest(old)
    revision = own if own > before else before + 1
    marks = _marks(deployment, revision)
    annotations = current["metadata"].get("annotations", {})
    if annotations | marks != annotations:
        current["metadata"]["annotations"] = annotations | marks
        scene.store.update(current)
    there = deployment["metadata"].get("annotations", {})
    if there.get(REVISION) != str(revision):
        deployment["metadata"]["annotations"] = there | {REVISION: str(revision)}
        scene.store.update(deployment, subresource="status")


def _scale(scene: Scene, deployment: Body, found: Body, wanted: int) -> None:
    now = found["spec"]["replicas"]
    if now == wanted:
        return
    found["spec"]["replicas"] = wanted
    found["metadata"]["generation"] += 1
    scene.store.update(found)
    direction = "up" if wanted > now else "down"
    _say(scene, deployment, f"Scaled {direction} replica set {found['metadata']['name']} from {now} to {wanted}")


def _say(scene: Scene, deployment: Body, message: str) -> None:
    scene.event(deployment, "Normal", "ScalingReplicaSet", message, COMPONENT)


def report(scene: Scene) -> None:
    """Write the status of every Deployment."""
    for deployment in scene.store.list("Deployment"):
        if deployment["metadata"].get("deletionTimestamp"):
            continue
        name = f"{deployment['metadata']['name']}-{template_hash(deployment['spec']['template'])}"
        sets = owned_by(scene.store, "ReplicaSet", deployment)
        current = next((found for found in sets if found["metadata"]["name"] == name), None)
        past = deployment.get("status", {})
        status = _counts(scene, deployment, sets, current)
        status["conditions"] = _conditions(deployment, current, past.get("conditions", []), status)
        deployment["status"] = status
        scene.store.update(deployment, subresource="status")


def _counts(scene: Scene, deployment: Body, sets: list[Body], current: Body | None) -> Body:
    pods = [pod for found in sets for pod in owned_by(scene.store, "Pod", found)]
    live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    uid = current["metadata"]["uid"] if current else ""
    fresh = [pod for pod in live if pod["metadata"]["ownerReferences"][0]["uid"] == uid]
    ready = sum(map(is_ready, live))
    counts = {
        "replicas": len(live),
        "updatedReplicas": len(fresh),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, deployment["spec"]["replicas"] - ready),
    }
    status: Body = {key: value for key, value in counts.items() if value}
    return status | {"observedGeneration": deployment["metadata"]["generation"]}


def _conditions(deployment: Body, current: Body | None, conditions: list[Body], status: Body) -> list[Body]:
    wanted, ready = deployment["spec"]["replicas"], status.get("availableReplicas", 0)
    updated = status.get("updatedReplicas", 0)
    name = current["metadata"]["name"] if current else ""
    if ready >= wanted:
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
    else:
        reason, message = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
    available = {"type": "Available", "status": str(ready >= wanted), "reason": reason, "message": message}
    conditions = set_condition(conditions, available, updated=True)
    if current is not None:
        done = ready >= wanted and updated >= wanted
        if done:
            progress = ("NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        elif updated:
            progress = ("ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        else:
            progress = ("NewReplicaSetCreated", f'Created new replica set "{name}"')
        new = {"type": "Progressing", "status": "True", "reason": progress[0], "message": progress[1]}
        finished = any(c["type"] == "Progressing" and c["reason"] == "NewReplicaSetAvailable" for c in conditions)
        if done or not (finished and name in str(conditions)):
            conditions = set_condition(conditions, new, updated=True)
    failures = [c for c in (current or {}).get("status", {}).get("conditions", []) if c["type"] == "ReplicaFailure"]
    conditions = [found for found in conditions if found["type"] != "ReplicaFailure" or failures]
    for found in failures:
        failure = {key: found[key] for key in ("type", "status", "reason", "message")}
        conditions = set_condition(conditions, failure, updated=True)
    return conditions
