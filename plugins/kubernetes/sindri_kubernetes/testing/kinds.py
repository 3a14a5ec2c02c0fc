"""The kinds that the simulated cluster knows, as the real server's discovery lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource: ``plural`` and ``group`` make its address."""

    name: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The first part of its address: ``/api/v1`` or ``/apis/apps/v1``."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"

    @property
    def resource(self) -> str:
        """How messages name it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NETWORKING, RBAC, DISCOVERY = "networking.k8s.io", "rbac.authorization.k8s.io", "discovery.k8s.io"

KINDS: tuple[Kind, ...] = (
    Kind("Namespace", "namespaces", namespaced=False, short=("ns",)),
    Kind("ServiceAccount", "serviceaccounts", short=("sa",)),
    Kind("ConfigMap", "configmaps", short=("cm",)),
    Kind("Secret", "secrets"),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", short=("pvc",), subresources=("status",)),
    Kind("PersistentVolume", "persistentvolumes", namespaced=False, short=("pv",)),
    Kind("Service", "services", short=("svc",)),
    Kind("Pod", "pods", short=("po",), subresources=("status",)),
    Kind("Node", "nodes", namespaced=False, short=("no",)),
    Kind("Event", "events", short=("ev",)),
    Kind("Endpoints", "endpoints", short=("ep",)),
    Kind("ResourceQuota", "resourcequotas", short=("quota",)),
    Kind("LimitRange", "limitranges", short=("limits",)),
    Kind("Deployment", "deployments", "apps", short=("deploy",), subresources=("scale", "status")),
    Kind("ReplicaSet", "replicasets", "apps", short=("rs",), subresources=("status",)),
    Kind("StorageClass", "storageclasses", "storage.k8s.io", namespaced=False, short=("sc",)),
    Kind("NetworkPolicy", "networkpolicies", NETWORKING, short=("netpol",)),
    Kind("Role", "roles", RBAC),
    Kind("RoleBinding", "rolebindings", RBAC),
    Kind("EndpointSlice", "endpointslices", DISCOVERY),
    Kind("RuntimeClass", "runtimeclasses", "node.k8s.io", namespaced=False),
)

BY_NAME = {kind.name: kind for kind in KINDS}
BY_ADDRESS = {(kind.root, kind.plural): kind for kind in KINDS}
