"""Where each kind of object lives in the API, and how a body is written for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote


class Kind(NamedTuple):
    """A kind: the group and version that serve it, its plural, and whether it lives in a namespace."""

    version: str
    plural: str
    namespaced: bool = True


KINDS: Mapping[str, Kind] = {
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "Node": Kind("v1", "nodes", namespaced=False),
    "PersistentVolume": Kind("v1", "persistentvolumes", namespaced=False),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "ConfigMap": Kind("v1", "configmaps"),
    "Secret": Kind("v1", "secrets"),
    "PersistentVolumeClaim": Kind("v1", "persistentvolumeclaims"),
    "Service": Kind("v1", "services"),
    "Pod": Kind("v1", "pods"),
    "Event": Kind("v1", "events"),
    "Endpoints": Kind("v1", "endpoints"),
    "ResourceQuota": Kind("v1", "resourcequotas"),
    "LimitRange": Kind("v1", "limitranges"),
    "Deployment": Kind("apps/v1", "deployments"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "StorageClass": Kind("storage.k8s.io/v1", "storageclasses", namespaced=False),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
    "Role": Kind("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "EndpointSlice": Kind("discovery.k8s.io/v1", "endpointslices"),
    "RuntimeClass": Kind("node.k8s.io/v1", "runtimeclasses", namespaced=False),
}
_NOT_RAW_IN_YAML = re.compile("[\u007f-\u009f\u2028\u2029\ufffe\uffff]")


def path(kind: str, name: str = "", namespace: str = "") -> str:
    """Return the path of an object, or of its collection without a name, or of all namespaces without a namespace."""
    known = KINDS[kind]
    root = f"/api/{known.version}" if "/" not in known.version else f"/apis/{known.version}"
    where = f"/namespaces/{quote(namespace, safe='')}" if namespace and known.namespaced else ""
    return f"{root}{where}/{known.plural}" + (f"/{quote(name, safe='')}" if name else "")


def api_version(kind: str) -> str:
    """Return the ``apiVersion`` of a kind."""
    return KINDS[kind].version


def plural(kind: str) -> str:
    """Return the name of a kind in paths and rules."""
    return KINDS[kind].plural


def group(kind: str) -> str:
    """Return the API group of a kind; empty for the core group."""
    version = KINDS[kind].version
    return version.partition("/")[0] if "/" in version else ""


def serialise(body: Mapping[str, Any]) -> bytes:
    """Write a body as JSON in UTF-8.

    The server reads an apply body with a YAML parser. That parser refuses escaped surrogate pairs, so characters stand
    raw; it refuses raw control characters that JSON lets stand, and takes NEL, LS and PS for line breaks and drops the
    blanks around them. Those, and only those, are escaped.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _NOT_RAW_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()
