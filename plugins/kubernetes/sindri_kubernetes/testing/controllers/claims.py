"""Claims: bound to a new volume when their first consumer has a node, larger on request, gone when nobody uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing.controllers.nodes import SELECTED

if TYPE_CHECKING:
    from sindri_kubernetes.testing.controllers.scene import Scene

Body = dict[str, Any]
PROTECTION = "kubernetes.io/pvc-protection"
ABSENT = ".example.com"
"""How the names of provisioners end that do not run here; every other one makes its volumes at once."""
COMPONENT = "persistentvolume-controller"


def reconcile(scene: Scene) -> None:
    """Look after every claim, and after the volumes of those that are gone."""
    for claim in scene.store.list("PersistentVolumeClaim"):
        if claim["metadata"].get("deletionTimestamp"):
            _release(scene, claim)
        elif not claim["spec"].get("volumeName"):
            _provision(scene, claim)
        else:
            _resize(scene, claim)
    claims = {claim["metadata"]["uid"] for claim in scene.store.list("PersistentVolumeClaim")}
    for volume in scene.store.list("PersistentVolume"):
        reference = volume["spec"].get("claimRef")
        if reference is None or reference["uid"] in claims:
            continue
        if volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
            scene.store.remove(volume)
        elif volume["status"]["phase"] != "Released":
            volume["status"]["phase"] = "Released"
            scene.store.update(volume, subresource="status")


def _provision(scene: Scene, claim: Body) -> None:
    name = claim["spec"].get("storageClassName", "")
    found = scene.store.get("StorageClass", "", name)
    if found is None:
        if name and scene.after(claim["metadata"]["uid"], "class", 0):
            scene.forget(claim["metadata"]["uid"], "class")
            _say_once(scene, claim, "Warning", "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
        elif not name:
            text = "no persistent volumes available for this claim and no storage class is set"
            _say_once(scene, claim, "Normal", "FailedBinding", text)
        return
    waits = found["volumeBindingMode"] == "WaitForFirstConsumer"
    if waits and SELECTED not in claim["metadata"].get("annotations", {}):
        text = "waiting for first consumer to be created before binding"
        _say_once(scene, claim, "Normal", "WaitForFirstConsumer", text)
        return
    if found["provisioner"].endswith(ABSENT):
        text = f"Waiting for a volume to be created either by the external provisioner '{found['provisioner']}' or "
        text += "manually by the system administrator. If volume creation is delayed, please verify that the "
        text += "provisioner is running and correctly registered."
        _say_once(scene, claim, "Normal", "ExternalProvisioning", text)
        return
    metadata, spec = claim["metadata"], claim["spec"]
    volume = f"pvc-{metadata['uid']}"
    reference = {"kind": "PersistentVolumeClaim", "namespace": metadata["namespace"], "name": metadata["name"]}
    reference |= {"uid": metadata["uid"], "apiVersion": "v1", "resourceVersion": metadata["resourceVersion"]}
    scene.store.add(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": volume,
                "annotations": {"pv.kubernetes.io/provisioned-by": found["provisioner"]},
                "finalizers": ["kubernetes.io/pv-protection"],
            },
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "claimRef": reference,
                "persistentVolumeReclaimPolicy": found["reclaimPolicy"],
                "storageClassName": name,
                "volumeMode": spec["volumeMode"],
                "hostPath": {"path": f"/simulated/{volume}", "type": ""},
            },
            "status": {"phase": "Bound"},
        }
    )
    marks = metadata.setdefault("annotations", {})
    marks |= {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.beta.kubernetes.io/storage-provisioner": found["provisioner"],
        "volume.kubernetes.io/storage-provisioner": found["provisioner"],
    }
    spec["volumeName"] = volume
    scene.store.update(claim)
    capacity = {"storage": spec["resources"]["requests"]["storage"]}
    claim["status"] = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": capacity}
    scene.store.update(claim, subresource="status")
    text = f"Successfully provisioned volume {volume} using {found['provisioner']}"
    _say_once(scene, claim, "Normal", "ProvisioningSucceeded", text)


def _resize(scene: Scene, claim: Body) -> None:
    """Grow the volume at once: the simulated storage has no limit."""
    wanted = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
    if claim["status"].get("capacity") == wanted:
        return
    volume = scene.store.get("PersistentVolume", "", claim["spec"]["volumeName"])
    if volume is not None:
        volume["spec"]["capacity"] = wanted
        scene.store.update(volume)
    claim["status"]["capacity"] = wanted
    scene.store.update(claim, subresource="status")


def _release(scene: Scene, claim: Body) -> None:
    """Let a deleted claim go when no pod uses it."""
    finalizers = claim["metadata"].get("finalizers", [])
    if PROTECTION not in finalizers or _used(scene, claim):
        return
    claim["metadata"]["finalizers"] = [found for found in finalizers if found != PROTECTION]
    scene.store.update(claim)


def _used(scene: Scene, claim: Body) -> bool:
    name = claim["metadata"]["name"]
    return any(
        volume.get("persistentVolumeClaim", {}).get("claimName") == name
        for pod in scene.store.list("Pod", claim["metadata"]["namespace"])
        for volume in pod["spec"].get("volumes", [])
    )


def _say_once(scene: Scene, claim: Body, kind: str, reason: str, text: str) -> None:
    uid = claim["metadata"]["uid"]
    said = (found for found in scene.store.list("Event", claim["metadata"]["namespace"]) if found["reason"] == reason)
    if not any(found["involvedObject"]["uid"] == uid for found in said):
        scene.event(claim, kind, reason, text, COMPONENT)
