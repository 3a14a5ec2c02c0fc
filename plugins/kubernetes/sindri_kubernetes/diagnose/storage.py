"""The home volume does not come: no class, the wrong class, no provisioner, lost."""

from __future__ import annotations

import difflib
from datetime import datetime
from typing import TYPE_CHECKING

from sindri_core.types import Finding
from sindri_kubernetes.diagnose.rule import Rule, kubectl

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot

PATIENCE = 60.0
"""Seconds after which a provisioner that was called and did not come counts as absent."""
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def claim_lost(seen: Snapshot) -> Finding | None:
    """The volume behind the claim is gone."""
    if seen.claim is None or (seen.claim.get("status") or {}).get("phase") != "Lost":
        return None
    return Finding(
        code="SND-K8S-221",
        message="the volume behind the home is gone",
        object=f"PersistentVolumeClaim/{seen.claim['metadata']['name']}",
        seen=(f"volume {seen.claim['spec'].get('volumeName')}", "phase Lost"),
        cause="somebody deleted the PersistentVolume; what was in it is lost unless there is a backup",
        fix=("restore the volume, or start with an empty home: sindri destroy --delete-data, then sindri deploy",),
    )


def no_class(seen: Snapshot) -> Finding | None:
    """The claim names no class and the cluster has no default."""
    if not _pending(seen) or seen.claim is None or seen.claim["spec"].get("storageClassName"):
        return None
    names = [str(c["metadata"]["name"]) for c in seen.classes]
    if any((c["metadata"].get("annotations") or {}).get(DEFAULT) == "true" for c in seen.classes):
        return None
    return Finding(
        code="SND-K8S-217",
        message="the home has no storage class, and the cluster has no default one",
        object=f"PersistentVolumeClaim/{seen.claim['metadata']['name']}",
        seen=(f"classes: {', '.join(names) or 'none'}",),
        cause="without a class nobody makes the volume",
        fix=(
            f"providers.kubernetes.storageClass: {names[0] if names else 'NAME'}",
            "then sindri destroy --delete-data and sindri deploy: a claim's class cannot be changed",
        ),
    )


def class_missing(seen: Snapshot) -> Finding | None:
    """The claim names a class that does not exist."""
    if not _pending(seen) or seen.claim is None or not seen.classes:
        return None
    wanted = str(seen.claim["spec"].get("storageClassName") or "")
    names = [str(c["metadata"]["name"]) for c in seen.classes]
    if not wanted or wanted in names:
        return None
    close = difflib.get_close_matches(wanted, names, n=1)
    return Finding(
        code="SND-K8S-218",
        message=f"there is no storage class {wanted}",
        object=f"PersistentVolumeClaim/{seen.claim['metadata']['name']}",
        seen=(f"classes: {', '.join(names)}",),
        cause="the claim waits for a class that does not exist",
        fix=(
            f"providers.kubernetes.storageClass: {close[0] if close else names[0]}",
            "then sindri destroy --delete-data and sindri deploy: a claim's class cannot be changed",
        ),
    )


def provisioner(seen: Snapshot) -> Finding | None:
    """The provisioner failed, or was called and never came."""
    if not _pending(seen) or seen.claim is None:
        return None
    for event in seen.events_of(seen.claim):
        failed = event.get("reason") == "ProvisioningFailed" and "not found" not in str(event.get("message"))
        if failed or (event.get("reason") == "ExternalProvisioning" and _age(seen) > PATIENCE):
            return Finding(
                code="SND-K8S-220",
                message="the storage provisioner does not make the volume",
                object=f"PersistentVolumeClaim/{seen.claim['metadata']['name']}",
                seen=(str(event.get("message") or ""),),
                cause="the provisioner failed" if failed else "the provisioner of this class does not run here",
                fix=(kubectl(seen, f"describe pvc {seen.claim['metadata']['name']}"), "kubectl get storageclass"),
                heals=failed,
            )
    return None


def _pending(seen: Snapshot) -> bool:
    return seen.claim is not None and (seen.claim.get("status") or {}).get("phase") == "Pending"


def _age(seen: Snapshot) -> float:
    made = str(seen.claim["metadata"].get("creationTimestamp") or "") if seen.claim else ""
    return (seen.taken_at - datetime.fromisoformat(made)).total_seconds() if made else 0.0


RULES: tuple[Rule, ...] = (claim_lost, no_class, class_missing, provisioner)
