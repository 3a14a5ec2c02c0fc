"""One word for how an environment is, and what goes with it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError
from sindri_core.types import Finding, Home, State, Status
from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose import diagnose
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import metadata
from sindri_kubernetes.resources import path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.types import Destination
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

MOMENT = 0.25
"""Seconds between two looks at least, so that many changes, or a broken watch, do not become a busy loop."""
RECENT = 60.0
"""Seconds that a container runs before a restart, or an unanswered probe, is judged: less is still the start."""


def status(snapshot: Snapshot, destination: Destination, *, cluster: str) -> Status:
    """Sum up a snapshot."""
    findings = _unreadable(snapshot) or diagnose(snapshot)
    pod = snapshot.pod
    state = _state(snapshot, findings)
    return Status(
        name=snapshot.name,
        state=state,
        destination=destination,
        cluster=cluster,
        image=_image(snapshot.deployment),
        instance=reading.name(pod),
        node=str(reading.part(pod, "spec").get("nodeName") or ""),
        since=_since(pod),
        restarts=reading.restarts(pod),
        replicas=snapshot.replicas if snapshot.deployment else None,
        home=_home(snapshot.claim),
        last_deploy=_deployed_at(snapshot.inventory),
        step=_step(snapshot, state),
        finding=findings[0] if findings else None,
        others=tuple(findings[1:]),
    )


def await_change(api: Api, namespace: str, name: str, seconds: float) -> None:
    """Return at the first change of a pod of the environment, at the latest after ``seconds``."""
    began = time.monotonic()
    pods, labels = path("Pod", namespace=namespace), f"instance={name},{names.MANAGED_BY}=sindri"
    try:
        now = metadata(api.get(f"{pods}?limit=1") or {}).get("resourceVersion")
    except ClusterError:
        now = None
    changed = False
    if now:
        changes = api.watch(pods, labels=labels, resource_version=str(now), seconds=seconds)
        changed = next(changes, None) is not None
    longest = min(MOMENT, seconds) if changed else seconds
    time.sleep(max(0.0, longest - (time.monotonic() - began)))


def _unreadable(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Nothing can be said of an environment whose Deployment may not be read; it is not the same as none."""
    if "deployments" not in snapshot.unreadable:
        return ()
    where = snapshot.namespace
    return (
        Finding(
            code="SND-K8S-004",
            message=f"you may not read the environment in the namespace {where}",
            object=f"Deployment/{snapshot.name}",
            seen=(f"forbidden: {', '.join(snapshot.unreadable)}",),
            cause="your user has no Role there that allows it",
            fix=(f"kubectl auth can-i --list -n {where}", "sindri plan   shows the Role to ask for"),
        ),
    )


def _state(snapshot: Snapshot, findings: Sequence[Finding]) -> State:
    if "deployments" in snapshot.unreadable:
        return State.UNREACHABLE
    alive = _alive(snapshot)
    if snapshot.deployment is None:
        gone = snapshot.foreign or not (alive or (reading.is_going(snapshot.space) and snapshot.claim))
        return State.NOT_DEPLOYED if gone else State.DELETING
    if reading.is_going(snapshot.space) or reading.is_going(snapshot.deployment):
        return State.DELETING
    if snapshot.replicas == 0:
        return State.STOPPING if alive else State.STOPPED
    return _powered(snapshot, hopeless=any(not finding.heals for finding in findings))


def _alive(snapshot: Snapshot) -> list[Thing]:
    return [pod for pod in (*snapshot.pods, *snapshot.old_pods) if not reading.is_over(pod)]


def _powered(snapshot: Snapshot, *, hopeless: bool) -> State:
    """Tell the states of an environment that shall run."""
    pod = snapshot.pod
    if not snapshot.settled():
        return State.PENDING
    if pod is None:
        available = "pods" in snapshot.unreadable and reading.status(snapshot.deployment).get("availableReplicas")
        return State.RUNNING if available else State.PENDING
    if reading.is_ready(pod):
        return State.DEGRADED if hopeless or _restarted(snapshot, pod) else State.RUNNING
    if not reading.has_node(pod):
        return State.PENDING
    return State.DEGRADED if hopeless or reading.restarts(pod) or _silent(snapshot, pod) else State.STARTING


def _restarted(snapshot: Snapshot, pod: Thing) -> bool:
    """Whether a container was started again only just: between two crashes it looks as if it ran."""
    again = (c for c in reading.containers(pod) if c.get("restartCount"))
    return any((reading.running_for(c, snapshot.taken_at) or 0.0) < RECENT for c in again)


def _silent(snapshot: Snapshot, pod: Thing) -> bool:
    """Whether a container has run for a while and still does not answer."""
    deaf = (c for c in reading.containers(pod) if not c.get("ready"))
    return any((reading.running_for(c, snapshot.taken_at) or 0.0) > RECENT for c in deaf)


def _since(pod: Thing | None) -> str:
    """Since when the pod is ready, or is not; before either, since it exists."""
    if pod is None:
        return ""
    return str(
        reading.condition(pod, "Ready").get("lastTransitionTime") or metadata(pod).get("creationTimestamp") or ""
    )


def _image(deployment: Thing | None) -> str:
    if deployment is None:
        return ""
    containers = reading.parts(deployment, "spec", "template", "spec", "containers")
    return next((str(c.get("image") or "") for c in containers if c.get("name") == names.CONTAINER), "")


def _home(claim: Thing | None) -> Home | None:
    if claim is None:
        return None
    spec, now = reading.part(claim, "spec"), reading.status(claim)
    asked = reading.part(spec, "resources", "requests").get("storage")
    capacity = reading.part(now, "capacity").get("storage") or asked
    return Home(
        name=reading.name(claim),
        phase="Terminating" if reading.is_going(claim) else str(now.get("phase") or "Pending"),
        size=str(capacity or ""),
        storage_class=str(spec.get("storageClassName") or ""),
        volume=str(spec.get("volumeName") or ""),
        uid=str(metadata(claim).get("uid") or ""),
    )


def _deployed_at(inventory: Thing | None) -> str:
    try:
        return str(json.loads((inventory or {})["data"]["inventory"]).get("deployed_at") or "")
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _step(snapshot: Snapshot, state: State) -> str:
    """What is going on, in the words of the tools that people know."""
    if state is State.NOT_DEPLOYED:
        if snapshot.foreign:
            return "the Deployment of this name is somebody else's"
        return "the home is kept" if snapshot.claim else ""
    if state in {State.RUNNING, State.STOPPED, State.UNREACHABLE}:
        return ""
    if state in {State.STOPPING, State.DELETING}:
        return "waiting for the pod to end" if _alive(snapshot) else "waiting for what is left of it"
    return _upwards(snapshot)


def _upwards(snapshot: Snapshot) -> str:
    """Say how far an environment is that shall run."""
    pod = snapshot.pod
    if pod is None or not snapshot.settled():
        return "waiting for the old pod to end" if snapshot.old_pods else "waiting for a pod"
    if not reading.has_node(pod):
        refused = reading.condition(pod, "PodScheduled").get("status") == "False"
        bound = snapshot.claim is None or reading.status(snapshot.claim).get("phase") == "Bound"
        return "waiting for a node" if refused or bound else "volume pending"
    if reading.is_ready(pod):
        return "restarted a moment ago" if _restarted(snapshot, pod) else ""
    stage = reading.stage(pod)
    latest = next((event.get("reason") for event in snapshot.events_of(pod)), "")
    if stage in {"ContainerCreating", "PodInitializing"} and latest == "Pulling":
        return "pulling image"
    if stage == "ContainerCreating" and latest in {"FailedAttachVolume", "FailedMount"}:
        return "volume pending"
    return stage or "waiting to be ready"
