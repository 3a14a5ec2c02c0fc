"""Objects that a finalizer holds while the environment is destroyed: what stays is said, and a second run completes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from environment import Environment

HOLD = "example.com/hold"
THINGS = ("deployment/dev", "service/dev", "serviceaccount/dev", "pvc/dev-home-pvc")


def finalizers(environment: Environment, thing: str, *, held: bool) -> None:
    """Put our finalizer on an object, or take all away."""
    patch = json.dumps({"metadata": {"finalizers": [HOLD] if held else None}})
    environment.kubectl("patch", thing, "-n", environment.namespace, "--type=merge", "-p", patch)


@pytest.mark.parametrize("thing", THINGS)
def test_what_a_finalizer_holds_is_named_and_a_second_destroy_completes(environment: Environment, thing: str) -> None:
    """Destroy ends within its deadline and names what stays and who holds it; without the finalizer all goes."""
    environment.core().deploy()
    finalizers(environment, thing, held=True)
    try:
        removal = environment.core().destroy(delete_data=True, timeout=6)
        held = [kept for kept in removal.kept if HOLD in kept.reason]
        assert held, removal.kept
        for kept in removal.kept:
            assert kept.object not in removal.removed
        again = environment.core().destroy(delete_data=True, timeout=6)
        assert [kept for kept in again.kept if HOLD in kept.reason] == held
    finally:
        finalizers(environment, thing, held=False)
    last = environment.core().destroy(delete_data=True)
    assert last.kept == ()
    assert not environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found")


def test_a_pod_of_somebody_else_that_uses_the_home_is_named(environment: Environment) -> None:
    """A home that a foreign pod mounts cannot go: destroy says which pod, and keeps all that a second run needs."""
    environment.core().deploy()
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "dev-home-pvc"}}
    spec = {"containers": [{"name": "backup", "image": "backup:1"}], "volumes": [volume]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "backup"}, "spec": spec}
    where = ("-n", environment.namespace)
    environment.kubectl("create", *where, "-f", "-", stdin=json.dumps(pod))
    environment.kubectl("wait", "pod/backup", "--for=condition=Ready", "--timeout=30s", *where)
    removal = environment.core().destroy(delete_data=True, timeout=6)
    reasons = {kept.object: kept.reason for kept in removal.kept}
    assert "Pod/backup uses it" in reasons["PersistentVolumeClaim/dev-home-pvc"]
    assert set(reasons) >= {"ConfigMap/sindri-dev", f"Namespace/{environment.namespace}"}
    environment.kubectl("delete", "pod", "backup", *where)
    assert environment.core().destroy(delete_data=True).kept == ()
