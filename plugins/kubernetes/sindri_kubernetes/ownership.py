"""Whose object is it? Ours by annotation and label; otherwise the owner is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sindri_core.types import Body
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import annotation, label, metadata

ARGO = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")


def is_ours(live: Body, env_uid: str) -> bool:
    """Whether the object carries the mark of this very environment, and nobody else claims it."""
    return bool(env_uid) and annotation(live, names.ENV_UID) == env_uid and not controller(live)


def env_uid_of(live: Iterable[Body | None], name: str) -> str:
    """Find the environment's mark on its objects, for when the inventory is lost. The first that has one decides."""
    for body in live:
        if body is None or label(body, names.MANAGED_BY) != "sindri" or label(body, names.INSTANCE) != name:
            continue
        if uid := annotation(body, names.ENV_UID):
            return uid
    return ""


def adoptable(kind: str, name: str, adopt: Collection[str]) -> bool:
    """Whether the user asked to take this object over."""
    wanted = {text.lower() for text in adopt}
    return "all" in wanted or f"{kind}/{name}".lower() in wanted


def owner(live: Body) -> str:
    """Say whose object it is, in words."""
    return controller(live) or _tool(live) or _manager(live)


def _tool(live: Body) -> str:
    """Name the release or application that the object belongs to, or nothing."""
    if release := annotation(live, "meta.helm.sh/release-name"):
        return f"the Helm release {release}"
    for key in ARGO:
        if value := annotation(live, key) or label(live, key):
            return f"the Argo CD application {value.split(':', 1)[0]}"
    for key in FLUX:
        if value := label(live, key):
            return f"the Flux {'Kustomization' if key.startswith('kustomize') else 'HelmRelease'} {value}"
    return ""


def _manager(live: Body) -> str:
    """Name whoever manages the object by its label, or else by who wrote its fields."""
    manager = label(live, names.MANAGED_BY)
    if manager == "sindri":
        other = label(live, names.INSTANCE)
        return f"the sindri environment {other}" if other else "another sindri environment"
    if manager:
        return manager
    writers = _writers(live)
    return f"somebody who used {' and '.join(writers)}" if writers else "somebody else"


def controller(live: Body) -> str:
    """Name the object that owns this one through an ownerReference, or nothing."""
    references: list[dict[str, Any]] = metadata(live).get("ownerReferences") or []
    return f"{references[0].get('kind')} {references[0].get('name')}" if references else ""


def _writers(live: Body) -> list[str]:
    """Name the field managers that wrote the object's own fields, not its status."""
    found = [
        str(entry.get("manager"))
        for entry in metadata(live).get("managedFields") or ()
        if not entry.get("subresource") and entry.get("manager") != "kube-controller-manager"
    ]
    return list(dict.fromkeys(found))
