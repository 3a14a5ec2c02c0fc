"""The life of an environment on a real API server: plan, deploy, stop, start, destroy, and kubectl beside us."""

from __future__ import annotations

import json

import pytest
from environment import Environment, Requests, actions, changing

from sindri_core.errors import ClusterError
from sindri_core.types import Action, State


def test_a_plan_writes_nothing_and_the_deploy_does_what_it_said(environment: Environment) -> None:
    """The plan of a first deploy creates five objects; the namespace is not there until the deploy."""
    plan = environment.core().plan()
    assert set(actions(plan).values()) == {Action.CREATE}
    assert list(actions(plan)) == [
        f"Namespace/{environment.namespace}",
        "ServiceAccount/dev",
        "PersistentVolumeClaim/dev-home-pvc",
        "Service/dev",
        "Deployment/dev",
    ]
    assert not environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found")
    deployed = environment.core().deploy()
    assert [change.kind for change in deployed.applied.written] == [
        "Namespace",
        "ServiceAccount",
        "PersistentVolumeClaim",
        "Service",
        "Deployment",
    ]
    assert deployed.status.state is State.RUNNING


def test_the_objects_are_those_of_the_document(environment: Environment) -> None:
    """What kubectl shows is what the document's list of generated resources shows."""
    environment.core(resources={"memory": "4GB", "cpus": 2}).deploy()
    deployment = environment.get("deploy")
    spec = deployment["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["selector"] == {"matchLabels": {"instance": "dev"}}
    (container,) = spec["template"]["spec"]["containers"]
    assert container["name"] == "sindri"
    assert {"name": "HOME", "value": "/alt/home/developer"} in container["env"]
    assert {"name": "WORKSPACE", "value": "/alt/home/developer/workspace"} in container["env"]
    assert container["resources"] == {
        "limits": {"cpu": "2", "memory": "4Gi"},
        "requests": {"cpu": "1", "memory": "2Gi"},
    }
    assert container["volumeMounts"] == [{"name": "home", "mountPath": "/alt/home/developer"}]
    assert not spec["template"]["spec"]["automountServiceAccountToken"]
    (port,) = environment.get("svc")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (2222, 2222)
    assert environment.get("pvc", "dev-home-pvc")["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_a_second_deploy_sends_no_write(environment: Environment) -> None:
    """Versions and generations stay, and every change of the plan is SAME."""
    environment.core().deploy()
    before = environment.versions()
    applied = environment.core().deploy().applied
    assert applied.written == ()
    assert environment.versions() == before
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}


def test_changing_cpus_is_one_change_and_keeps_the_claim(environment: Environment) -> None:
    """Another number of cpus changes limit and request of the Deployment, says that it restarts, and keeps the home."""
    environment.core(resources={"cpus": 1}).deploy()
    claim = environment.get("pvc", "dev-home-pvc")["metadata"]["uid"]
    plan = environment.core(resources={"cpus": 2}).plan()
    (change,) = [c for c in plan.changes.items if c.action is not Action.SAME]
    assert (change.kind, change.restarts) == ("Deployment", True)
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("containers[sindri].resources.limits.cpu", "1", "2"),
        ("containers[sindri].resources.requests.cpu", "500m", "1"),
    ]
    environment.core(resources={"cpus": 2}).deploy()
    assert environment.get("pvc", "dev-home-pvc")["metadata"]["uid"] == claim
    assert environment.get("deploy")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "2"


def test_stop_and_start_keep_the_home_and_deploy_leaves_power_alone(environment: Environment) -> None:
    """Stopped stays stopped through a plan and a deploy; start brings it back on the same claim."""
    environment.core().deploy()
    claim = environment.get("pvc", "dev-home-pvc")["metadata"]["uid"]
    assert environment.core().stop().state is State.STOPPED
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    assert environment.core(resources={"cpus": 2}).deploy().status.state is State.STOPPED
    assert environment.core().start().state is State.RUNNING
    assert environment.get("pvc", "dev-home-pvc")["metadata"]["uid"] == claim


def test_a_lost_inventory_is_rebuilt_with_the_same_mark(environment: Environment) -> None:
    """Without the ConfigMap the objects are still ours, by the mark that they carry."""
    environment.core().deploy()
    mark = environment.get("deploy")["metadata"]["annotations"]["sindri.dev/env-uid"]
    environment.kubectl("delete", "configmap", "sindri-dev", "-n", environment.namespace)
    environment.core().deploy()
    inventory = json.loads(environment.get("cm", "sindri-dev")["data"]["inventory"])
    assert inventory["env_uid"] == mark
    assert {entry["kind"] for entry in inventory["objects"]} >= {"Deployment", "PersistentVolumeClaim"}


def test_drift_is_told_from_a_change_of_the_file(environment: Environment) -> None:
    """A field that somebody removed beside us is shown as drift and put back."""
    environment.core().deploy()
    patch = '[{"op": "remove", "path": "/spec/template/spec/containers/0/ports"}]'
    environment.kubectl("patch", "deployment", "dev", "-n", environment.namespace, "--type=json", "-p", patch)
    plan = environment.core().plan()
    (change,) = [c for c in plan.changes.items if c.action is not Action.SAME]
    assert change.drift == change.fields != ()
    environment.core().deploy()
    assert environment.get("deploy")["spec"]["template"]["spec"]["containers"][0]["ports"]


def test_an_object_that_is_not_wanted_any_more_goes(environment: Environment) -> None:
    """What the inventory names and no manifest wants is deleted by the next deploy, and only that."""
    environment.core().deploy()
    body = json.loads(environment.get("cm", "sindri-dev")["data"]["inventory"])
    mark = body["env_uid"]
    environment.kubectl("create", "configmap", "extra", "-n", environment.namespace)
    environment.kubectl("annotate", "configmap", "extra", f"sindri.dev/env-uid={mark}", "-n", environment.namespace)
    body["objects"].append({"kind": "ConfigMap", "name": "extra", "namespace": environment.namespace})
    patch = json.dumps({"data": {"inventory": json.dumps(body)}})
    environment.kubectl("patch", "configmap", "sindri-dev", "-n", environment.namespace, "-p", patch)
    assert actions(environment.core().plan())["ConfigMap/extra"] is Action.DELETE
    environment.core().deploy()
    left = environment.kubectl("get", "configmap", "extra", "-n", environment.namespace, "--ignore-not-found")
    assert not left


def test_start_without_a_deploy_says_so(environment: Environment) -> None:
    """There is nothing to start, and stopping what is not there is no error."""
    with pytest.raises(ClusterError) as caught:
        environment.core().start()
    assert caught.value.code == "SND-K8S-115"
    assert environment.core().stop().state is State.NOT_DEPLOYED


def test_environments_lists_ours_in_every_namespace(environment: Environment) -> None:
    """The environment appears in the list with its namespace."""
    environment.core().deploy()
    found = {(s.destination.namespace, s.name, s.state) for s in environment.core().environments()}
    assert (environment.namespace, "dev", State.RUNNING) in found


def test_a_plan_sends_only_dry_runs_and_questions(environment: Environment) -> None:
    """Planning against a deployed environment leaves every version as it was."""
    environment.core().deploy()
    before = environment.versions()
    seen = Requests()
    plan = environment.core(seen, resources={"cpus": 3}).plan()
    assert changing(plan)
    assert environment.versions() == before
    assert {event.method for event in seen.sent} <= {"GET", "PATCH", "POST"}
