"""The home does not come: no class, a wrong one, no provisioner, lost, held elsewhere, being deleted."""

from __future__ import annotations

from typing import Any

import pytest
from checking import codes, found, text
from recording import Recording, recorded


def said(recording: Recording, kind: str, reason: str, message: str, *, ago: float = 0.0, since: float = 0.0) -> None:
    """Let something be said about an object, last seen ``ago`` seconds before the recording, first seen ``since``."""
    from datetime import timedelta

    about = recording.of(kind)
    first, last = (recording.taken_at - timedelta(seconds=seconds) for seconds in (since or ago, ago))
    event: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{reason}.{ago}", "namespace": recording.namespace},
        "involvedObject": {"uid": about["metadata"]["uid"]},
        "reason": reason,
        "message": message,
        "firstTimestamp": first.isoformat(),
        "lastTimestamp": last.isoformat(),
        "count": 1,
    }
    recording.objects.append(event)


def test_no_class_and_no_default() -> None:
    """The classes that exist are listed, with both ways out and what they cost."""
    finding = found(recorded("no-class"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-217", "PersistentVolumeClaim/dev-home-pvc", False)
    assert "no storage class is set" in finding.seen[0]
    assert finding.seen[1] == "classes: absent-driver, standard"
    assert "is-default-class=true" in finding.fix[0]
    assert "providers.kubernetes.storageClass: absent-driver" in finding.fix[1]
    assert "sindri destroy --delete-data" in finding.fix[2]


def test_a_claim_without_a_class_hides_that_no_node_has_room() -> None:
    """The scheduler waits for the claim: its class is the root cause, whatever else the pod's condition says."""
    recording = recorded("no-class").later(20)
    condition = next(c for c in recording.of("Pod")["status"]["conditions"] if c["type"] == "PodScheduled")
    condition["message"] = "0/2 nodes are available: 2 Insufficient cpu."
    assert codes(recording) == ["SND-K8S-217", "SND-K8S-211"]


def test_a_default_class_that_came_heals_by_itself() -> None:
    """With a default class the claim gets it at once; the event of before says nothing any more."""
    recording = recorded("no-class")
    annotations = recording.of("StorageClass", "standard")["metadata"]["annotations"]
    annotations["storageclass.kubernetes.io/is-default-class"] = "true"
    assert "SND-K8S-217" not in codes(recording)


def test_a_new_claim_without_a_class_is_given_time() -> None:
    """A volume that somebody made by hand is bound within moments; until the cluster complains, that may happen."""
    recording = recorded("no-class").remove("Event")
    recording.of("PersistentVolumeClaim")["metadata"]["creationTimestamp"] = recording.taken_at.isoformat()
    assert found(recording).heals
    assert not found(recording.later(16)).heals


def test_no_class_without_the_right_to_list_them() -> None:
    """The event alone is enough; without it nothing is known."""
    recording = recorded("no-class")
    recording.forbidden = {"storageclasses"}
    assert found(recording).code == "SND-K8S-217"
    assert "SND-K8S-217" not in codes(recording.remove("Event"))


def test_a_class_that_does_not_exist() -> None:
    """The default class is proposed, and what changing it costs."""
    finding = found(recorded("class-missing"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-218", "PersistentVolumeClaim/dev-home-pvc", False)
    assert finding.message == "there is no storage class fast-ssd"
    assert "in sindri.yaml: providers.kubernetes.storageClass: standard" in finding.fix


def test_a_misspelt_class_is_guessed() -> None:
    """Did you mean."""
    recording = recorded("class-missing")
    recording.of("PersistentVolumeClaim")["spec"]["storageClassName"] = "absent-drivr"
    assert "in sindri.yaml: providers.kubernetes.storageClass: absent-driver" in found(recording).fix


def test_a_missing_class_may_belong_to_a_volume_made_by_hand() -> None:
    """Volumes made by hand often have a class that exists nowhere else: no verdict before the cluster complains."""
    recording = recorded("class-missing").remove("Event")
    recording.of("PersistentVolumeClaim")["metadata"]["creationTimestamp"] = recording.taken_at.isoformat()
    assert found(recording).heals


def test_a_provisioner_that_never_comes() -> None:
    """Called for more than a minute and silent: its driver does not run."""
    finding = found(recorded("provisioner-absent").later(120))
    assert (finding.code, finding.heals) == ("SND-K8S-220", False)
    assert "csi.example.com" in finding.seen[0]
    assert finding.cause == "the driver of this class does not run in this cluster"
    assert "kubectl get storageclass absent-driver" in text(finding)


def test_a_provisioner_that_was_just_called_is_no_trouble() -> None:
    """Making a volume takes a moment."""
    assert codes(recorded("provisioner-absent")) == []


def test_a_provisioner_that_failed_says_why() -> None:
    """The provisioner's own words are quoted; for a minute it may try again."""
    recording = recorded("provisioner-absent")
    sentence = "failed to provision volume with StorageClass: rpc error: code = ResourceExhausted desc = quota exceeded"
    said(recording, "PersistentVolumeClaim", "ProvisioningFailed", sentence)
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-220", True)
    assert finding.seen == (f"ProvisioningFailed: {sentence}",)
    assert not found(recording.later(61)).heals


def test_what_a_provisioner_said_before_this_pod_is_of_the_past() -> None:
    """The claim outlives stop and start; an old failure must not end the new attempt."""
    recording = recorded("provisioner-absent").remove("Event")
    said(recording, "PersistentVolumeClaim", "ProvisioningFailed", "rpc error: quota exceeded", ago=3600)
    said(recording, "PersistentVolumeClaim", "ExternalProvisioning", "Waiting for a volume", since=3600)
    assert codes(recording) == []


def test_waiting_for_the_first_consumer_is_no_trouble() -> None:
    """Such a claim stays pending until its pod has a place: the trouble is the pod's alone."""
    recording = recorded("no-room").later(600)
    assert "WaitForFirstConsumer" in str(recording.every("Event"))
    assert codes(recording) == ["SND-K8S-211"]


def test_a_lost_volume_is_told_as_a_loss_of_data() -> None:
    """Phase Lost means that the data is gone; nothing promises to bring it back."""
    finding = found(recorded("claim-lost"))
    assert (finding.code, finding.object, finding.heals) == ("SND-K8S-221", "PersistentVolumeClaim/dev-home-pvc", False)
    assert "lost unless there is a backup" in finding.cause
    assert finding.fix[-1] == "or start with an empty home: sindri destroy --delete-data, then: sindri deploy"


def test_a_claim_that_somebody_deleted() -> None:
    """The scheduler says that the claim is not there; deploying makes an empty one."""
    finding = found(recorded("claim-missing"))
    assert (finding.code, finding.object) == ("SND-K8S-221", "PersistentVolumeClaim/dev-home-pvc")
    assert finding.fix == ("sindri deploy   makes a new, empty one",)
    assert codes(recorded("claim-missing"))[0] == "SND-K8S-221"


def test_a_claim_that_is_back_is_not_missing() -> None:
    """The pod's condition lags behind the claim."""
    recording = recorded("claim-missing")
    claim = recorded("running").of("PersistentVolumeClaim")
    claim["metadata"]["namespace"] = recording.namespace
    recording.objects.append(claim)
    assert "SND-K8S-221" not in codes(recording)


def test_a_volume_that_another_node_holds() -> None:
    """It is waited for, and the old pod is named."""
    recording = recorded("image-not-found")
    pod = recording.of("Pod")
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}}
    pod["status"]["containerStatuses"][0] |= waiting
    said(
        recording,
        "Pod",
        "FailedAttachVolume",
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) x',
    )
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-222", True)
    assert "about six minutes" in finding.fix[0]


@pytest.mark.parametrize(
    ("case", "kind", "code_heals"),
    [("running", "PersistentVolumeClaim", False), ("stopped", "PersistentVolumeClaim", True)],
)
def test_a_home_that_is_being_deleted(case: str, kind: str, code_heals: bool) -> None:
    """While a pod uses it the home can be saved, and the way is told; without a pod it only has to go."""
    recording = recorded(case)
    recording.of(kind)["metadata"]["deletionTimestamp"] = "2026-11-24T13:58:00Z"
    finding = found(recording)
    assert (finding.code, finding.heals) == ("SND-K8S-242", code_heals)
    assert 'persistentVolumeReclaimPolicy":"Retain"' in text(finding)


def test_a_namespace_that_is_being_deleted_says_what_it_waits_for() -> None:
    """The conditions of the namespace name what is left in it."""
    recording = recorded("running")
    space = recording.of("Namespace")
    space["metadata"]["deletionTimestamp"] = "2026-11-24T13:58:00Z"
    message = "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    condition = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": message}
    space["status"] = {"phase": "Terminating", "conditions": [condition]}
    finding = found(recording)
    assert (finding.code, finding.object) == ("SND-K8S-242", "Namespace/run")
    assert finding.seen == (message,)


def test_a_deployment_that_a_finalizer_holds() -> None:
    """After a minute the finalizer is named; Kubernetes' own, which waits for the pods, never is."""
    assert codes(recorded("deployment-held")) == []
    finding = found(recorded("deployment-held").later(61))
    assert finding.code == "SND-K8S-242"
    assert finding.seen == ("finalizers: example.com/hold",)
    recording = recorded("deployment-held").later(61)
    recording.of("Deployment")["metadata"]["finalizers"] = ["foregroundDeletion"]
    assert codes(recording) == []
