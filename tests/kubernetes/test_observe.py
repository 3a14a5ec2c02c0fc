"""The one word for how an environment is, over recordings of a real API server."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sindri_core.types import Destination, Home, State, Status
from sindri_kubernetes import observe

sys.path.insert(0, str(Path(__file__).parent / "diagnose"))
from recording import Recording, recorded

HERE = Destination(provider="kubernetes", context="testbed", namespace="run")


def status(recording: Recording) -> Status:
    """Sum up a recording."""
    return observe.status(recording.snapshot(), HERE, cluster="kind")


def pod_of(recording: Recording) -> dict[str, Any]:
    """Return the pod that counts, to be changed."""
    pod = recording.snapshot().pod
    assert pod is not None
    return recording.of("Pod", pod["metadata"]["name"])


def container_of(recording: Recording) -> dict[str, Any]:
    """Return the status of the container, to be changed."""
    found: dict[str, Any] = pod_of(recording)["status"]["containerStatuses"][0]
    return found


def not_ready(recording: Recording, **container: Any) -> Recording:
    """Let the pod not be ready; keywords change its container's status."""
    container_of(recording).update(container, ready=False)
    for condition in pod_of(recording)["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"
    return recording


def deleted(recording: Recording, kind: str) -> Recording:
    """Let an object be on its way out."""
    recording.of(kind)["metadata"]["deletionTimestamp"] = recording.taken_at.isoformat()
    return recording


def test_running_says_all_that_belongs_to_it() -> None:
    """Image, pod, node, since when, restarts, home and last deploy."""
    recording = recorded("running")
    pod, claim = recording.of("Pod"), recording.of("PersistentVolumeClaim")
    ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
    deployed = json.loads(recording.of("ConfigMap", "sindri-dev")["data"]["inventory"])["deployed_at"]
    assert status(recording) == Status(
        name="dev",
        state=State.RUNNING,
        destination=HERE,
        cluster="kind",
        image="ghcr.io/acme/app:1.4.2",
        instance=pod["metadata"]["name"],
        node=pod["spec"]["nodeName"],
        since=ready["lastTransitionTime"],
        restarts=0,
        replicas=1,
        home=Home(
            name="dev-home-pvc",
            phase="Bound",
            size="10Gi",
            storage_class="standard",
            volume=claim["spec"]["volumeName"],
            uid=claim["metadata"]["uid"],
        ),
        last_deploy=deployed,
    )


def test_nothing_there_is_not_deployed() -> None:
    """An empty namespace, or none at all."""
    recording = recorded("running")
    recording.objects = []
    found = status(recording)
    assert (found.state, found.replicas, found.home, found.finding) == (State.NOT_DEPLOYED, None, None, None)


def test_a_kept_home_is_told() -> None:
    """After destroy the home is still there, and a deploy would take it up."""
    recording = recorded("running").remove("Deployment").remove("ReplicaSet").remove("Pod")
    found = status(recording)
    assert (found.state, found.step) == (State.NOT_DEPLOYED, "the home is kept")
    assert found.home is not None


def test_a_foreign_deployment_is_not_ours() -> None:
    """A Deployment of this name that does not carry our label is left alone and said to be somebody else's."""
    recording = recorded("running")
    recording.of("Deployment")["metadata"]["labels"] = {}
    found = status(recording)
    assert (found.state, found.step, found.image) == (
        State.NOT_DEPLOYED,
        "the Deployment of this name is somebody else's",
        "",
    )


def test_pending_while_the_controller_has_not_seen_it() -> None:
    """A Deployment that changed this moment says nothing yet: its running pod is of before."""
    recording = recorded("running")
    recording.of("Deployment")["metadata"]["generation"] += 1
    assert (status(recording).state, status(recording).step) == (State.PENDING, "waiting for a pod")


@pytest.mark.parametrize(
    ("case", "step"),
    [
        ("quota-exceeded", "waiting for a pod"),
        ("no-room", "waiting for a node"),
        ("no-class", "waiting for a node"),
        ("provisioner-absent", "volume pending"),
    ],
)
def test_pending_says_what_it_waits_for(case: str, step: str) -> None:
    """A pod, a node, a volume."""
    found = status(recorded(case))
    assert (found.state, found.step) == (State.PENDING, step)


def test_pending_while_the_old_pod_ends() -> None:
    """With the strategy Recreate the old pod goes first."""
    recording = deleted(recorded("running"), "Pod")
    assert (status(recording).state, status(recording).step) == (State.PENDING, "waiting for the old pod to end")


@pytest.mark.parametrize(
    ("reason", "event", "step"),
    [
        ("ContainerCreating", "Pulling", "pulling image"),
        ("ContainerCreating", "FailedMount", "volume pending"),
        ("ContainerCreating", "Scheduled", "ContainerCreating"),
        ("PodInitializing", "Pulling", "pulling image"),
    ],
)
def test_starting_says_how_far_it_is(reason: str, event: str, step: str) -> None:
    """By what the node said last."""
    recording = not_ready(recorded("running").remove("Event"), state={"waiting": {"reason": reason}})
    about = {"uid": pod_of(recording)["metadata"]["uid"]}
    body = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": recording.namespace}}
    recording.objects.append({**body, "involvedObject": about, "reason": event, "message": ""})
    assert (status(recording).state, status(recording).step) == (State.STARTING, step)


def test_starting_while_the_container_runs_and_is_not_ready() -> None:
    """For a minute that is the start; after it the environment is degraded."""
    recording = recorded("running")
    not_ready(recording, state={"running": {"startedAt": recording.taken_at.isoformat()}})
    assert (status(recording).state, status(recording).step) == (State.STARTING, "waiting to be ready")
    assert status(recording.later(61)).state is State.DEGRADED


@pytest.mark.parametrize(
    ("case", "code", "step"),
    [("crash-loop", "SND-K8S-234", "CrashLoopBackOff"), ("image-not-found", "SND-K8S-226", "ImagePullBackOff")],
)
def test_degraded_says_why(case: str, code: str, step: str) -> None:
    """A node was found, and it does not come up by itself: the cause goes with the state."""
    found = status(recorded(case))
    assert (found.state, found.step) == (State.DEGRADED, step)
    assert found.finding is not None
    assert found.finding.code == code


def test_degraded_between_two_crashes() -> None:
    """A container that was started again only just looks as if it ran; after a minute it does."""
    recording = recorded("running")
    started = {"startedAt": recording.taken_at.isoformat()}
    container_of(recording).update(restartCount=3, state={"running": started})
    found = status(recording)
    assert (found.state, found.step, found.restarts) == (State.DEGRADED, "restarted a moment ago", 3)
    assert status(recording.later(61)).state is State.RUNNING


def test_degraded_while_the_home_is_being_deleted_under_it() -> None:
    """It runs, and what it runs on is going: that is a cause."""
    found = status(deleted(recorded("running"), "PersistentVolumeClaim"))
    assert found.state is State.DEGRADED
    assert found.home is not None
    assert found.home.phase == "Terminating"
    assert found.finding is not None


def test_stopping_until_the_pod_has_ended() -> None:
    """Power is off, the pod is still there."""
    recording = deleted(recorded("running"), "Pod")
    recording.of("Deployment")["spec"]["replicas"] = 0
    assert (status(recording).state, status(recording).step) == (State.STOPPING, "waiting for the pod to end")


def test_stopped_keeps_the_home() -> None:
    """No pod, no trouble, and the home is there."""
    found = status(recorded("stopped"))
    assert (found.state, found.replicas, found.instance, found.since) == (State.STOPPED, 0, "", "")
    assert found.home is not None
    assert found.home.phase == "Bound"
    assert found.finding is None


def test_stopped_beside_the_record_of_an_evicted_pod() -> None:
    """A pod that ended for good is only a record."""
    recording = recorded("running")
    recording.of("Deployment")["spec"]["replicas"] = 0
    recording.of("Pod")["status"]["phase"] = "Failed"
    assert status(recording).state is State.STOPPED


@pytest.mark.parametrize("kind", ["Deployment", "Namespace"])
def test_deleting_while_it_goes(kind: str) -> None:
    """The Deployment, or all around it."""
    assert status(deleted(recorded("running"), kind)).state is State.DELETING


def test_deleting_while_a_pod_outlives_its_deployment() -> None:
    """The Deployment is gone, its pod ends."""
    recording = deleted(recorded("running"), "Pod").remove("Deployment").remove("ReplicaSet")
    assert (status(recording).state, status(recording).step) == (State.DELETING, "waiting for the pod to end")


def test_deleting_what_a_finalizer_holds() -> None:
    """No pod is left, something else is."""
    recording = recorded("deployment-held").remove("Pod")
    assert (status(recording).state, status(recording).step) == (State.DELETING, "waiting for what is left of it")


def test_unreachable_when_it_may_not_be_read() -> None:
    """Not to be allowed to look is not the same as nothing there."""
    recording = recorded("running")
    recording.forbidden = {"deployments", "pods", "replicasets", "namespaces", "persistentvolumeclaims", "configmaps"}
    found = status(recording)
    assert found.state is State.UNREACHABLE
    assert found.finding is not None
    assert found.finding.code == "SND-K8S-004"
    assert "deployments" in found.finding.seen[0]


def test_a_user_who_may_not_read_pods_sees_that_it_runs() -> None:
    """The Deployment counts what is available."""
    recording = recorded("running")
    recording.forbidden = {"pods"}
    assert status(recording).state is State.RUNNING
    recording.of("Deployment")["status"].pop("availableReplicas")
    assert status(recording).state is State.PENDING


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_wrong_changes_no_state(hours: float) -> None:
    """Our clock may be hours away from the cluster's."""
    recording = recorded("running")
    recording.taken_at += timedelta(hours=hours)
    assert status(recording).state is State.RUNNING
    assert status(recorded("crash-loop").later(hours * 3600)).state is State.DEGRADED


def test_a_home_whose_size_was_raised_shows_what_it_has() -> None:
    """The capacity counts, not the wish."""
    recording = recorded("running")
    recording.of("PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"] = "20Gi"
    home = status(recording).home
    assert home is not None
    assert home.size == "10Gi"


@pytest.mark.parametrize("inventory", ["", "null", "[]", "{", '{"deployed_at": null}'])
def test_an_inventory_that_nobody_can_read_is_no_obstacle(inventory: str) -> None:
    """The last deploy is then not known."""
    recording = recorded("running")
    recording.of("ConfigMap", "sindri-dev")["data"]["inventory"] = inventory
    assert status(recording).last_deploy == ""
