"""Nodes would fit, and keep pods away: by a taint, or because somebody closed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.placing import CLOSED, DEVICE, LABELS, SCARCE, TAINT, passing, selects
from sindri_kubernetes.diagnose.rule import Rank, name_of, rule, trouble, unscheduled, written

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

PASSING = ("not-ready", "unreachable", "network-unavailable", "uninitialized")
"""Ends of taints that a node has for a while, and loses by itself."""
HARD = {"NoSchedule", "NoExecute"}
"""Effects of taints that keep a pod away; the others only advise."""


class Taint(NamedTuple):
    """What keeps pods away from a node that do not say that they tolerate it."""

    key: str
    value: str
    effect: str


@rule("SND-K8S-212", Rank.SCHEDULING)
def taint(seen: Snapshot) -> Finding | None:
    """Every node that would fit is tainted, or closed to new pods."""
    if not (found := unscheduled(seen)) or SCARCE.search(found[2]) or DEVICE.search(found[2]):
        return None
    pod, condition, message = found
    if LABELS.search(message) and not any(selects(pod, node) for node in seen.nodes):
        return None
    if not TAINT.search(message):
        return _closed(seen, pod, condition, message)
    taints = _named(seen, message) or _untolerated(seen, pod)
    keys = [found.key for found in taints]
    troubled = bool(keys) and all(key.startswith("node.kubernetes.io/") for key in keys)
    tolerations = ", ".join(dict.fromkeys(map(_toleration, taints))) or "{key: KEY, operator: Exists}"
    return trouble(
        "the nodes are not ready for pods" if troubled else "every node that would fit has a taint",
        name_of(pod),
        seen=(message, *dict.fromkeys(f"taint {_written(found)}" for found in taints)),
        cause="the cluster marks nodes that are in trouble, or not yet up"
        if troubled
        else "a taint keeps a node free for other work; a pod that may run there has to say that it tolerates it",
        fix=("kubectl describe nodes   shows the trouble",)
        if troubled
        else (
            written("providers.kubernetes.tolerations", f"[{tolerations}]"),
            *(() if keys else ("kubectl describe nodes   shows the taints",)),
        ),
        heals=any(key.endswith(PASSING) for key in keys) or passing(seen, pod, condition),
    )


def _closed(seen: Snapshot, pod: Thing, condition: Thing, message: str) -> Finding | None:
    """Nodes were taken out of service with ``kubectl cordon``."""
    if not CLOSED.search(message):
        return None
    names = [reading.name(node) for node in seen.nodes if reading.part(node, "spec").get("unschedulable")]
    return trouble(
        "the nodes that would fit are closed to new pods",
        name_of(pod),
        seen=(message,),
        cause="somebody cordoned them, as before maintenance",
        fix=(f"kubectl uncordon {names[0] if names else 'NODE'}   when the maintenance is over",),
        heals=passing(seen, pod, condition),
    )


def _named(seen: Snapshot, message: str) -> list[Taint]:
    """Return the taints that the scheduler names (before Kubernetes 1.34), with their effects from the nodes."""
    named = [(match["key"].strip(), match["value"].strip()) for match in TAINT.finditer(message) if match["key"]]
    effects = {there.key: there.effect for node in seen.nodes for there in _taints(node)}
    return [Taint(key, value, effects.get(key, "")) for key, value in named]


def _untolerated(seen: Snapshot, pod: Thing) -> list[Taint]:
    """Return the taints that keep the pod away from the nodes that its labels allow."""
    tolerations = reading.parts(pod, "spec", "tolerations")
    return [
        there
        for node in seen.nodes
        if not reading.part(node, "spec").get("unschedulable") and selects(pod, node)
        for there in _taints(node)
        if there.effect in HARD and not any(_tolerates(toleration, there) for toleration in tolerations)
    ]


def _taints(node: Thing) -> Iterator[Taint]:
    for found in reading.parts(node, "spec", "taints"):
        yield Taint(*(str(found.get(key) or "") for key in ("key", "value", "effect")))


def _tolerates(toleration: Thing, found: Taint) -> bool:
    if toleration.get("effect") not in {None, "", found.effect}:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, "", found.key}
    return (toleration.get("key"), toleration.get("value") or "") == (found.key, found.value)


def _written(found: Taint) -> str:
    """Write a taint as kubectl does: ``key=value:effect``."""
    return found.key + (f"={found.value}" if found.value else "") + (f":{found.effect}" if found.effect else "")


def _toleration(found: Taint) -> str:
    matching = f"value: {found.value}" if found.value else "operator: Exists"
    return f"{{key: {found.key}, {matching}{f', effect: {found.effect}' if found.effect else ''}}}"
