"""What is of the past is not told, and of several troubles the root stands first."""

from __future__ import annotations

import copy
import itertools
from datetime import timedelta
from typing import Any

import pytest
from checking import codes
from recording import Recording, recorded
from test_rules_storage import said


def test_pods_of_an_earlier_template_are_not_judged() -> None:
    """The image was corrected: the pod of the old one still fails beside the new one."""
    recording = recorded("replaced")
    old = next(body for body in recording.every("ReplicaSet") if body["spec"]["replicas"] == 0)
    recording.objects.append(_failing(recording.of("Pod"), old["metadata"]["uid"]))
    taken = recording.snapshot()
    assert [pod["metadata"]["name"] for pod in taken.old_pods] == ["dev-old"]
    assert codes(recording) == []


def _failing(pod: dict[str, Any], owner: str) -> dict[str, Any]:
    failing = copy.deepcopy(pod)
    failing["metadata"] |= {"name": "dev-old", "uid": "old", "ownerReferences": [{"uid": owner}]}
    failing["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    waiting = {"reason": "ImagePullBackOff", "message": "not found"}
    failing["status"]["containerStatuses"][0] |= {"state": {"waiting": waiting}, "ready": False}
    return failing


def test_a_pod_that_is_being_deleted_is_not_judged() -> None:
    """Somebody deleted the failing pod; the next one has not come yet."""
    recording = recorded("image-not-found")
    name = (recording.snapshot().pod or {})["metadata"]["name"]
    recording.of("Pod", name)["metadata"]["deletionTimestamp"] = recording.taken_at.isoformat()
    assert codes(recording) == []


def test_a_template_that_the_controller_has_not_seen_has_no_pods_yet() -> None:
    """Deploying a corrected image changes the template first: the failing pod is of the template before."""
    recording = recorded("image-not-found")
    deployment = recording.of("Deployment")
    deployment["metadata"]["generation"] += 1
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/acme/app:1.4.3"
    taken = recording.snapshot()
    assert not taken.settled()
    assert (taken.replica_set, taken.pods) == (None, ())
    assert codes(recording) == []


def test_going_back_to_an_earlier_template_finds_its_replica_set_again() -> None:
    """The ReplicaSet of the present template counts, not the one with the highest revision or the newest."""
    taken = recorded("replaced").snapshot()
    assert taken.replica_set is not None
    assert taken.replica_set["spec"]["replicas"] == 1
    assert taken.pod is not None


def test_events_of_other_objects_of_the_same_name_are_not_read() -> None:
    """Names come again, UIDs do not: what was said about an earlier claim of this name is nothing to us."""
    recording = recorded("provisioner-absent").remove("Event")
    said(recording, "PersistentVolumeClaim", "ProvisioningFailed", "rpc error: quota exceeded")
    recording.of("Event")["involvedObject"]["uid"] = "another"
    assert codes(recording.later(120)) == []


def test_a_stopped_environment_has_no_trouble() -> None:
    """Nothing is wrong with what shall not run, whatever its claim waits for."""
    for case in ("no-class", "class-missing", "provisioner-absent", "no-room", "crash-loop"):
        recording = recorded(case).remove("Pod").later(600)
        recording.of("Deployment")["spec"]["replicas"] = 0
        assert codes(recording) == [], case


def test_a_ready_pod_hides_every_old_complaint() -> None:
    """A container that runs is not judged by its earlier state, its events or the conditions around it."""
    recording = recorded("crash-loop")
    name = (recording.snapshot().pod or {})["metadata"]["name"]
    status = recording.of("Pod", name)["status"]
    status["conditions"] = [{"type": "Ready", "status": "True"}]
    moment = (recording.taken_at - timedelta(minutes=5)).isoformat()
    status["containerStatuses"][0] |= {"state": {"running": {"startedAt": moment}}, "ready": True}
    said(recording, "Pod", "Unhealthy", "Readiness probe failed")
    assert codes(recording) == []


def _with(recording: Recording, trouble: str) -> None:
    """Add a trouble to a pod that crashes."""
    name = (recording.snapshot().pod or {})["metadata"]["name"]
    status = recording.of("Pod", name)["status"]
    if trouble == "namespace":
        recording.of("Namespace")["metadata"]["deletionTimestamp"] = recording.taken_at.isoformat()
    elif trouble == "claim":
        recording.of("PersistentVolumeClaim")["status"]["phase"] = "Lost"
    elif trouble == "image":
        waiting = {"reason": "ErrImageNeverPull", "message": ""}
        status["containerStatuses"].append({"name": "side", "image": "side", "state": {"waiting": waiting}})


@pytest.mark.parametrize("troubles", list(itertools.permutations(["namespace", "claim", "image"], 2)))
def test_the_root_cause_stands_first(troubles: tuple[str, str]) -> None:
    """Removal before claim before image before crash, whichever was noticed first."""
    order = {"namespace": "SND-K8S-242", "claim": "SND-K8S-221", "image": "SND-K8S-230"}
    recording = recorded("crash-loop")
    for trouble in troubles:
        _with(recording, trouble)
    expected = [order[name] for name in order if name in troubles]
    assert codes(recording) == [*expected, "SND-K8S-234"]
