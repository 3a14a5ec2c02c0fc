"""Two managers, foreign objects, another cluster: what is not ours is named and left alone."""

from __future__ import annotations

import json

import pytest
from environment import IMAGE as OURS
from environment import Environment, actions

from sindri_core.errors import Conflict, Foreign, WrongCluster
from sindri_core.types import Action

IMAGE = "elsewhere:1"


def other_manager(environment: Environment) -> None:
    """Let another manager take the image with server-side apply."""
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dev"},
        "spec": {
            "selector": {"matchLabels": {"instance": "dev"}},
            "template": {
                "metadata": {"labels": {"instance": "dev"}},
                "spec": {"containers": [{"name": "sindri", "image": IMAGE}]},
            },
        },
    }
    arguments = ("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-n", environment.namespace)
    environment.kubectl(*arguments, "-f", "-", stdin=json.dumps(body))


def image_of(environment: Environment) -> str:
    """Return the image that the cluster has."""
    return str(environment.get("deploy")["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_field_of_another_manager_is_a_conflict_and_survives(environment: Environment) -> None:
    """The plan names field, manager and both values; the deploy refuses and writes nothing."""
    environment.core().deploy()
    other_manager(environment)
    (change,) = [c for c in environment.core().plan().changes.items if c.action is Action.CONFLICT]
    (conflict,) = change.conflicts
    assert (conflict.path, conflict.manager) == ("containers[sindri].image", "other")
    assert (conflict.live, conflict.wanted) == (IMAGE, OURS)
    before = environment.versions()
    with pytest.raises(Conflict) as caught:
        environment.core().deploy()
    assert caught.value.code == "SND-K8S-101"
    assert "--force-conflicts" in caught.value.hint
    assert image_of(environment) == IMAGE
    assert environment.versions() == before


def test_force_conflicts_takes_the_field(environment: Environment) -> None:
    """Asked to, deploy takes the field back, and the plan says from whom."""
    environment.core().deploy()
    other_manager(environment)
    plan = environment.core().plan(force_conflicts=True)
    notes = [f.note for c in plan.changes.items for f in c.fields if f.path == "containers[sindri].image"]
    assert notes == ["taken from other"]
    environment.core().deploy(force_conflicts=True)
    assert image_of(environment) == OURS


def test_a_field_that_we_never_set_is_left_alone(environment: Environment) -> None:
    """An annotation of somebody else is no change, and survives the next deploy."""
    environment.core().deploy()
    environment.kubectl("annotate", "deployment", "dev", "team=blue", "-n", environment.namespace)
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    environment.core(resources={"cpus": 2}).deploy()
    assert environment.get("deploy")["metadata"]["annotations"]["team"] == "blue"


@pytest.mark.parametrize(
    ("mark", "owner"),
    [
        ((), "kubectl-create"),
        (("annotate", "meta.helm.sh/release-name=web"), "Helm release web"),
        (("label", "argocd.argoproj.io/instance=shop"), "Argo CD application shop"),
        (("label", "kustomize.toolkit.fluxcd.io/name=apps"), "Flux Kustomization apps"),
    ],
    ids=["nobody", "Helm", "Argo CD", "Flux"],
)
def test_a_foreign_deployment_is_refused_by_its_owners_name(
    environment: Environment, mark: tuple[str, ...], owner: str
) -> None:
    """A Deployment of our name that is not ours is not touched, and nothing else is written either."""
    where = ("-n", environment.namespace)
    environment.kubectl("create", "namespace", environment.namespace)
    environment.kubectl("create", "deployment", "dev", "--image=theirs:1", *where)
    if mark:
        environment.kubectl(mark[0], "deployment", "dev", mark[1], *where)
    with pytest.raises(Foreign) as caught:
        environment.core().deploy()
    assert caught.value.code == "SND-K8S-102"
    assert owner in caught.value.message
    assert image_of(environment) == "theirs:1"
    assert not environment.kubectl("get", "service,pvc", *where, "--ignore-not-found")


def test_a_foreign_service_is_adopted_on_request(environment: Environment) -> None:
    """The plan says from whom it is taken; after the deploy it is ours."""
    environment.kubectl("create", "namespace", environment.namespace)
    environment.kubectl("create", "service", "clusterip", "dev", "--tcp=80:80", "-n", environment.namespace)
    assert actions(environment.core().plan())["Service/dev"] is Action.REFUSED
    adopting = environment.core().plan(adopt=["Service/dev"])
    (change,) = [c for c in adopting.changes.items if c.kind == "Service"]
    assert change.action is Action.CHANGE
    assert "taken over" in change.note
    environment.core().deploy(adopt=["Service/dev"])
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}


def test_destroy_leaves_foreign_objects_and_their_namespace(environment: Environment) -> None:
    """A namespace that we made stays when somebody put something into it, and the removal says what."""
    environment.core().deploy()
    environment.kubectl("create", "configmap", "theirs", "-n", environment.namespace)
    removal = environment.core().destroy(delete_data=True)
    (kept,) = removal.kept
    assert kept.object == f"Namespace/{environment.namespace}"
    assert "ConfigMap/theirs" in kept.reason
    assert environment.kubectl("get", "configmap", "theirs", "-n", environment.namespace)


def test_a_namespace_that_was_there_stays(environment: Environment) -> None:
    """Destroy with data in a namespace that we did not make: everything of ours goes, the namespace stays."""
    environment.kubectl("create", "namespace", environment.namespace)
    environment.core().deploy()
    removal = environment.core().destroy(delete_data=True)
    assert "PersistentVolumeClaim/dev-home-pvc" in removal.removed
    assert [kept.object for kept in removal.kept] == [f"Namespace/{environment.namespace}"]
    left = environment.kubectl("get", "deploy,svc,pvc", "-n", environment.namespace, "--ignore-not-found")
    assert not left
    assert environment.core().destroy(delete_data=True).removed == ()


def test_another_cluster_than_the_recorded_one_is_refused(environment: Environment) -> None:
    """The identity is recorded at the first deploy; another stops everything until it is accepted."""
    environment.core().deploy()
    file = environment.state / "clusters.json"
    recorded = json.loads(file.read_text())
    (entry,) = recorded["clusters"].values()
    entry["uid"] = "00000000-0000-0000-0000-000000000000"
    file.write_text(json.dumps(recorded))
    for run in (environment.core().plan, environment.core().deploy, environment.core().destroy):
        with pytest.raises(WrongCluster) as caught:
            run()
        assert caught.value.code == "SND-K8S-103"
    environment.core().plan(accept_cluster=True)
    assert json.loads(file.read_text()) == recorded
    environment.core().deploy(accept_cluster=True)
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}


def test_a_pin_in_the_file_is_obeyed(environment: Environment) -> None:
    """A pinned UID of another cluster stops the plan."""
    environment.kubernetes = {"cluster": {"uid": "another"}}
    with pytest.raises(WrongCluster):
        environment.core().plan()
