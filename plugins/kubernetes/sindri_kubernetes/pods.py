"""What a pod says about itself, and how far it has come in the words of ``kubectl get pods``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

Thing: TypeAlias = dict[str, Any]


class Waiting(NamedTuple):
    """A container that does not run, and why. ``initial`` tells init containers from the others."""

    container: Thing
    reason: str
    message: str
    initial: bool


def status(thing: Thing | None) -> Thing:
    """Return the status of an object, empty where there is none."""
    return dict((thing or {}).get("status") or {})


def condition(thing: Thing | None, kind: str) -> Thing:
    """Return one of the conditions of an object, empty where it has none of the kind."""
    return next((dict(c) for c in status(thing).get("conditions") or () if c.get("type") == kind), {})


def is_ready(pod: Thing) -> bool:
    """Whether all containers answer."""
    return condition(pod, "Ready").get("status") == "True"


def is_over(pod: Thing) -> bool:
    """Whether the pod ended for good, as an evicted one, and only its record is left."""
    return status(pod).get("phase") in {"Failed", "Succeeded"}


def containers(pod: Thing | None) -> list[Thing]:
    """Return the statuses of the containers, those that only prepare left aside."""
    return list(status(pod).get("containerStatuses") or ())


def restarts(pod: Thing | None) -> int:
    """Count the restarts of all containers."""
    return sum(int(container.get("restartCount") or 0) for container in containers(pod))


def waiting(pod: Thing) -> Iterator[Waiting]:
    """Give the containers that wait to run, in the order in which they start."""
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in status(pod).get(key) or ():
            state = (container.get("state") or {}).get("waiting") or {}
            if state.get("reason"):
                reason, message = str(state["reason"]), str(state.get("message") or "")
                yield Waiting(container, reason, message, key == "initContainerStatuses")


def ended(container: Thing) -> Thing:
    """Return how the container ended the last time: ``exitCode``, ``reason``, ``message``; empty when it never did."""
    for key in ("state", "lastState"):
        if found := (container.get(key) or {}).get("terminated"):
            return dict(found)
    return {}


def running_for(container: Thing, now: datetime) -> float | None:
    """Seconds since the container was started; None when it does not run."""
    running = (container.get("state") or {}).get("running") or {}
    return age(running.get("startedAt"), now)


def age(moment: object, now: datetime) -> float | None:
    """Seconds from an RFC 3339 moment to ``now``; None when there is no moment."""
    return (now - datetime.fromisoformat(str(moment))).total_seconds() if moment else None


def stage(pod: Thing) -> str:
    """Say how far the pod has come: ``Init:1/2``, ``ContainerCreating``, ``CrashLoopBackOff``, ``ExitCode:1``."""
    if preparing := _preparing(pod):
        return preparing
    for container in containers(pod):
        if word := _word(container):
            return word
    return ""


def _preparing(pod: Thing) -> str:
    """Name the first init container that is not done. One that keeps running beside the others is done once started."""
    spec = pod.get("spec") or {}
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    statuses = status(pod).get("initContainerStatuses") or ()
    for done, container in enumerate(statuses):
        over = (container.get("state") or {}).get("terminated") or {}
        if over.get("exitCode") == 0 or (container.get("name") in sidecars and container.get("started")):
            continue
        word = _word(container)
        return f"Init:{word if word and word != 'PodInitializing' else f'{done}/{len(statuses)}'}"
    return ""


def _word(container: Thing) -> str:
    state = container.get("state") or {}
    if reason := (state.get("waiting") or {}).get("reason"):
        return str(reason)
    if over := state.get("terminated"):
        signal = f"Signal:{over['signal']}" if over.get("signal") else f"ExitCode:{over.get('exitCode')}"
        return str(over.get("reason") or signal)
    return ""
