"""What a pod says about itself, and how far it has come in the words of ``kubectl get pods``.

Everything here takes objects as they come: what is missing, or null, is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

Thing: TypeAlias = dict[str, Any]


class Waiting(NamedTuple):
    """A container that does not run, and why. ``initial`` tells init containers from the others."""

    container: Thing
    reason: str
    message: str
    initial: bool


def part(thing: Thing | None, *keys: str) -> Thing:
    """Return what is nested under the keys, empty where there is nothing."""
    found: Any = thing
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def parts(thing: Thing | None, *keys: str) -> list[Thing]:
    """Return the objects listed under the keys, none where there is no list."""
    *above, last = keys
    listed = part(thing, *above).get(last)
    return [found for found in listed if isinstance(found, dict)] if isinstance(listed, list) else []


def name(thing: Thing | None) -> str:
    """Return the name of an object."""
    return str(part(thing, "metadata").get("name") or "")


def status(thing: Thing | None) -> Thing:
    """Return the status of an object, empty where there is none."""
    return part(thing, "status")


def condition(thing: Thing | None, kind: str) -> Thing:
    """Return one of the conditions of an object, empty where it has none of the kind."""
    return next((found for found in parts(thing, "status", "conditions") if found.get("type") == kind), {})


def is_ready(pod: Thing) -> bool:
    """Whether all containers answer."""
    return condition(pod, "Ready").get("status") == "True"


def is_going(thing: Thing | None) -> bool:
    """Whether the object is being deleted."""
    return bool(part(thing, "metadata").get("deletionTimestamp"))


def is_over(pod: Thing) -> bool:
    """Whether the pod ended for good, as an evicted one, and only its record is left."""
    return status(pod).get("phase") in {"Failed", "Succeeded"}


def has_node(pod: Thing) -> bool:
    """Whether a node was found for the pod."""
    return bool(part(pod, "spec").get("nodeName"))


def containers(pod: Thing | None) -> list[Thing]:
    """Return the statuses of the containers, those that only prepare left aside."""
    return parts(pod, "status", "containerStatuses")


def described(pod: Thing | None, container: str) -> Thing:
    """Return what the pod's specification says about one of its containers."""
    return next((found for found in parts(pod, "spec", "containers") if found.get("name") == container), {})


def restarts(pod: Thing | None) -> int:
    """Count the restarts of all containers."""
    return sum(int(container.get("restartCount") or 0) for container in containers(pod))


def waiting(pod: Thing) -> Iterator[Waiting]:
    """Give the containers that wait to run, in the order in which they start."""
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in parts(pod, "status", key):
            state = part(container, "state", "waiting")
            if state.get("reason"):
                reason, message = str(state["reason"]), str(state.get("message") or "")
                yield Waiting(container, reason, message, key == "initContainerStatuses")


def ended(container: Thing) -> Thing:
    """Return how the container ended the last time: ``exitCode``, ``reason``, ``message``; empty when it never did."""
    return part(container, "state", "terminated") or part(container, "lastState", "terminated")


def is_running(container: Thing) -> bool:
    """Whether the container runs now."""
    return "running" in part(container, "state")


def running_for(container: Thing, now: datetime) -> float | None:
    """Seconds since the container was started; None when it does not run."""
    return age(part(container, "state", "running").get("startedAt"), now)


def age(moment: object, now: datetime) -> float | None:
    """Seconds from an RFC 3339 moment to ``now``, 0 for a moment yet to come; None when there is no moment."""
    try:
        then = datetime.fromisoformat(str(moment or ""))
    except ValueError:
        return None
    return max(0.0, (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())


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
    sidecars = {c.get("name") for c in parts(pod, "spec", "initContainers") if c.get("restartPolicy") == "Always"}
    statuses = parts(pod, "status", "initContainerStatuses")
    for done, container in enumerate(statuses):
        over = part(container, "state", "terminated")
        if over.get("exitCode") == 0 or (container.get("name") in sidecars and container.get("started")):
            continue
        word = _word(container)
        return f"Init:{word if word and word != 'PodInitializing' else f'{done}/{len(statuses)}'}"
    return ""


def _word(container: Thing) -> str:
    if reason := part(container, "state", "waiting").get("reason"):
        return str(reason)
    if over := part(container, "state", "terminated"):
        signal = f"Signal:{over['signal']}" if over.get("signal") else f"ExitCode:{over.get('exitCode')}"
        return str(over.get("reason") or signal)
    return ""
