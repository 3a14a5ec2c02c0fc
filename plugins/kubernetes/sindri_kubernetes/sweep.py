"""What is in a namespace beside our own: asked of every kind that the server can list."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError
from sindri_core.types import Body
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import annotation, metadata

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api

PARALLEL = 6
FLEETING = frozenset({"events", "endpoints", "endpointslices", "leases", "replicasets", "controllerrevisions"})
"""Kinds that others make for objects, and that go with them."""
BUILT_IN = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
COMPUTED = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
"""Groups that hold no objects, only measurements."""


def foreign(api: Api, namespace: str, env_uid: str) -> tuple[str, ...]:
    """List what is in the namespace and not ours, as ``Kind/name``; what cannot be looked at counts, and says so."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        versions = list(_versions(api))
        kinds = [kind for found in pool.map(lambda v: _kinds(api, v), versions) for kind in found]
        answers = pool.map(lambda kind: _beside_ours(api, kind, namespace, env_uid), kinds)
        return tuple(sorted({thing for answer in answers for thing in answer}))


def _versions(api: Api) -> Iterator[str]:
    """Give the path of the preferred version of every API group."""
    yield "/api/v1"
    for group in (api.get("/apis") or {}).get("groups") or ():
        if group["name"] not in COMPUTED:
            yield f"/apis/{group['preferredVersion']['groupVersion']}"


def _kinds(api: Api, version: str) -> list[tuple[str, str, str]]:
    """List (version path, plural, kind) of what can be listed; a version that does not answer becomes one entry."""
    try:
        found = (api.get(version) or {}).get("resources") or ()
    except ClusterError:
        return [(version, "", "")]
    return [
        (version, r["name"], r["kind"])
        for r in found
        if r.get("namespaced")
        and "list" in (r.get("verbs") or ())
        and "/" not in r["name"]
        and r["name"] not in FLEETING
    ]


def _beside_ours(api: Api, kind: tuple[str, str, str], namespace: str, env_uid: str) -> list[str]:
    version, plural, name = kind
    if not plural:
        return [f"whatever {version} holds (it does not answer)"]
    try:
        found: list[dict[str, Any]] = api.list(f"{version}/namespaces/{namespace}/{plural}")
    except ClusterError as error:
        return [f"whatever {plural} there are ({error.message})"]
    return [f"{name}/{metadata(item).get('name')}" for item in found if not _expected(item, name, env_uid)]


def _expected(item: Body, kind: str, env_uid: str) -> bool:
    if (kind, metadata(item).get("name")) in BUILT_IN:
        return True
    return annotation(item, names.ENV_UID) == env_uid
