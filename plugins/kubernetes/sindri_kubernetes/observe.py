"""One word for how an environment is, and what goes with it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sindri_core.types import Finding, Home, State, Status
from sindri_kubernetes.diagnose import diagnose
from sindri_kubernetes.manifests import names
from sindri_kubernetes.resources import path

if TYPE_CHECKING:
    from sindri_core.types import Destination
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.snapshot import Snapshot, Thing

MOMENT = 0.25
"""Seconds to let pass when the watch ended at once, so that a broken one does not become a busy loop."""


def status(snapshot: Snapshot, destination: Destination, *, cluster: str) -> Status:
    """Sum up a snapshot."""
    findings = diagnose(snapshot) if _wanted(snapshot) else ()
    pod = snapshot.pods[0] if snapshot.pods else None
    state = _state(snapshot, pod, findings)
    return Status(
        name=snapshot.name,
        state=state,
        destination=destination,
        cluster=cluster,
        image=_image(snapshot),
        instance=str(pod["metadata"]["name"]) if pod else "",
        node=str(pod["spec"].get("nodeName") or "") if pod else "",
        since=_since(pod),
        restarts=sum(int(c.get("restartCount", 0)) for c in _containers(pod)),
        replicas=_replicas(snapshot) if snapshot.deployment else None,
        home=_home(snapshot.claim),
        last_deploy=_deployed_at(snapshot.inventory),
        step=_step(snapshot, pod, state),
        finding=findings[0] if findings else None,
        others=findings[1:],
    )


def await_change(api: Api, namespace: str, name: str, seconds: float) -> None:
    """Return at the first change of a pod of the environment, at the latest after ``seconds``."""
    began = time.monotonic()
    labels = f"instance={name},{names.MANAGED_BY}=sindri"
    watch = api.watch(path("Pod", namespace=namespace), labels=labels, seconds=min(seconds, 1.0))
    for kind, _ in watch:
        if kind != "ADDED":
            break
    time.sleep(max(0.0, min(MOMENT, seconds) - (time.monotonic() - began)))


def _wanted(snapshot: Snapshot) -> bool:
    return snapshot.deployment is not None and _replicas(snapshot) > 0


def _replicas(snapshot: Snapshot) -> int:
    return int(((snapshot.deployment or {}).get("spec") or {}).get("replicas", 1))


def _state(  # noqa: PLR0911 - one answer for each state
    snapshot: Snapshot, pod: Thing | None, findings: tuple[Finding, ...]
) -> State:
    deployment = snapshot.deployment
    going = (snapshot.space or {}).get("metadata", {}).get("deletionTimestamp")
    if going or (deployment and deployment["metadata"].get("deletionTimestamp")):
        return State.DELETING
    if deployment is None:
        return State.DELETING if snapshot.old_pods else State.NOT_DEPLOYED
    if _replicas(snapshot) == 0:
        return State.STOPPING if snapshot.pods or snapshot.old_pods else State.STOPPED
    if not snapshot.settled() or pod is None:
        return State.PENDING
    if _ready(pod):
        return State.RUNNING
    if any(not finding.heals for finding in findings) or _was_ready(pod):
        return State.DEGRADED
    return State.STARTING if pod["spec"].get("nodeName") else State.PENDING


def _ready(pod: Thing) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _was_ready(pod: Thing) -> bool:
    """Whether the pod ran before and does not now."""
    return any(int(c.get("restartCount", 0)) > 0 for c in _containers(pod))


def _containers(pod: Thing | None) -> list[dict[str, Any]]:
    return list(((pod or {}).get("status") or {}).get("containerStatuses") or ())


def _since(pod: Thing | None) -> str:
    conditions = ((pod or {}).get("status") or {}).get("conditions") or ()
    ready = [c for c in conditions if c.get("type") == "Ready" and c.get("status") == "True"]
    return str(ready[0].get("lastTransitionTime") or "") if ready else ""


def _image(snapshot: Snapshot) -> str:
    if snapshot.deployment is None:
        return ""
    containers = snapshot.deployment["spec"]["template"]["spec"]["containers"]
    return next((str(c["image"]) for c in containers if c["name"] == names.CONTAINER), "")


def _home(claim: Thing | None) -> Home | None:
    if claim is None:
        return None
    spec, now = claim["spec"], claim.get("status") or {}
    capacity = (now.get("capacity") or {}).get("storage") or spec["resources"]["requests"]["storage"]
    return Home(
        name=str(claim["metadata"]["name"]),
        phase=str(now.get("phase") or "Pending"),
        size=str(capacity),
        storage_class=str(spec.get("storageClassName") or ""),
        volume=str(spec.get("volumeName") or ""),
        uid=str(claim["metadata"]["uid"]),
    )


def _deployed_at(inventory: Thing | None) -> str:
    try:
        return str(json.loads((inventory or {})["data"]["inventory"]).get("deployed_at") or "")
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _step(snapshot: Snapshot, pod: Thing | None, state: State) -> str:
    """What is going on, in the words of the tools that people know."""
    if state in {State.RUNNING, State.STOPPED, State.NOT_DEPLOYED}:
        return ""
    if state in {State.STOPPING, State.DELETING}:
        return "waiting for the pod to end"
    if pod is None:
        return "waiting for the old pod to end" if snapshot.old_pods else "waiting for a pod"
    for container in _containers(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return str(waiting["reason"])
    if not pod["spec"].get("nodeName"):
        return "waiting for a node"
    return "waiting to be ready"
