"""Something is being deleted, and does not go, or should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, trouble

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

PATIENCE = 60.0
"""Seconds in which it is normal that what is deleted is still there."""
ITSELF = {"foregroundDeletion", "orphan"}
"""Finalizers by which Kubernetes itself waits for what belongs to an object."""
BLOCKED = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)


@rule("SND-K8S-242", Rank.REMOVAL)
def terminating(seen: Snapshot) -> Finding | None:
    """The namespace, the Deployment or the home is being deleted."""
    if reading.is_going(seen.space):
        return _namespace(seen, seen.space or {})
    if reading.is_going(seen.claim):
        return _claim(seen, seen.claim or {})
    if reading.is_going(seen.deployment):
        return _deployment(seen, seen.deployment or {})
    return None


def _namespace(seen: Snapshot, space: Thing) -> Finding:
    blocks = (reading.condition(space, kind) for kind in BLOCKED)
    facts = tuple(str(found.get("message")) for found in blocks if found.get("status") == "True")
    return trouble(
        f"the namespace {seen.namespace} is being deleted",
        f"Namespace/{seen.namespace}",
        seen=facts or (f"since {space['metadata']['deletionTimestamp']}",),
        cause="nothing can be made in it any more; it goes when the last thing in it has gone",
        fix=(f"kubectl get namespace {seen.namespace} -o yaml   names what it waits for", "or use another namespace"),
        heals=True,
    )


def _claim(seen: Snapshot, claim: Thing) -> Finding:
    name, volume = reading.name(claim), reading.part(claim, "spec").get("volumeName")
    keep = f'kubectl patch pv {volume} -p \'{{"spec":{{"persistentVolumeReclaimPolicy":"Retain"}}}}\''
    return trouble(
        "the home volume is being deleted: it goes when the environment stops",
        name_of(claim, "PersistentVolumeClaim"),
        seen=(f"deleted at {claim['metadata']['deletionTimestamp']}",),
        cause=f"somebody deleted {name}; Kubernetes keeps it only as long as a pod uses it",
        fix=(f"{keep}   keeps the disk", "copy out of the home what you need, before anything stops the pod")
        if volume
        else ("wait until it is gone, then: sindri deploy   makes a new one",),
        heals=not seen.pods,
    )


def _deployment(seen: Snapshot, deployment: Thing) -> Finding | None:
    finalizers = reading.part(deployment, "metadata").get("finalizers") or ()
    holders = [str(name) for name in finalizers if name not in ITSELF]
    since = reading.age(deployment["metadata"]["deletionTimestamp"], seen.taken_at) or 0.0
    if not holders or since < PATIENCE:
        return None
    return trouble(
        "the environment is deleted and does not go",
        name_of(deployment, "Deployment"),
        seen=(f"finalizers: {', '.join(holders)}",),
        cause="whoever set the finalizer has not done its work",
        fix=(kubectl(seen, f"get deployment {seen.name} -o yaml"), "ask whoever runs the controller of that name"),
        heals=True,
    )
