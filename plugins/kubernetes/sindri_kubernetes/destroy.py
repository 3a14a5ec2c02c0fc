"""Taking an environment away: the workload first, data last and only on request, nothing that is not ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sindri_core.events import Progress
from sindri_core.types import Body, Kept, Removal
from sindri_kubernetes import ownership, resources, sweep
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import label, metadata
from sindri_kubernetes.validate import reserved

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.seen import Seen

LONGEST_GOODBYE = 90.0
"""Seconds to wait for what is being deleted, within the run's own deadline."""
CLAIM = "PersistentVolumeClaim"
SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Demolition:
    """One removal while it is going on."""

    api: Api
    ctx: Context
    name: str
    seen: Seen
    delete_data: bool
    dry_run: bool
    removed: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The name of the namespace."""
        return self.seen.where


def remove(work: Demolition) -> Removal:
    """Take everything of ours away that may go."""
    inventory = ("ConfigMap", names.inventory(work.name))
    found = {(kind, name): live for (kind, name, _), live in work.seen.objects.items() if live is not None}
    if work.seen.inventory is not None:
        found[inventory] = work.seen.inventory
    ours = {key: live for key, live in found.items() if ownership.is_ours(live, work.seen.env_uid)}
    for (kind, name), live in found.items():
        if (kind, name) not in ours and label(live, names.INSTANCE) == work.name:
            work.kept.append(
                Kept(
                    object=f"{kind}/{name}",
                    reason=f"it belongs to {ownership.owner(live)}",
                    hint=f"kubectl delete {kind.lower()} {name} -n {work.where}",
                )
            )
    if not ours:
        return Removal(kept=tuple(work.kept))
    for kind, name in [key for key in ours if key[0] == "Deployment"]:
        _delete(work, kind, name, ours[kind, name])
    _await_pods(work)
    homes = [key for key in ours if key[0] == CLAIM]
    for kind, name in [key for key in ours if key[0] not in {"Deployment", CLAIM} and key != inventory]:
        _delete(work, kind, name, ours[kind, name])
    for kind, name in homes:
        if work.delete_data:
            _delete(work, kind, name, ours[kind, name])
        else:
            work.kept.append(_kept_home(work, name, ours[kind, name]))
    stuck = [key for key in homes if work.delete_data and not _gone(work, *key, ours[key])]
    _namespace_and_inventory(work, ours.get(inventory), data_stays=bool(stuck or (homes and not work.delete_data)))
    return Removal(removed=tuple(work.removed), kept=tuple(work.kept))


def _delete(work: Demolition, kind: str, name: str, live: Body) -> None:
    work.ctx.cancel.check()
    work.ctx.emit(Progress(step="destroy", message=f"{kind}/{name}", done=len(work.removed), unit="objects"))
    work.removed.append(f"{kind}/{name}")
    if not work.dry_run:
        scope = "" if kind == "Namespace" else work.where
        work.api.delete(resources.path(kind, name, scope), uid=str(metadata(live)["uid"]))


def _kept_home(work: Demolition, name: str, live: Body) -> Kept:
    size = (live.get("spec") or {}).get("resources", {}).get("requests", {}).get("storage", "")
    return Kept(
        object=f"{CLAIM}/{name}",
        reason=f"it holds your data ({size}); the next sindri deploy uses it again",
        hint=f"sindri destroy --delete-data   (or kubectl delete pvc {name} -n {work.where})",
    )


def _await_pods(work: Demolition) -> None:
    """Wait until no pod uses the home any more."""
    if work.dry_run:
        return
    path = resources.path("Pod", namespace=work.where)

    def pods_gone() -> bool:
        return not work.api.list(path, labels=f"instance={work.name},{names.MANAGED_BY}=sindri")

    _until(work, pods_gone)


def _gone(work: Demolition, kind: str, name: str, live: Body) -> bool:
    """Wait until a deleted object is gone; say what holds it when it does not go."""
    if work.dry_run:
        return True
    path = resources.path(kind, name, "" if kind == "Namespace" else work.where)
    uid = metadata(live)["uid"]

    def gone() -> bool:
        now = work.api.get(path)
        return now is None or metadata(now).get("uid") != uid

    if _until(work, gone):
        return True
    thing = f"{kind}/{name}"
    work.removed.remove(thing)
    now = work.api.get(path) or live
    work.kept.append(
        Kept(
            object=thing,
            reason=f"it is being deleted and still there: {_blockers(now)}",
            hint=f"kubectl get {kind.lower()} {name} -n {work.where} -o yaml",
        )
    )
    return False


def _blockers(live: Body) -> str:
    """Say what an object that is being deleted waits for, in the server's words."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    said = [str(c.get("message")) for c in conditions if c.get("status") == "True" and c.get("message")]
    finalizers = ", ".join(metadata(live).get("finalizers") or ())
    return "; ".join(said) or (f"it waits for {finalizers}" if finalizers else "the server does not say why")


def _until(work: Demolition, reached: Callable[[], bool]) -> bool:
    """Ask again and again, at most for a while."""
    until = time.monotonic() + min(LONGEST_GOODBYE, work.ctx.deadline.left())
    while not reached():
        if time.monotonic() >= until:
            return False
        work.ctx.cancel.wait(0.2)
    return True


def _namespace_and_inventory(work: Demolition, inventory: Body | None, *, data_stays: bool) -> None:
    """Let the namespace go if we made it and nothing else is in it; otherwise only the inventory, unless data stays."""
    ours = work.seen.namespace is not None and bool(work.seen.created) and not reserved(work.where)
    if data_stays:
        if inventory is not None:
            work.kept.append(_kept_inventory(work))
        if ours:
            work.kept.append(_kept_namespace(work, "the home volume is in it"))
        return
    if ours and work.seen.namespace is not None:
        beside = _beside(work)
        if not beside:
            _delete(work, "Namespace", work.where, work.seen.namespace)
            _gone(work, "Namespace", work.where, work.seen.namespace)
            return
        more = f" and {len(beside) - SHOWN} more" if len(beside) > SHOWN else ""
        work.kept.append(_kept_namespace(work, f"there is more in it than ours: {', '.join(beside[:SHOWN])}{more}"))
    else:
        work.kept.append(_kept_namespace(work, "sindri did not make it"))
    if inventory is not None:
        _delete(work, "ConfigMap", names.inventory(work.name), inventory)


def _beside(work: Demolition) -> tuple[str, ...]:
    found = sweep.foreign(work.api, work.where, work.seen.env_uid)
    leaving = {f"Pod/{metadata(pod)['name']}" for pod in _own_pods(work)} if work.dry_run else set()
    return tuple(thing for thing in found if thing not in leaving)


def _own_pods(work: Demolition) -> list[dict[str, object]]:
    path = resources.path("Pod", namespace=work.where)
    return list(work.api.list(path, labels=f"instance={work.name},{names.MANAGED_BY}=sindri"))


def _kept_inventory(work: Demolition) -> Kept:
    name = names.inventory(work.name)
    return Kept(
        object=f"ConfigMap/{name}",
        reason="it remembers whose the home volume is",
        hint=f"kubectl delete configmap {name} -n {work.where}",
    )


def _kept_namespace(work: Demolition, reason: str) -> Kept:
    return Kept(
        object=f"Namespace/{work.where}",
        reason=reason,
        hint="" if work.where == "default" else f"kubectl delete namespace {work.where}   (takes everything in it)",
    )
