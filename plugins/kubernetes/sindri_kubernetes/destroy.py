"""Taking an environment away: the workload first, data last and only on request, nothing that is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sindri_core.events import Progress
from sindri_core.types import Body, Kept, Removal
from sindri_kubernetes import ownership, resources, sweep
from sindri_kubernetes.leaving import Leaving
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import label, metadata
from sindri_kubernetes.validate import reserved

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.seen import Seen

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

    @property
    def leaving(self) -> Leaving:
        """What waits for the end of the deleted."""
        return Leaving(api=self.api, ctx=self.ctx, where=self.where)


def remove(work: Demolition) -> Removal:
    """Take everything of ours away that may go."""
    ours = _ours(work)
    inventory = ours.pop(("ConfigMap", names.inventory(work.name)), None)
    if not ours and inventory is None:
        return Removal(kept=tuple(work.kept))
    for key in [key for key in ours if key[0] == "Deployment"]:
        _delete(work, *key, ours[key])
    _await_pods(work)
    homes = [key for key in ours if key[0] == CLAIM]
    for key in [key for key in ours if key[0] not in {"Deployment", CLAIM}]:
        _delete(work, *key, ours[key])
    for key in homes:
        if work.delete_data:
            _delete(work, *key, ours[key])
        else:
            work.kept.append(_kept_home(work, key[1], ours[key]))
    stuck = _await_gone(work, {key: live for key, live in ours.items() if "/".join(key) in work.removed})
    if stuck:
        _keep_both(work, inventory, "it remembers what is still there", f"{stuck} is still in it")
    elif homes and not work.delete_data:
        _keep_both(work, inventory, "it remembers whose the home volume is", "the home volume is in it")
    else:
        _namespace_and_inventory(work, inventory)
    return Removal(removed=tuple(work.removed), kept=tuple(work.kept))


def _ours(work: Demolition) -> dict[tuple[str, str], Body]:
    """Find what is ours by kind and name, the inventory too; what only looks like it is kept, with its owner."""
    found = {(kind, name): live for (kind, name, _), live in work.seen.objects.items() if live is not None}
    if work.seen.inventory is not None:
        found["ConfigMap", names.inventory(work.name)] = work.seen.inventory
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
    return ours


def _delete(work: Demolition, kind: str, name: str, live: Body) -> None:
    work.ctx.cancel.check()
    work.ctx.emit(Progress(step="destroy", message=f"{kind}/{name}", done=len(work.removed), unit="objects"))
    work.removed.append(f"{kind}/{name}")
    if not work.dry_run:
        work.api.delete(work.leaving.path(kind, name), uid=str(metadata(live)["uid"]))


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

    work.leaving.until(pods_gone)


def _await_gone(work: Demolition, going: Mapping[tuple[str, str], Body]) -> str:
    """Wait for what was deleted; what does not go is kept, and the first of it returned."""
    if work.dry_run:
        return ""
    held = work.leaving.stuck(going)
    for kept in held:
        work.removed.remove(kept.object)
        work.kept.append(kept)
    return held[0].object if held else ""


def _keep_both(work: Demolition, inventory: Body | None, why: str, inside: str) -> None:
    """Leave inventory and namespace where something of ours stays."""
    if inventory is not None:
        name = names.inventory(work.name)
        hint = f"kubectl delete configmap {name} -n {work.where}"
        work.kept.append(Kept(object=f"ConfigMap/{name}", reason=why, hint=hint))
    if _made_it(work):
        work.kept.append(_kept_namespace(work, inside))


def _made_it(work: Demolition) -> bool:
    """Whether the namespace is ours to delete."""
    return work.seen.namespace is not None and bool(work.seen.created) and not reserved(work.where)


def _namespace_and_inventory(work: Demolition, inventory: Body | None) -> None:
    """Let the namespace go if we made it and nothing else is in it; otherwise only the inventory."""
    if _made_it(work) and work.seen.namespace is not None:
        beside = _beside(work)
        if not beside:
            _delete(work, "Namespace", work.where, work.seen.namespace)
            _await_gone(work, {("Namespace", work.where): work.seen.namespace})
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


def _kept_namespace(work: Demolition, reason: str) -> Kept:
    return Kept(
        object=f"Namespace/{work.where}",
        reason=reason,
        hint="" if work.where == "default" else f"kubectl delete namespace {work.where}   (takes everything in it)",
    )
