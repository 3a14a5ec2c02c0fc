"""No node takes the pod."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from sindri_core.types import Finding
from sindri_kubernetes.diagnose.rule import Rule, name_of, unscheduled

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot

GRACE = 15.0
"""Seconds in which a pod without a node is normal."""
_GPU = re.compile(r"Insufficient (?P<resource>(?:nvidia|amd|gpu\.intel)\.com/\S+?)[,.]?(?:\s|$)")
_SCARCE = re.compile(r"Insufficient (?P<resource>cpu|memory|ephemeral-storage)")


def gated(seen: Snapshot) -> Finding | None:
    """A scheduling gate holds the pod back."""
    return _finding(seen, "SND-K8S-215", r"SchedulingGated|scheduling gates|Too many pods", "gated")


def gpu(seen: Snapshot) -> Finding | None:
    """No node has a free accelerator."""
    return _finding(seen, "SND-K8S-214", _GPU.pattern, "gpu")


def room(seen: Snapshot) -> Finding | None:
    """No node has enough processor or memory."""
    return _finding(seen, "SND-K8S-211", _SCARCE.pattern, "room")


def zone(seen: Snapshot) -> Finding | None:
    """The volume is where no node is."""
    return _finding(seen, "SND-K8S-216", "volume node affinity conflict", "zone")


def affinity(seen: Snapshot) -> Finding | None:
    """No node carries the labels that the pod asks for."""
    return _finding(seen, "SND-K8S-213", r"didn't match Pod's node affinity", "affinity")


def taint(seen: Snapshot) -> Finding | None:
    """Every node that would fit is tainted."""
    return _finding(seen, "SND-K8S-212", "untolerated taint", "taint")


_TEXTS: dict[str, tuple[str, str, str]] = {
    "gated": (
        "the pod is held back from scheduling",
        "a gate is set, or every node has all the pods it may have",
        "kubectl describe pod   names the gate; more nodes help against too many pods",
    ),
    "gpu": (
        "no node has a free GPU of the kind asked for",
        "the device plugin is not installed, or all of them are in use",
        "ask for fewer: deployment.resources.gpu.count, or install the vendor's device plugin",
    ),
    "room": (
        "no node has room for this environment",
        "each node lacks processors or memory for what is asked for",
        "ask for less in sindri.yaml: deployment.resources, or add a node",
    ),
    "zone": (
        "the home volume is in a place where no node can take the pod",
        "a volume stays in its zone, and no node there fits",
        "add a node in the volume's zone: kubectl get pv   shows it",
    ),
    "affinity": (
        "no node has the labels that the pod asks for",
        "the pod may only run on nodes with certain labels (a GPU asks for gpu: TYPE)",
        "kubectl get nodes --show-labels, then label a node: kubectl label node NAME gpu=nvidia",
    ),
    "taint": (
        "every node that would fit has a taint that the pod does not tolerate",
        "taints keep nodes free for other work",
        "name the taint in providers.kubernetes.tolerations",
    ),
}


def _finding(seen: Snapshot, code: str, pattern: str, text: str) -> Finding | None:
    message, cause, fix = _TEXTS[text]
    found = unscheduled(seen)
    if not found or not re.search(pattern, str(found[1].get("message"))):
        return None
    pod, condition = found
    return Finding(
        code=code,
        message=message,
        object=name_of(pod),
        seen=(str(condition.get("message") or ""),),
        cause=cause,
        fix=(fix,),
        heals=_young(seen, condition) or _scaling(seen),
    )


def _young(seen: Snapshot, condition: dict[str, str]) -> bool:
    since = condition.get("lastTransitionTime")
    return bool(since) and (seen.taken_at - datetime.fromisoformat(str(since))).total_seconds() < GRACE


def _scaling(seen: Snapshot) -> bool:
    """Whether an autoscaler is bringing a node."""
    return any(event.get("reason") == "TriggeredScaleUp" for pod in seen.pods for event in seen.events_of(pod))


RULES: tuple[Rule, ...] = (gated, gpu, room, zone, affinity, taint)
