"""What rules are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from sindri_core.types import Finding

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot, Thing

Rule: TypeAlias = Callable[["Snapshot"], Finding | None]


def kubectl(snapshot: Snapshot, words: str) -> str:
    """Write a kubectl command for the environment's namespace."""
    return f"kubectl -n {snapshot.namespace} {words}"


def refusals(snapshot: Snapshot) -> Iterator[str]:
    """The reasons why the ReplicaSet, or the Deployment, may create no pod."""
    for thing in (snapshot.replica_set, snapshot.deployment):
        for condition in ((thing or {}).get("status") or {}).get("conditions") or ():
            if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
                yield str(condition.get("message") or "")


def unscheduled(snapshot: Snapshot) -> tuple[Thing, dict[str, Any]] | None:
    """The pod that finds no node, with the condition that says why."""
    for pod in snapshot.pods:
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                return pod, condition
    return None


def waiting(snapshot: Snapshot) -> Iterator[tuple[Thing, dict[str, Any], str, str]]:
    """The containers that wait: (pod, container status, reason, message)."""
    for pod in snapshot.pods:
        status = pod.get("status") or {}
        for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            state = (container.get("state") or {}).get("waiting") or {}
            if state.get("reason"):
                yield pod, container, str(state["reason"]), str(state.get("message") or "")


def name_of(thing: Thing) -> str:
    """Name an object for people: ``Pod/sindri-k8s-6c9f8``."""
    return f"{thing.get('kind') or 'Pod'}/{thing['metadata']['name']}"
