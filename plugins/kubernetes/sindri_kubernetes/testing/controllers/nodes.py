"""Nodes: pods find a place, start or fail as their annotations say, and end.

The annotations are those of the project's test bed on a real API server: ``testbed/waiting: REASON`` (with
``testbed/message: TEXT``) is a pod that never starts, ``testbed/exit: CODE`` one whose container ends with that code.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from sindri_kubernetes.testing import quantities
from sindri_kubernetes.testing.controllers.scene import Scene, set_condition
from sindri_kubernetes.testing.store import timestamp

Body = dict[str, Any]
WAITING, MESSAGE, EXIT = "testbed/waiting", "testbed/message", "testbed/exit"
SELECTED = "volume.kubernetes.io/selected-node"


def schedule(scene: Scene) -> None:
    """Give every new pod a node, or say why there is none."""
    for pod in scene.store.list("Pod"):
        if not pod["spec"].get("nodeName") and not pod["metadata"].get("deletionTimestamp"):
            _place(scene, pod)


def _place(scene: Scene, pod: Body) -> None:
    nodes = scene.store.list("Node")
    refusals = [_unsuitable(scene, pod, node) for node in nodes]
    place = next((node["metadata"]["name"] for node, why in zip(nodes, refusals, strict=True) if not why), "")
    problem = _missing_claim(scene, pod)
    if problem or not place:
        help_text = f"0/{len(nodes)} nodes are available: {len(nodes)} Preemption is not helpful for scheduling."
        counted = ", ".join(f"{refusals.count(text)} {text}" for text in sorted(set(refusals)))
        why = f"{counted}. no new claims to deallocate, preemption: {help_text}"
        message = problem or f"0/{len(nodes)} nodes are available: {why}"
        condition: Body = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        condition |= {"lastProbeTime": None, "observedGeneration": pod["metadata"]["generation"]}
        past = pod["status"].get("conditions", [])
        pod["status"]["conditions"] = set_condition(past, condition)
        if pod["status"]["conditions"] != past:
            scene.store.update(pod, "kube-scheduler", "status")
            scene.event(pod, "Warning", "FailedScheduling", message, "default-scheduler")
        return
    if not _volumes_ready(scene, pod, place):
        return
    pod["spec"]["nodeName"] = place
    assigned: Body = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
    pod["status"]["conditions"] = set_condition(
        [found for found in pod["status"].get("conditions", []) if found["type"] != "PodScheduled"], assigned
    )
    scene.store.update(pod, "kube-scheduler")
    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    scene.event(pod, "Normal", "Scheduled", f"Successfully assigned {where} to {place}", "default-scheduler")


def _claims(scene: Scene, pod: Body) -> Iterator[tuple[str, Body | None]]:
    for volume in pod["spec"].get("volumes", []):
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            yield name, scene.store.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)


def _missing_claim(scene: Scene, pod: Body) -> str:
    nodes = len(scene.store.list("Node"))
    for name, found in _claims(scene, pod):
        if found is None:
            said = f'persistentvolumeclaim "{name}" not found'
            return f"0/{nodes} nodes are available: {said}. not found"
        wanted = found["spec"].get("storageClassName", "")
        known = scene.store.get("StorageClass", "", wanted)
        if not found["spec"].get("volumeName") and (known is None or known["volumeBindingMode"] == "Immediate"):
            said = "pod has unbound immediate PersistentVolumeClaims"
            return f"0/{nodes} nodes are available: {said}. not found"
    return ""


def _volumes_ready(scene: Scene, pod: Body, place: str) -> bool:
    """Tell unbound claims where their first consumer will run; true when all are bound."""
    ready = True
    for _, found in _claims(scene, pod):
        if found is None or found["spec"].get("volumeName"):
            continue
        ready = False
        marks = found["metadata"].setdefault("annotations", {})
        if marks.get(SELECTED) != place:
            marks[SELECTED] = place
            scene.store.update(found, "kube-scheduler")
    return ready


def _unsuitable(scene: Scene, pod: Body, node: Body) -> str:
    if node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    tolerations = pod["spec"].get("tolerations", [])
    hard = [taint for taint in node["spec"].get("taints", []) if taint["effect"] != "PreferNoSchedule"]
    if any(not any(_tolerates(each, taint) for each in tolerations) for taint in hard):
        return "node(s) had untolerated taint(s)"
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in pod["spec"].get("nodeSelector", {}).items()):
        return "node(s) didn't match Pod's node affinity/selector"
    there = [p for p in scene.store.list("Pod") if p["spec"].get("nodeName") == node["metadata"]["name"]]
    for resource, wanted in _requests(pod).items():
        room = quantities.parse(node["status"]["allocatable"].get(resource, "0"))
        taken = sum((_requests(other).get(resource, Fraction(0)) for other in there), Fraction(0))
        if taken + wanted > room:
            return f"Insufficient {resource}"
    return ""


def _tolerates(toleration: Body, taint: Body) -> bool:
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, "", taint["key"]}
    return (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint.get("value", ""))


def _requests(pod: Body) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for container in pod["spec"]["containers"]:
        for resource, amount in container.get("resources", {}).get("requests", {}).items():
            total[resource] = total.get(resource, Fraction(0)) + quantities.parse(amount)
    return total


def run_pods(scene: Scene) -> None:
    """Start the pods that have a place, and end those that are deleted."""
    for pod in scene.store.list("Pod"):
        uid = pod["metadata"]["uid"]
        if pod["metadata"].get("deletionTimestamp"):
            if scene.after(uid, "stop", scene.pace.stop):
                scene.store.remove(pod)
        elif pod["spec"].get("nodeName") and not pod["status"].get("containerStatuses"):
            _creating(scene, pod)
        elif _is_creating(pod) and scene.after(uid, "start", scene.pace.start):
            _started(scene, pod)


def _creating(scene: Scene, pod: Body) -> None:
    waiting = {"reason": "ContainerCreating"}
    _write(scene, pod, phase="Pending", ready=False, state={"waiting": waiting})
    scene.after(pod["metadata"]["uid"], "start", scene.pace.start)


def _is_creating(pod: Body) -> bool:
    statuses = pod["status"].get("containerStatuses") or []
    return any(found["state"].get("waiting", {}).get("reason") == "ContainerCreating" for found in statuses)


def _started(scene: Scene, pod: Body) -> None:
    marks, moment = pod["metadata"].get("annotations", {}), timestamp()
    if WAITING in marks:
        waiting = {"reason": marks[WAITING], "message": marks.get(MESSAGE, "")}
        _write(scene, pod, phase="Pending", ready=False, state={"waiting": waiting})
        scene.event(pod, "Warning", "Failed", marks.get(MESSAGE, "") or "simulated failure", "kubelet")
    elif EXIT in marks:
        waiting = {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}
        ended = {"exitCode": int(marks[EXIT]), "reason": "Error", "startedAt": moment, "finishedAt": moment}
        _write(scene, pod, phase="Running", ready=False, state={"waiting": waiting}, last=ended)
    else:
        _write(scene, pod, phase="Running", ready=True, state={"running": {"startedAt": moment}})


def _write(scene: Scene, pod: Body, *, phase: str, ready: bool, state: Body, last: Body | None = None) -> None:
    status = pod["status"]
    status |= {"phase": phase, "hostIP": "127.0.0.1", "startTime": status.get("startTime") or timestamp()}
    if phase == "Running":
        status.setdefault("podIP", f"10.244.{scene.store.version // 250 % 250}.{scene.store.version % 250 + 1}")
        status["podIPs"] = [{"ip": status["podIP"]}]
    reason = {} if ready else {"reason": "ContainersNotReady"}
    conditions = status.get("conditions", [])
    conditions = set_condition(conditions, {"type": "Initialized", "status": "True", "lastProbeTime": None})
    for kind in ("Ready", "ContainersReady"):
        kept = [found for found in conditions if found["type"] != kind]
        conditions = set_condition(kept, {"type": kind, "status": str(ready), "lastProbeTime": None} | reason)
    status["conditions"] = conditions
    status["containerStatuses"] = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"] if phase == "Running" else "",
            "ready": ready,
            "restartCount": 3 if last else 0,
            "state": state,
            "lastState": {"terminated": last} if last else {},
        }
        for container in pod["spec"]["containers"]
    ]
    scene.store.update(pod, "kubelet", "status")
