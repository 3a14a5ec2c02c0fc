"""The home volume: it outlives the environment, grows where its class allows it, and is never replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from environment import Environment, actions

from sindri_core.errors import ClusterError
from sindri_core.types import Action

CLAIM = "PersistentVolumeClaim/dev-home-pvc"


def size(text: str) -> dict[str, Any]:
    """Return the configuration of a volume of this size."""
    return {"volumes": {"workspace": {"size": text}}}


@pytest.fixture
def growing(environment: Environment) -> Iterator[str]:
    """A class whose volumes can grow, provisioned like the standard one."""
    standard = json.loads(environment.kubectl("get", "storageclass", "standard", "-o", "json"))
    name = f"growing-{environment.namespace}"
    body = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": standard["provisioner"],
        "volumeBindingMode": standard["volumeBindingMode"],
        "allowVolumeExpansion": True,
    }
    environment.kubectl("create", "-f", "-", stdin=json.dumps(body))
    yield name
    environment.kubectl("delete", "storageclass", name)


def test_the_home_survives_destroy_and_is_taken_up_again(environment: Environment) -> None:
    """Destroy keeps claim, inventory and namespace and says so; the next deploy has the same claim."""
    environment.core().deploy()
    uid = environment.get("pvc", "dev-home-pvc")["metadata"]["uid"]
    removal = environment.core().destroy()
    assert set(removal.removed) == {"Deployment/dev", "Service/dev", "ServiceAccount/dev"}
    kept = {item.object: item.hint for item in removal.kept}
    assert set(kept) == {CLAIM, "ConfigMap/sindri-dev", f"Namespace/{environment.namespace}"}
    assert all(kept.values())
    environment.core().deploy()
    assert environment.get("pvc", "dev-home-pvc")["metadata"]["uid"] == uid
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}


def test_destroy_twice_says_the_same_about_the_home(environment: Environment) -> None:
    """The second destroy removes nothing and still says what is kept."""
    environment.core().deploy()
    first = environment.core().destroy()
    second = environment.core().destroy()
    assert second.removed == ()
    assert second.kept == first.kept


def test_delete_data_takes_everything(environment: Environment) -> None:
    """With the data goes the namespace that we made; after it there is nothing to remove."""
    environment.core().deploy()
    said = environment.core().destroy(delete_data=True, dry_run=True)
    assert environment.get("deploy")
    done = environment.core().destroy(delete_data=True)
    assert set(done.removed) == set(said.removed)
    assert f"Namespace/{environment.namespace}" in done.removed
    assert not environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found")
    assert environment.core().destroy(delete_data=True).removed == ()


def test_a_larger_size_is_an_expansion_where_the_class_allows_it(environment: Environment, growing: str) -> None:
    """The plan says that the volume grows; the claim asks for more after the deploy."""
    environment.kubernetes = {"storageClass": growing}
    environment.core(**size("1Gi")).deploy()
    plan = environment.core(**size("2Gi")).plan()
    (change,) = [c for c in plan.changes.items if c.action is not Action.SAME]
    assert (change.kind, change.action) == ("PersistentVolumeClaim", Action.CHANGE)
    assert "grows from 1Gi to 2Gi" in change.note
    assert "grows" in plan.changes.data
    environment.core(**size("2Gi")).deploy()
    assert environment.get("pvc", "dev-home-pvc")["spec"]["resources"]["requests"]["storage"] == "2Gi"


@pytest.mark.parametrize(("wanted", "why"), [("2Gi", "does not let volumes grow"), ("512Mi", "cannot shrink")])
def test_what_a_volume_cannot_become_is_refused(environment: Environment, wanted: str, why: str) -> None:
    """Growing without permission of the class and shrinking are refused with what to write, and nothing is written."""
    environment.kubernetes = {"storageClass": "standard"}
    environment.core(**size("1Gi")).deploy()
    before = environment.versions()
    with pytest.raises(ClusterError) as caught:
        environment.core(**size(wanted), resources={"cpus": 2}).deploy()
    assert caught.value.code == "SND-K8S-105"
    assert why in caught.value.message
    assert "size: 1Gi" in caught.value.hint
    assert environment.versions() == before


def test_another_class_is_refused_and_none_keeps_what_is_there(environment: Environment, growing: str) -> None:
    """A volume stays in its class; leaving the class out of the file later changes nothing."""
    environment.kubernetes = {"storageClass": growing}
    environment.core().deploy()
    environment.kubernetes = {"storageClass": "standard"}
    assert actions(environment.core().plan())[CLAIM] is Action.REFUSED
    environment.kubernetes = {}
    assert actions(environment.core().plan())[CLAIM] is Action.SAME


def test_a_claim_that_somebody_is_deleting_is_not_built_upon(environment: Environment) -> None:
    """While a deleted claim waits for its pod, deploy refuses and says how to save the data."""
    environment.core().deploy()
    environment.kubectl("delete", "pvc", "dev-home-pvc", "-n", environment.namespace, "--wait=false")
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy()
    assert caught.value.code == "SND-K8S-106"
