"""The answers to what a client asks before anything else: versions, groups and resources."""

from __future__ import annotations

from typing import Any

from sindri_kubernetes.testing.kinds import KINDS, Kind

VERSION = {"major": "1", "minor": "34", "gitVersion": "v1.34.4", "platform": "linux/amd64"}
ALL = {"Deployment", "Pod", "ReplicaSet", "Service"}
VERBS = ["create", "delete", "get", "list", "patch", "watch"]
SUBRESOURCES = {
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]},
}


def answer(path: str) -> dict[str, Any] | None:
    """Answer a discovery request; None when the path is none."""
    if path == "/version":
        return VERSION
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _groups()]}
    found = [kind for kind in KINDS if kind.root == path]
    if found:
        resources = [entry for kind in found for entry in _resources(kind)]
        version = found[0].api_version
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
    return None


def _groups() -> list[str]:
    return sorted({kind.group for kind in KINDS if kind.group})


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(kind: Kind) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {"name": kind.plural, "singularName": kind.name.lower(), "namespaced": kind.namespaced}
    entry |= {"kind": kind.name, "verbs": VERBS}
    if kind.short:
        entry["shortNames"] = list(kind.short)
    if kind.name in ALL:
        entry["categories"] = ["all"]
    below = [
        {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced} | SUBRESOURCES[name]
        for name in kind.subresources
        if name in SUBRESOURCES
    ]
    return [entry, *below]
