"""The simulated cluster as its users meet it: the fixture, the recorder, the tenant, what is not modelled."""

from __future__ import annotations

import http.client
import json
import stat
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import ClusterError, Forbidden
from sindri_kubernetes import kubeconfig, resources
from sindri_kubernetes.api import Api
from sindri_kubernetes.testing import SimulatedCluster


def connect(config: Any) -> Api:
    """Open our own API client."""
    access = kubeconfig.resolve({"KUBECONFIG": str(config)})
    return Api(access, deadline=Deadline(20), cancel=CancelToken(), emit=lambda _: None, user_agent="test")


def config_map(name: str = "c") -> dict[str, Any]:
    """Write a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}}


def test_the_kubeconfig_is_private_and_goes_with_the_cluster() -> None:
    """Only its owner may read the file, and nothing is left behind."""
    with SimulatedCluster() as cluster:
        path = cluster.kubeconfig
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()


def test_no_thread_stays_behind() -> None:
    """A closed cluster leaves no thread of its own."""
    with SimulatedCluster() as cluster:
        connect(cluster.kubeconfig).list(resources.path("Node"))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("simulated")] == []


def test_requests_are_recorded(simulated_cluster: SimulatedCluster) -> None:
    """A test can see what was asked, with query and body."""
    connect(simulated_cluster.kubeconfig).apply(resources.path("ConfigMap", "c", "default"), config_map(), dry_run=True)
    (request,) = simulated_cluster.requests
    assert (request.method, request.path) == ("PATCH", "/api/v1/namespaces/default/configmaps/c")
    assert request.query["dryRun"] == "All"
    assert json.loads(request.body) == config_map()


def test_the_tenant_may_nothing_but_ask(simulated_cluster: SimulatedCluster) -> None:
    """The user without rights is refused as the real server does, and learns that by asking."""
    api = connect(simulated_cluster.tenant_kubeconfig)
    assert not api.review("create", "apps", "deployments", "default")
    with pytest.raises(Forbidden) as raised:
        api.get(resources.path("Deployment", "d", "default"))
    said = 'User "tenant" cannot get resource "deployments" in API group "apps" in the namespace "default"'
    assert said in str(raised.value.details) + str(raised.value)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/apis/batch/v1/jobs"), ("PUT", "/api/v1/namespaces/default"), ("GET", "/openapi/v3"), ("GET", "/logs")],
)
def test_what_is_not_modelled_says_so(simulated_cluster: SimulatedCluster, method: str, path: str) -> None:
    """Whatever the simulation does not know is a 501 that names it, never a guess."""
    connection = http.client.HTTPConnection(urlsplit(simulated_cluster.url).netloc, timeout=10)
    connection.request(method, path, body=b"{}" if method == "PUT" else None)
    answer = connection.getresponse()
    status = json.loads(answer.read())
    connection.close()
    assert (answer.status, status["code"]) == (501, 501)
    assert path in status["message"]


def test_a_dry_run_of_a_deletion_deletes_nothing(simulated_cluster: SimulatedCluster) -> None:
    """Our client puts the dry run where a server that gets a body reads it."""
    api = connect(simulated_cluster.kubeconfig)
    path = resources.path("ConfigMap", "c", "default")
    api.apply(path, config_map())
    api.delete(path, dry_run=True)
    assert api.get(path) is not None


def test_two_clusters_are_two(simulated_cluster: SimulatedCluster) -> None:
    """Each has its own identity and objects."""
    with SimulatedCluster() as other:
        system = resources.path("Namespace", "kube-system")
        here, there = connect(simulated_cluster.kubeconfig).get(system), connect(other.kubeconfig).get(system)
        assert here is not None
        assert there is not None
        assert here["metadata"]["uid"] != there["metadata"]["uid"]


def test_a_claim_of_a_growing_class_grows(simulated_cluster: SimulatedCluster) -> None:
    """Expansion needs a class that allows it, and then happens."""
    api = connect(simulated_cluster.kubeconfig)
    body = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "growing"}}
    api.create(resources.path("StorageClass"), body | {"provisioner": "x", "allowVolumeExpansion": True})
    path = resources.path("PersistentVolumeClaim", "home", "default")
    api.apply(path, claim("1Gi"))
    _until(api, "home", "1Gi")
    api.apply(path, claim("2Gi"))
    _until(api, "home", "2Gi")
    with pytest.raises(ClusterError, match="can not be less"):
        api.apply(path, claim("1Gi"))


def claim(size: str) -> dict[str, Any]:
    """Write a claim of the class that grows."""
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "growing"}
    storage = {"resources": {"requests": {"storage": size}}}
    metadata = {"name": "home"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {**spec, **storage}}


def _until(api: Api, name: str, size: str) -> None:
    path = resources.path("PersistentVolumeClaim", namespace="default")
    for _, claim in api.watch(path, fields=f"metadata.name={name}", seconds=10):
        if claim.get("status", {}).get("capacity") == {"storage": size}:
            return
    raise AssertionError(f"{name} never had {size}")


def test_importing_the_fixture_is_cheap() -> None:
    """The runner loads the plugin at every start, so it may import nothing of the simulation."""
    program = "import sys, sindri_kubernetes.testing.plugin; print([m for m in sys.modules if m in ('http.server', "
    program += "'kubernetes', 'pydantic', 'sindri_kubernetes.testing.cluster')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_simulation_needs_the_standard_library_only() -> None:
    """Nothing but Python and what the package itself imports (pluggy) is needed to run it."""
    program = "import sys, sindri_kubernetes.testing.cluster; roots = {m.partition('.')[0] for m in sys.modules}; "
    program += "print(sorted(r for r in roots - set(sys.stdlib_module_names) if not r.startswith(('_', 'sindri'))))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['pluggy']"
