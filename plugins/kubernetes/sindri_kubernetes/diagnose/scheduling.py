"""No node takes the pod."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes import quantities
from sindri_kubernetes.diagnose.admission import amount_for_people
from sindri_kubernetes.diagnose.rule import Rank, name_of, rule, trouble, unscheduled, written
from sindri_kubernetes.manifests.names import label

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

GRACE = 15.0
"""Seconds in which a pod without a node is normal."""
SCALING = {"TriggeredScaleUp", "Nominated", "NominatedNode"}
"""What autoscalers say (cluster-autoscaler, Karpenter) when they are bringing a node."""
DEVICE = re.compile(r"Insufficient (?P<resource>[\w.-]+\.[\w-]+/[\w.-]+)")
SCARCE = re.compile(r"Insufficient (?P<resource>cpu|memory|ephemeral-storage)\b")
TAINT = re.compile(r"untolerated taint(?:\(s\)| \{(?P<key>[^:}]+): ?(?P<value>[^}]*)\})")
LABELS = re.compile(
    r"didn't match Pod's node (?:affinity|selector)|didn't (?:match|satisfy) (?:existing pods|pod|Pod's) "
    r"(?:anti-affinity|affinity|topology spread)|didn't have free ports"
)
PASSING = ("not-ready", "unreachable", "network-unavailable", "uninitialized")
"""Ends of taints that a node has for a while, and loses by itself."""
KEYS = {"cpu": "deployment.resources.cpus", "memory": "deployment.resources.memory"}


@rule("SND-K8S-215", Rank.SCHEDULING)
def gated_or_full(seen: Snapshot) -> Finding | None:
    """A scheduling gate holds the pod back, or every node has all the pods it may have."""
    if not (found := unscheduled(seen)):
        return None
    pod, condition, message = found
    gates = [str(gate["name"]) for gate in pod["spec"].get("schedulingGates") or ()]
    if gates:
        return trouble(
            f"the pod is held back by the scheduling gate {', '.join(gates)}",
            name_of(pod),
            seen=(message or "SchedulingGated",),
            cause="a controller of this cluster, often a queue, has to open the gate first",
            fix=("ask whoever runs the controller of that name", "a queue opens it when there is room"),
            heals=True,
        )
    if "Too many pods" in message:
        return trouble(
            "every node that would fit has all the pods that it may have",
            name_of(pod),
            seen=(message,),
            cause="a node takes a fixed number of pods (110 is usual), whatever they ask for",
            fix=("stop another environment: sindri list, then sindri stop --name NAME", "or add a node"),
            heals=_passing(seen, pod, condition),
        )
    return None


@rule("SND-K8S-214", Rank.SCHEDULING)
def device(seen: Snapshot) -> Finding | None:
    """No node has a free GPU, or other device, of the kind asked for."""
    if not (found := unscheduled(seen)) or not (match := DEVICE.search(found[2])):
        return None
    pod, condition, message = found
    resource = match["resource"].rstrip(".")
    having = [str(node["metadata"]["name"]) for node in seen.nodes if _allocatable(node, resource)]
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
        heals=_passing(seen, pod, condition),
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
        heals=_passing(seen, pod, condition),
    )


@rule("SND-K8S-216", Rank.SCHEDULING)
def zone(seen: Snapshot) -> Finding | None:
    """The volume is where no node can take the pod."""
    if not (found := unscheduled(seen)) or "volume node affinity conflict" not in found[2]:
        return None
    pod, condition, message = found
    name = str(((seen.claim or {}).get("spec") or {}).get("volumeName") or "")
    return trouble(
        "the home volume is in a place where no node can take the pod",
        name_of(pod),
        seen=(message, _place(seen.volume)),
        cause="a volume stays in its zone, or on its node, and there is no node there that fits",
        fix=(f"kubectl describe pv {name}   shows where", "bring a node back there, or restore a backup elsewhere"),
        heals=_passing(seen, pod, condition),
    )


def _place(volume: Thing | None) -> str:
    """Say where a volume can be reached from."""
    required = (((volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
    expressions = [e for term in required.get("nodeSelectorTerms") or () for e in term.get("matchExpressions") or ()]
    places = (f"{e['key']} {e['operator']} {', '.join(e.get('values') or ())}".strip() for e in expressions)
    return "; ".join(f"the volume needs a node with {place}" for place in places)


@rule("SND-K8S-212", Rank.SCHEDULING)
def taint(seen: Snapshot) -> Finding | None:
    """Every node that would fit is tainted, or closed to new pods."""
    if not (found := unscheduled(seen)) or SCARCE.search(found[2]) or DEVICE.search(found[2]):
        return None
    pod, condition, message = found
    if LABELS.search(message) and not _selected(seen, pod):
        return None
    taints = [match for match in TAINT.finditer(message) if match["key"]]
    if not taints:
        return _closed(seen, pod, condition, message)
    keys = [match["key"].strip() for match in taints]
    passing = [key for key in keys if key.endswith(PASSING)]
    troubled = all(key.startswith("node.kubernetes.io/") for key in keys)
    tolerations = ", ".join(dict.fromkeys(_toleration(seen, match) for match in taints))
    return trouble(
        "the nodes are not ready for pods" if troubled else "every node that would fit has a taint",
        name_of(pod),
        seen=(message,),
        cause="the cluster marks nodes that are in trouble, or not yet up"
        if troubled
        else "a taint keeps a node free for other work; a pod that may run there has to say that it tolerates it",
        fix=("kubectl describe nodes   shows the trouble",)
        if troubled
        else (written("providers.kubernetes.tolerations", f"[{tolerations}]"),),
        heals=bool(passing) or _passing(seen, pod, condition),
    )


def _closed(seen: Snapshot, pod: Thing, condition: Thing, message: str) -> Finding | None:
    """Nodes were taken out of service with ``kubectl cordon``."""
    if "node(s) were unschedulable" not in message:
        return None
    names = [str(node["metadata"]["name"]) for node in seen.nodes if node["spec"].get("unschedulable")]
    return trouble(
        "the nodes that would fit are closed to new pods",
        name_of(pod),
        seen=(message,),
        cause="somebody cordoned them, as before maintenance",
        fix=(f"kubectl uncordon {names[0] if names else 'NODE'}   when the maintenance is over",),
        heals=_passing(seen, pod, condition),
    )


def _toleration(seen: Snapshot, match: re.Match[str]) -> str:
    key, value = match["key"].strip(), match["value"].strip()
    taints = [t for node in seen.nodes for t in node["spec"].get("taints") or () if t.get("key") == key]
    effect = f", effect: {taints[0]['effect']}" if taints else ""
    matching = f"value: {value}" if value else "operator: Exists"
    return f"{{key: {key}, {matching}{effect}}}"


@rule("SND-K8S-213", Rank.SCHEDULING)
def labels(seen: Snapshot) -> Finding | None:
    """No node carries the labels that the pod asks for, or other pods keep it away."""
    if not (found := unscheduled(seen)) or SCARCE.search(found[2]) or DEVICE.search(found[2]):
        return None
    pod, condition, message = found
    if not LABELS.search(message) or (_selected(seen, pod) and TAINT.search(message)):
        return None
    selector = {str(key): str(value) for key, value in (pod["spec"].get("nodeSelector") or {}).items()}
    wanted = ", ".join(f"{key}: {value}" for key, value in selector.items())
    near = "; ".join(_nearest(seen, selector))
    likely = next((str(node["metadata"]["name"]) for node in seen.nodes if _has_device(node)), "NODE")
    pairs = " ".join(f"{key}={value}" for key, value in selector.items())
    return trouble(
        f"no node has the labels that the pod asks for: {wanted}" if wanted else "no node fits the pod's placement",
        name_of(pod),
        seen=(message, near),
        cause="deployment.resources.gpu places the environment on nodes with the label gpu"
        if "gpu" in selector
        else "the pod may only run on nodes with certain labels, or away from certain pods",
        fix=(f"kubectl label node {likely} {pairs}",) if pairs else ("kubectl get nodes --show-labels",),
        heals=_passing(seen, pod, condition),
    )


def _nearest(seen: Snapshot, selector: dict[str, str]) -> Iterator[str]:
    """Say which values the wanted labels have on the nodes."""
    for key in selector if seen.nodes else ():
        values = sorted({value for node in seen.nodes if (value := label(node, key))})
        yield f"nodes have {key}: {', '.join(values)}" if values else f"no node has a label {key}"


def _selected(seen: Snapshot, pod: Thing) -> bool:
    """Whether a node carries the labels of the pod's selector, so that they are not the trouble."""
    selector = pod["spec"].get("nodeSelector") or {}
    return any(all(label(node, key) == value for key, value in selector.items()) for node in seen.nodes)


def _has_device(node: Thing) -> bool:
    return any("/" in name for name in reading.status(node).get("allocatable") or {})


def _allocatable(node: Thing, resource: str) -> Fraction:
    return quantities.parse((reading.status(node).get("allocatable") or {}).get(resource, "0"))


def _requested(pod: Thing, resource: str) -> Fraction:
    asked = ((c.get("resources") or {}).get("requests") or {} for c in pod["spec"]["containers"])
    return sum((quantities.parse(requests.get(resource, "0")) for requests in asked), Fraction(0))


def _passing(seen: Snapshot, pod: Thing, condition: Thing) -> bool:
    """Whether it is too early to judge, or an autoscaler is bringing a node."""
    since = reading.age(condition.get("lastTransitionTime"), seen.taken_at)
    return (since or 0.0) < GRACE or any(event.get("reason") in SCALING for event in seen.events_of(pod))
