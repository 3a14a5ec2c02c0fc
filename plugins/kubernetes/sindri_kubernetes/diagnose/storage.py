"""The home volume does not come: no class, the wrong class, no provisioner, lost, held elsewhere."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes.diagnose.rule import Rank, kubectl, name_of, rule, say, trouble, unscheduled
from sindri_kubernetes.manifests.names import annotation

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.pods import Thing
    from sindri_kubernetes.snapshot import Snapshot

PATIENCE = 60.0
"""Seconds after which a provisioner that failed, or was called and did not come, is judged."""
DEFAULT = "storageclass.kubernetes.io/is-default-class"
MISSING = re.compile(r'persistentvolumeclaim "(?P<name>[^"]+)" not found')
AGAIN = "then: sindri destroy --delete-data, then: sindri deploy   (the class of a claim cannot be changed)"
CLAIM = "PersistentVolumeClaim"


@rule("SND-K8S-221", Rank.VOLUME)
def claim_lost(seen: Snapshot) -> Finding | None:
    """The volume behind the claim is gone, or the claim itself."""
    if seen.claim is not None and reading.status(seen.claim).get("phase") == "Lost":
        return trouble(
            "the volume behind the home is gone",
            name_of(seen.claim, CLAIM),
            seen=("phase Lost", f"volume {seen.claim['spec'].get('volumeName')}"),
            cause="somebody deleted the PersistentVolume; what was in it is lost unless there is a backup",
            fix=(
                "restore the volume from a backup",
                f"or start with an empty home; {AGAIN.partition(',')[0]}, then: sindri deploy",
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


@rule("SND-K8S-217", Rank.VOLUME)
def no_class(seen: Snapshot) -> Finding | None:
    """The claim names no class and the cluster has no default."""
    if not (claim := _pending(seen)) or claim["spec"].get("storageClassName"):
        return None
    said = _said(seen, claim, "FailedBinding")
    if any(annotation(found, DEFAULT) == "true" for found in seen.classes) or not (said or _may_list(seen)):
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
    )


@rule("SND-K8S-218", Rank.VOLUME)
def class_missing(seen: Snapshot) -> Finding | None:
    """The claim names a class that does not exist."""
    if not (claim := _pending(seen)):
        return None
    wanted, classes = str(claim["spec"].get("storageClassName") or ""), _classes(seen)
    said = _said(seen, claim, "ProvisioningFailed")
    if not wanted or wanted in classes or not (_may_list(seen) or _names_no_class(said)):
        return None
    close = difflib.get_close_matches(wanted, classes, n=1) or classes[:1] or ["NAME"]
    return trouble(
        f"there is no storage class {wanted}",
        name_of(claim, CLAIM),
        seen=(said, f"classes: {', '.join(classes) or 'none'}" if _may_list(seen) else ""),
        cause="the claim waits for a class that does not exist",
        fix=(f"in sindri.yaml: providers.kubernetes.storageClass: {close[0]}", AGAIN),
    )


@rule("SND-K8S-220", Rank.VOLUME)
def provisioner(seen: Snapshot) -> Finding | None:
    """The provisioner failed, or was called and never came."""
    if not (claim := _pending(seen)):
        return None
    for event in seen.events_of(claim):
        failed = event.get("reason") == "ProvisioningFailed" and not _names_no_class(str(event.get("message")))
        since = reading.age(event.get("firstTimestamp") or event.get("eventTime"), seen.taken_at) or 0.0
        if failed or (event.get("reason") == "ExternalProvisioning" and since > PATIENCE):
            storage_class = str(claim["spec"].get("storageClassName") or "")
            return trouble(
                "the storage provisioner does not make the volume",
                name_of(claim, CLAIM),
                seen=(say(event),),
                cause="the provisioner says why" if failed else "the driver of this class does not run in this cluster",
                fix=(
                    kubectl(seen, f"describe pvc {claim['metadata']['name']}"),
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
                seen=(say(event), *(f"old pod {old['metadata']['name']}" for old in seen.old_pods)),
                cause="a volume of this kind is used by one node at a time; the old node has not let go of it yet",
                fix=(
                    "wait: a node that is lost is given up after about six minutes",
                    "kubectl get volumeattachments   shows who holds it",
                ),
                heals=True,
            )
    return None


def _pending(seen: Snapshot) -> Thing | None:
    """Return the claim when the environment waits for it. One that waits for its first pod is as it should be."""
    if seen.claim is None or seen.replicas == 0 or reading.status(seen.claim).get("phase") != "Pending":
        return None
    return seen.claim


def _said(seen: Snapshot, claim: Thing, reason: str) -> str:
    return next((say(event) for event in seen.events_of(claim) if event.get("reason") == reason), "")


def _names_no_class(message: str) -> bool:
    return "storageclass" in message and "not found" in message


def _may_list(seen: Snapshot) -> bool:
    return "storageclasses" not in seen.unreadable


def _classes(seen: Snapshot) -> list[str]:
    return [str(found["metadata"]["name"]) for found in seen.classes]
