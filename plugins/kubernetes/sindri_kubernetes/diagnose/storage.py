"""The home volume does not come: no class, the wrong class, no provisioner, lost, held elsewhere."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.rule import (
    Rank,
    first_seen,
    kubectl,
    last_seen,
    name_of,
    rule,
    say,
    trouble,
    unscheduled,
)
from sindri_kubernetes.manifests.names import annotation

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

PATIENCE = 60.0
"""Seconds after which a provisioner that failed, or was called and did not come, is judged."""
EARLY = 15.0
"""Seconds in which a claim without a word about it is only new: a volume made by hand may still be bound to it."""
DEFAULT = "storageclass.kubernetes.io/is-default-class"
MISSING = re.compile(r'persistentvolumeclaim "(?P<name>[^"]+)" not found')
AGAIN = "then: sindri destroy --delete-data, then: sindri deploy   (the class of a claim cannot be changed)"
CLAIM = "PersistentVolumeClaim"


@rule("SND-K8S-221", Rank.CLAIM)
def claim_lost(seen: Snapshot) -> Finding | None:
    """The volume behind the claim is gone, or the claim itself."""
    if seen.claim is not None and reading.status(seen.claim).get("phase") == "Lost":
        return trouble(
            "the volume behind the home is gone",
            name_of(seen.claim, CLAIM),
            seen=("phase Lost", f"volume {reading.part(seen.claim, 'spec').get('volumeName')}"),
            cause="somebody deleted the PersistentVolume; what was in it is lost unless there is a backup",
            fix=(
                "restore the volume from a backup",
                "or start with an empty home: sindri destroy --delete-data, then: sindri deploy",
            ),
        )
    found = unscheduled(seen)
    if seen.claim is None and found and (match := MISSING.search(found[2])):
        return trouble(
            "the home's claim is gone",
            f"{CLAIM}/{match['name']}",
            seen=(found[2],),
            cause="somebody deleted it",
            fix=("sindri deploy   makes a new, empty one",),
        )
    return None


@rule("SND-K8S-217", Rank.CLAIM)
def no_class(seen: Snapshot) -> Finding | None:
    """The claim names no class and the cluster has no default."""
    if not (claim := _pending(seen)) or reading.part(claim, "spec").get("storageClassName"):
        return None
    said = _said(seen, claim, "FailedBinding")
    if _defaults(seen) or not (said or _may_list(seen)):
        return None
    classes = _classes(seen)
    first = classes[0] if classes else "NAME"
    return trouble(
        "the home has no storage class, and the cluster has no default one",
        name_of(claim, CLAIM),
        seen=(said, f"classes: {', '.join(classes) or 'none'}"),
        cause="without a class nobody makes the volume",
        fix=(
            f"kubectl annotate storageclass {first} {DEFAULT}=true   makes it the default, and the claim goes on",
            f"or in sindri.yaml: providers.kubernetes.storageClass: {first}",
            AGAIN,
        ),
        heals=not said and _early(seen, claim),
    )


@rule("SND-K8S-218", Rank.CLAIM)
def class_missing(seen: Snapshot) -> Finding | None:
    """The claim names a class that does not exist."""
    if not (claim := _pending(seen)):
        return None
    wanted, classes = str(reading.part(claim, "spec").get("storageClassName") or ""), _classes(seen)
    said = _said(seen, claim, "ProvisioningFailed")
    told = _names_no_class(said)
    if not wanted or wanted in classes or not (_may_list(seen) or told):
        return None
    close = difflib.get_close_matches(wanted, classes, n=1) or _defaults(seen) or classes[:1] or ["NAME"]
    return trouble(
        f"there is no storage class {wanted}",
        name_of(claim, CLAIM),
        seen=(said, f"classes: {', '.join(classes) or 'none'}" if _may_list(seen) else ""),
        cause="the claim waits for a class that does not exist",
        fix=(f"in sindri.yaml: providers.kubernetes.storageClass: {close[0]}", AGAIN),
        heals=not told and _early(seen, claim),
    )


@rule("SND-K8S-220", Rank.VOLUME)
def provisioner(seen: Snapshot) -> Finding | None:
    """The provisioner failed, or was called and never came."""
    if not (claim := _pending(seen)):
        return None
    for event in seen.events_of(claim):
        if _before(seen, event):
            continue
        failed = event.get("reason") == "ProvisioningFailed" and not _names_no_class(str(event.get("message")))
        since = _waited(seen, event)
        if failed or (event.get("reason") == "ExternalProvisioning" and since > PATIENCE):
            storage_class = str(reading.part(claim, "spec").get("storageClassName") or "")
            return trouble(
                "the storage provisioner does not make the volume",
                name_of(claim, CLAIM),
                seen=(say(event),),
                cause="the provisioner says why" if failed else "the driver of this class does not run in this cluster",
                fix=(
                    kubectl(seen, f"describe pvc {reading.name(claim)}"),
                    f"kubectl get storageclass {storage_class}   names the provisioner; ask whoever runs it",
                ),
                heals=since <= PATIENCE,
            )
    return None


@rule("SND-K8S-222", Rank.VOLUME)
def attached_elsewhere(seen: Snapshot) -> Finding | None:
    """The volume is still attached to another node."""
    for event in seen.events_of(seen.pod):
        if event.get("reason") == "FailedAttachVolume" and "Multi-Attach" in str(event.get("message")):
            return trouble(
                "the home volume is still attached to another node",
                name_of(seen.pod) if seen.pod else "Pod",
                seen=(say(event), *(f"old pod {reading.name(old)}" for old in seen.old_pods)),
                cause="a volume of this kind is used by one node at a time; the old node has not let go of it yet",
                fix=(
                    "wait: a node that is lost is given up after about six minutes",
                    "kubectl get volumeattachments   shows who holds it",
                ),
                heals=True,
            )
    return None


def _pending(seen: Snapshot) -> Thing | None:
    """Return the claim when the environment waits for it: a pod that has a node has its volume."""
    if seen.claim is None or seen.replicas == 0 or (seen.pod and reading.has_node(seen.pod)):
        return None
    if reading.status(seen.claim).get("phase") != "Pending":
        return None
    return seen.claim


def _said(seen: Snapshot, claim: Thing, reason: str) -> str:
    """Quote the last event of a kind, unless it is of an earlier attempt."""
    said = (event for event in seen.events_of(claim) if event.get("reason") == reason and not _before(seen, event))
    return next(map(say, said), "")


def _before(seen: Snapshot, event: Thing) -> bool:
    """Whether the event tells of an attempt before this pod: the claim is the same after a stop and a start."""
    last, began = reading.age(last_seen(event), seen.taken_at), _began(seen)
    return last is not None and began is not None and last > began + EARLY


def _waited(seen: Snapshot, event: Thing) -> float:
    """Seconds for which this has been so, counted from the pod at the earliest."""
    since = reading.age(first_seen(event), seen.taken_at) or 0.0
    began = _began(seen)
    return since if began is None else min(since, began)


def _began(seen: Snapshot) -> float | None:
    return reading.age(reading.part(seen.pod, "metadata").get("creationTimestamp"), seen.taken_at)


def _early(seen: Snapshot, claim: Thing) -> bool:
    since = reading.age(reading.part(claim, "metadata").get("creationTimestamp"), seen.taken_at)
    return since is not None and since < EARLY


def _names_no_class(message: str) -> bool:
    return "storageclass" in message and "not found" in message


def _may_list(seen: Snapshot) -> bool:
    return "storageclasses" not in seen.unreadable


def _classes(seen: Snapshot) -> list[str]:
    return [reading.name(found) for found in seen.classes]


def _defaults(seen: Snapshot) -> list[str]:
    return [reading.name(found) for found in seen.classes if annotation(found, DEFAULT) == "true"]
