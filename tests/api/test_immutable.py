"""Fields that cannot be changed on an object that exists: named before any write, and nothing is written."""

from __future__ import annotations

import json

import pytest
from environment import Environment, actions

from sindri_core.errors import ClusterError
from sindri_core.types import Action

WHERE_ELSE = {"matchLabels": {"app": "dev"}}


def by_hand(environment: Environment, kind: str, body: dict[str, object], name: str = "dev") -> None:
    """Make an object as somebody would who never heard of sindri."""
    made = {"apiVersion": "apps/v1" if kind == "Deployment" else "v1", "kind": kind, "metadata": {"name": name}}
    environment.kubectl("create", "-n", environment.namespace, "-f", "-", stdin=json.dumps(made | body))


def unwritten(environment: Environment) -> None:
    """Only what was made by hand is there."""
    where = ("-n", environment.namespace, "--ignore-not-found")
    assert not environment.kubectl("get", "configmap", "sindri-dev", *where)
    assert not environment.kubectl("get", "serviceaccount", "dev", *where)


def test_an_adopted_deployment_with_another_selector_is_refused(environment: Environment) -> None:
    """The selector of a Deployment stays what it is: the plan says so, the deploy writes nothing at all."""
    environment.kubectl("create", "namespace", environment.namespace)
    environment.kubectl("create", "deployment", "dev", "--image=theirs:1", "-n", environment.namespace)
    plan = environment.core().plan(adopt=["Deployment/dev"])
    assert actions(plan)["Deployment/dev"] is Action.REFUSED
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy(adopt=["Deployment/dev"])
    assert caught.value.code == "SND-K8S-104"
    assert "spec.selector cannot be changed" in caught.value.message
    assert f"kubectl delete deployment dev -n {environment.namespace}" in caught.value.hint
    assert environment.get("deploy")["spec"]["template"]["spec"]["containers"][0]["image"] == "theirs:1"
    unwritten(environment)


def test_our_deployment_that_somebody_made_anew_with_another_selector_is_refused(environment: Environment) -> None:
    """Deleted and made again by hand with our mark but another selector: refused, and the rest stays as it was."""
    environment.core().deploy()
    ours = environment.get("deploy")
    environment.kubectl("delete", "deployment", "dev", "-n", environment.namespace)
    labels = {"metadata": {"labels": {"app": "dev"}}}
    template = {"spec": {"containers": [{"name": "sindri", "image": "theirs:1"}]}}
    meta = {"name": "dev", "labels": ours["metadata"]["labels"], "annotations": ours["metadata"]["annotations"]}
    by_hand(
        environment, "Deployment", {"metadata": meta, "spec": {"selector": WHERE_ELSE, "template": labels | template}}
    )
    before = environment.versions()
    with pytest.raises(ClusterError) as caught:
        environment.core(resources={"cpus": 2}).deploy(force_conflicts=True)
    assert caught.value.code == "SND-K8S-104"
    assert environment.versions() == before


def test_an_adopted_claim_of_another_class_or_mode_is_refused(environment: Environment) -> None:
    """What a claim cannot become is named with what the claim has, and its data is not touched."""
    environment.kubectl("create", "namespace", environment.namespace)
    spec = {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "theirs",
    }
    by_hand(environment, "PersistentVolumeClaim", {"spec": spec}, "dev-home-pvc")
    adopt = ["PersistentVolumeClaim/dev-home-pvc"]
    environment.kubernetes = {"storageClass": "standard"}
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy(adopt=adopt)
    assert caught.value.code == "SND-K8S-105"
    assert "storageClass: theirs" in caught.value.hint
    environment.kubernetes = {"storageClass": "theirs"}
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy(adopt=adopt)
    assert caught.value.code == "SND-K8S-105"
    assert "accessModes are ReadWriteMany and cannot change to ReadWriteOnce" in caught.value.message
    assert "another name" in caught.value.hint
    unwritten(environment)


def test_a_claim_that_is_not_bound_cannot_grow(environment: Environment) -> None:
    """Before a volume is bound its size stays; the refusal says what to write, and nothing is written."""
    environment.kubernetes = {"storageClass": "nobody-provisions-this"}
    environment.core(volumes={"workspace": {"size": "1Gi"}}).deploy(wait=False)
    before = environment.versions()
    with pytest.raises(ClusterError) as caught:
        environment.core(volumes={"workspace": {"size": "2Gi"}}).deploy(wait=False)
    assert caught.value.code == "SND-K8S-105"
    assert "before it is bound" in caught.value.message
    assert "size: 1Gi" in caught.value.hint
    assert environment.versions() == before
