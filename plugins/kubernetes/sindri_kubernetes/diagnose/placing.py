"""What the scheduler's sentence names, and whether it is too early to judge it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.manifests.names import label

if TYPE_CHECKING:
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
PLACE = re.compile(r"volume node affinity conflict")
FULL = re.compile(r"Too many pods")
CLOSED = re.compile(r"node\(s\) were unschedulable")
EXPLAINED = (DEVICE, SCARCE, LABELS, TAINT, PLACE, FULL, CLOSED)
"""The reasons of the scheduler that have a rule of their own."""


def passing(seen: Snapshot, pod: Thing, condition: Thing) -> bool:
    """Whether it is too early to judge, or an autoscaler is bringing a node."""
    since = reading.age(condition.get("lastTransitionTime"), seen.taken_at)
    return (since or 0.0) < GRACE or any(event.get("reason") in SCALING for event in seen.events_of(pod))


def selects(pod: Thing, node: Thing) -> bool:
    """Whether the node carries the labels that the pod asks for."""
    selector = reading.part(pod, "spec", "nodeSelector")
    return all(label(node, key) == value for key, value in selector.items())
