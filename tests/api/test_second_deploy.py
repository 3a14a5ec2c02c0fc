"""A second deploy writes nothing: nothing that is stored passes on the wire, and no object is another one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from environment import Environment, actions

from sindri_core.types import Action

if TYPE_CHECKING:
    from proxy import Proxy

KINDS = "namespace/{0} configmap/sindri-dev serviceaccount/dev pvc/dev-home-pvc service/dev deployment/dev"


def written(environment: Environment) -> dict[str, Any]:
    """Return all that a write would change in each object, the status that its controllers write left aside."""
    names = KINDS.format(environment.namespace).split()
    text = environment.kubectl("get", *names, "-n", environment.namespace, "-o", "json", "--show-managed-fields")
    found = {}
    for item in json.loads(text)["items"]:
        item.pop("status", None)
        metadata = item["metadata"]
        metadata["managedFields"] = [e for e in metadata["managedFields"] if e.get("subresource") != "status"]
        if item["kind"] == "Deployment":
            metadata.pop("resourceVersion")  # its status is written for a while after it runs
        found[item["kind"]] = item
    return found


def test_nothing_that_is_stored_is_sent_and_every_object_stays(environment: Environment, proxied: Proxy) -> None:
    """With and without a class, plain and rich: the second deploy reads, asks and dry-runs, and that is all."""
    for kubernetes in ({}, {"storageClass": "standard", "security": {"profile": "restricted"}}):
        through = replace(environment, kubeconfig=proxied.kubeconfig, kubernetes=kubernetes)
        proxied.exchanges.clear()
        through.core().deploy()
        assert proxied.writes
        before = written(environment)
        assert len(before) == 6
        proxied.exchanges.clear()
        assert through.core().deploy().applied.written == ()
        assert proxied.writes == []
        assert written(environment) == before
        assert set(actions(through.core().plan()).values()) == {Action.SAME}
        through.core().destroy(delete_data=True)


def test_a_changed_deploy_writes_what_has_changed_and_the_inventory(environment: Environment, proxied: Proxy) -> None:
    """Other cpus: the Deployment is written, the inventory before and after it, and nothing else."""
    through = replace(environment, kubeconfig=proxied.kubeconfig)
    through.core().deploy()
    proxied.exchanges.clear()
    through.core(resources={"cpus": 2}).deploy()
    space = environment.namespace
    inventory = f"PATCH /api/v1/namespaces/{space}/configmaps/sindri-dev"
    assert proxied.writes == [inventory, f"PATCH /apis/apps/v1/namespaces/{space}/deployments/dev", inventory]


def test_after_stop_start_and_destroy_the_next_deploys_write_nothing_either(
    environment: Environment, proxied: Proxy
) -> None:
    """Power is one write to the scale; a home that was taken up again is not written anew at the deploy after it."""
    through = replace(environment, kubeconfig=proxied.kubeconfig)
    through.core().deploy()
    proxied.exchanges.clear()
    through.core().stop()
    through.core().stop()
    through.core().start()
    scale = f"PATCH /apis/apps/v1/namespaces/{environment.namespace}/deployments/dev/scale"
    assert proxied.writes == [scale, scale]
    through.core().destroy()
    through.core().deploy()
    proxied.exchanges.clear()
    assert through.core().deploy().applied.written == ()
    assert proxied.writes == []
