"""No node takes the pod."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes import quantities
from sindri_kubernetes.diagnose.admission import amount_for_people, amount_of
from sindri_kubernetes.diagnose.placing import (
    DEVICE,
    EXPLAINED,
    FULL,
    LABELS,
    PLACE,
    SCARCE,
    TAINT,
    passing,
    selects,
)
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, trouble, unscheduled, written
from sindri_kubernetes.manifests.names import label

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

KEYS = {"cpu": "deployment.resources.cpus", "memory": "deployment.resources.memory"}


@rule("SND-K8S-215", Rank.SCHEDULING)
def gated_or_full(seen: Snapshot) -> Finding | None:
    """A scheduling gate holds the pod back, or every node has all the pods it may have."""
    if not (found := unscheduled(seen)):
        return None
    pod, condition, message = found
    gates = [str(gate.get("name")) for gate in reading.parts(pod, "spec", "schedulingGates")]
    if gates:
        return trouble(
            f"the pod is held back by the scheduling gate {', '.join(gates)}",
            name_of(pod),
            seen=(message or "SchedulingGated",),
            cause="a controller of this cluster, often a queue, has to open the gate first",
            fix=("ask whoever runs the controller of that name", "a queue opens it when there is room"),
            heals=True,
        )
    if FULL.search(message):
        return trouble(
            "every node that would fit has all the pods that it may have",
            name_of(pod),
            seen=(message,),
            cause="a node takes a fixed number of pods (110 is usual), whatever they ask for",
            fix=("stop another environment: sindri list, then sindri stop --name NAME", "or add a node"),
            heals=passing(seen, pod, condition),
        )
    return None


@rule("SND-K8S-214", Rank.SCHEDULING)
def device(seen: Snapshot) -> Finding | None:
    """No node has a free GPU, or other device, of the kind asked for."""
    if not (found := unscheduled(seen)) or not (match := DEVICE.search(found[2])):
        return None
    pod, condition, message = found
    resource = match["resource"].rstrip(".")
    having = [reading.name(node) for node in seen.nodes if _allocatable(node, resource)]
    if having:
        cause = f"{', '.join(having)} has {resource}, and too few of them are free"
        fix = ("ask for fewer: deployment.resources.gpu.count", "or stop the environment that has it: sindri list")
    else:
        cause = f"no node offers {resource}: is the vendor's device plugin installed?"
        fix = ("install the device plugin of the vendor", "or leave deployment.resources.gpu out of sindri.yaml")
    return trouble(
        f"no node has a free {resource}",
        name_of(pod),
        seen=(message,),
        cause=cause if seen.nodes else "the device plugin is not installed, or all devices are in use",
        fix=(*fix, "kubectl describe nodes   shows what each node offers and what is taken"),
        heals=passing(seen, pod, condition),
    )


@rule("SND-K8S-211", Rank.SCHEDULING)
def room(seen: Snapshot) -> Finding | None:
    """No node has enough processors or memory."""
    if not (found := unscheduled(seen)) or not (match := SCARCE.search(found[2])) or DEVICE.search(found[2]):
        return None
    pod, condition, message = found
    resource = match["resource"]
    wanted = _requested(pod, resource)
    largest = max((_allocatable(node, resource) for node in seen.nodes), default=None)
    listed = f"asked for: {resource} {quantities.write(wanted, resource)} (requests are half of the limits)"
    biggest = f"the largest node has {resource} {quantities.write(largest, resource)}" if largest is not None else ""
    others = "stop another environment: sindri list, then sindri stop --name NAME"
    less = f"ask for less in sindri.yaml: {KEYS.get(resource, 'deployment.resources')}"
    cause = "the nodes lack room for what is asked for"
    fix: tuple[str, ...] = (less, f"or {others}", "or add a node")
    if largest is not None and wanted > largest:
        cause = "no node is large enough, even an empty one"
        fitting = (written(key, amount_for_people(key, largest)),) if (key := KEYS.get(resource)) else ()
        fix = (*fitting, "or add a larger node") if fitting else (less, "or add a larger node")
    elif largest is not None:
        cause = "a node would be large enough, but other pods have taken the room"
    return trouble(
        f"no node has room for this environment: {resource}",
        name_of(pod),
        seen=(message, listed, biggest),
        cause=cause,
        fix=fix,
        heals=passing(seen, pod, condition),
    )


@rule("SND-K8S-216", Rank.SCHEDULING)
def zone(seen: Snapshot) -> Finding | None:
    """The volume is where no node can take the pod."""
    if not (found := unscheduled(seen)) or not PLACE.search(found[2]):
        return None
    pod, condition, message = found
    name = str(reading.part(seen.claim, "spec").get("volumeName") or "")
    return trouble(
        "the home volume is in a place where no node can take the pod",
        name_of(pod),
        seen=(message, _place(seen.volume)),
        cause="a volume stays in its zone, or on its node, and there is no node there that fits",
        fix=(f"kubectl describe pv {name}   shows where", "bring a node back there, or restore a backup elsewhere"),
        heals=passing(seen, pod, condition),
    )


def _place(volume: Thing | None) -> str:
    """Say where a volume can be reached from."""
    terms = reading.parts(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms")
    expressions = [e for term in terms for e in reading.parts(term, "matchExpressions")]
    places = (f"{e.get('key')} {e.get('operator')} {', '.join(map(str, e.get('values') or ()))}" for e in expressions)
    return "; ".join(f"the volume needs a node with {place.strip()}" for place in places)


@rule("SND-K8S-213", Rank.SCHEDULING)
def labels(seen: Snapshot) -> Finding | None:
    """No node carries the labels that the pod asks for, or other pods keep it away."""
    if not (found := unscheduled(seen)) or SCARCE.search(found[2]) or DEVICE.search(found[2]):
        return None
    pod, condition, message = found
    if not LABELS.search(message) or (_selected(seen, pod) and TAINT.search(message)):
        return None
    selector = {str(key): str(value) for key, value in reading.part(pod, "spec", "nodeSelector").items()}
    wanted = ", ".join(f"{key}: {value}" for key, value in selector.items())
    near = "; ".join(_nearest(seen, selector))
    likely = next((reading.name(node) for node in seen.nodes if _has_device(node)), "NODE")
    pairs = " ".join(f"{key}={value}" for key, value in selector.items())
    return trouble(
        f"no node has the labels that the pod asks for: {wanted}" if wanted else "no node fits the pod's placement",
        name_of(pod),
        seen=(message, near),
        cause="deployment.resources.gpu places the environment on nodes with the label gpu"
        if "gpu" in selector
        else "the pod may only run on nodes with certain labels, or away from certain pods",
        fix=(f"kubectl label node {likely} {pairs}",) if pairs else ("kubectl get nodes --show-labels",),
        heals=passing(seen, pod, condition),
    )


def _nearest(seen: Snapshot, selector: dict[str, str]) -> Iterator[str]:
    """Say which values the wanted labels have on the nodes."""
    for key in selector if seen.nodes else ():
        values = sorted({value for node in seen.nodes if (value := label(node, key))})
        yield f"nodes have {key}: {', '.join(values)}" if values else f"no node has a label {key}"


def _selected(seen: Snapshot, pod: Thing) -> bool:
    """Whether a node carries the labels of the pod's selector, so that they are not the trouble."""
    return any(selects(pod, node) for node in seen.nodes)


@rule("SND-K8S-219", Rank.UNKNOWN)
def no_node(seen: Snapshot) -> Finding | None:
    """The scheduler gives a reason that no other rule knows, as a volume that it waits for."""
    if not (found := unscheduled(seen)) or any(pattern.search(found[2]) for pattern in EXPLAINED):
        return None
    pod, _, message = found
    waits = "PersistentVolumeClaim" in message
    if not message or (seen.claim is None and waits) or reading.parts(pod, "spec", "schedulingGates"):
        return None
    return trouble(
        "the pod waits for its volume" if waits else "no node takes the pod",
        name_of(pod),
        seen=(message,),
        cause="a node is chosen once the volume is there" if waits else "the scheduler says why",
        fix=(
            kubectl(seen, f"describe pvc {reading.name(seen.claim)}")
            if waits
            else kubectl(seen, f"describe pod {reading.name(pod)}"),
            "kubectl get nodes   shows whether they are ready",
        ),
        heals=True,
    )


def _has_device(node: Thing) -> bool:
    return any("/" in name for name in reading.part(node, "status", "allocatable"))


def _allocatable(node: Thing, resource: str) -> Fraction:
    return amount_of(reading.part(node, "status", "allocatable").get(resource))


def _requested(pod: Thing, resource: str) -> Fraction:
    asked = (reading.part(c, "resources", "requests") for c in reading.parts(pod, "spec", "containers"))
    return sum((amount_of(requests.get(resource)) for requests in asked), Fraction(0))
