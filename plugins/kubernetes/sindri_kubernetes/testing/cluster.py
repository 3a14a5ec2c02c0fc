"""The simulated cluster: a Kubernetes API on loopback that anybody can use with nothing installed."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sindri_kubernetes.testing import operations
from sindri_kubernetes.testing.api import User
from sindri_kubernetes.testing.controllers import Controllers, Pace
from sindri_kubernetes.testing.controllers.namespaces import furnish
from sindri_kubernetes.testing.controllers.scene import Scene
from sindri_kubernetes.testing.kinds import BY_NAME
from sindri_kubernetes.testing.server import Listener
from sindri_kubernetes.testing.store import Store

if TYPE_CHECKING:
    from sindri_kubernetes.testing.requests import Request

CONTEXT = "simulated"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class SimulatedCluster:
    """A cluster in this process, as a context manager.

    ``kubeconfig`` is a file that leads to it as its administrator, ``tenant_kubeconfig`` as a user without any rights.
    ``requests`` lists what was asked, in the order in which it came. ``pace`` says how long containers take.
    """

    def __init__(self, nodes: int = 3, *, pace: Pace | None = None) -> None:
        self.requests: list[Request] = []
        self._store = Store()
        self._controllers = Controllers(self._store, pace or Pace())
        self._folder = Path(tempfile.mkdtemp(prefix="sindri-simulated-"))
        self._admin = Listener(self._store, User("kubernetes-admin", admin=True), self.requests.append)
        self._tenant = Listener(self._store, User("tenant", admin=False), self.requests.append)
        self.url = self._admin.url
        self.kubeconfig = self._write("kubeconfig", self._admin.url)
        self.tenant_kubeconfig = self._write("kubeconfig-tenant", self._tenant.url)
        self._furnish(nodes)

    def __enter__(self) -> Self:
        for part in (self._controllers, self._admin, self._tenant):
            part.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()
        self._admin.stop()
        self._tenant.stop()
        self._controllers.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, url: str) -> Path:
        cluster = {"name": CONTEXT, "cluster": {"server": url}}
        context = {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": CONTEXT}
        body |= {"clusters": [cluster], "contexts": [context], "users": [{"name": CONTEXT, "user": {}}]}
        path = self._folder / name
        path.write_text(json.dumps(body, indent=1))
        path.chmod(0o600)
        return path

    def _furnish(self, nodes: int) -> None:
        for name in NAMESPACES:
            self._create("Namespace", {"metadata": {"name": name}})
        for number in range(1, nodes + 1):
            self._create("Node", _node(f"node-{number}"))
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
        storage = {"metadata": {"name": "standard", "annotations": annotations}, "provisioner": "simulated/storage"}
        self._create("StorageClass", storage | {"volumeBindingMode": "WaitForFirstConsumer"})
        furnish(Scene(self._store, Pace()))

    def _create(self, kind: str, body: dict[str, Any]) -> None:
        known = BY_NAME[kind]
        written = {"apiVersion": known.api_version, "kind": kind, **body}
        operations.create(self._store, known, written, operations.Write(manager="simulation"))


def _node(name: str) -> dict[str, Any]:
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name}
    resources = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "simulated"}]
    status = {"capacity": resources, "allocatable": resources, "conditions": conditions}
    status["nodeInfo"] = {"architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "v1.34.4"}
    return {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": status}
