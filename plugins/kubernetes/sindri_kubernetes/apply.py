"""Carrying out a plan: what must hold before the first write, then one object after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sindri_core import __version__ as core_version
from sindri_core.errors import ClusterError, Conflict, Foreign, SindriError
from sindri_core.events import Progress
from sindri_core.types import Action, Applied, Body, Change, Changes, Manifest
from sindri_kubernetes import __version__, inventory, refusals, resources
from sindri_kubernetes.compare import Compared, intent_of
from sindri_kubernetes.inventory import Entry, Inventory
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import metadata

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_kubernetes.api import Api

WRITTEN = frozenset({Action.CREATE, Action.CHANGE, Action.RECREATE})
LONGEST_GOODBYE = 60.0
"""Seconds to wait for an object that somebody else is deleting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that a diff found out and an apply needs."""

    namespace: str
    env_uid: str
    created: str
    namespace_body: Body | None
    compared: tuple[tuple[Manifest, Compared], ...]
    leftovers: tuple[Change, ...]
    recorded: Inventory | None
    begun: bool
    """Whether there was an inventory, be it damaged."""


def refuse(changes: Changes) -> None:
    """Raise for the first reason not to begin, listing all of them. Nothing was written."""
    bad = [change for change in changes.items if change.action in {Action.REFUSED, Action.CONFLICT}]
    if not bad:
        return
    first = bad[0]
    kinds: dict[str, type[SindriError]] = {"SND-K8S-101": Conflict, "SND-K8S-102": Foreign}
    details = [line for change in bad for line in _lines(change)]
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    raise kinds.get(first.error, ClusterError)(
        first.error or "SND-K8S-010",
        f"{first.kind}/{first.name}: {first.reason}{more}; nothing was written",
        hint=first.hint,
        details=details,
    )


def _lines(change: Change) -> list[tuple[str, str]]:
    thing = f"{change.kind}/{change.name}"
    if change.action is Action.REFUSED:
        return [("refused", f"{thing}: {change.reason}")]
    return [
        ("conflict", f"{thing} {c.path}: {c.manager} says {c.live!r}, sindri.yaml says {c.wanted!r}")
        for c in change.conflicts
    ]


def carry_out(api: Api, ctx: Context, prepared: Prepared, config_name: str) -> Applied:
    """Write what has to be written: namespace, inventory, objects in order, deletions, inventory again."""
    writes = [(m, c) for m, c in prepared.compared if c.change.action in WRITTEN]
    total = len(writes) + len(prepared.leftovers) + (prepared.namespace_body is not None)
    written: list[Change] = []

    def tell(change: Change) -> None:
        ctx.cancel.check()
        message = f"{change.kind}/{change.name}"
        ctx.emit(Progress(step="apply", message=message, done=len(written), total=total, unit="objects"))

    created = prepared.created
    if prepared.namespace_body is not None:
        change = Change(action=Action.CREATE, kind="Namespace", name=prepared.namespace)
        tell(change)
        created = _create_namespace(api, prepared.namespace_body)
        written.append(change)
    stored = prepared.recorded
    if total:
        planned = _inventory(prepared, config_name, created, {})
        stored = _store(api, ctx, prepared.namespace, planned, stored, begins=not prepared.begun)
    uids: dict[str, str] = {}
    for manifest, compared in writes:
        tell(compared.change)
        uids[manifest.id] = _write(api, ctx, manifest, compared)
        written.append(compared.change)
    for change in prepared.leftovers:
        tell(change)
        api.delete(resources.path(change.kind, change.name, change.scope), uid=change.uid)
        written.append(change)
    final = _inventory(prepared, config_name, created, uids)
    final = replace(final, objects=tuple(e for e in final.objects if not _left(e, prepared.leftovers)))
    _store(api, ctx, prepared.namespace, final, stored, begins=not (prepared.begun or total))
    return Applied(written=tuple(written), unchanged=_unchanged(prepared))


def _unchanged(prepared: Prepared) -> int:
    same = sum(compared.change.action is Action.SAME for _, compared in prepared.compared)
    return same + (prepared.namespace_body is None)


def _create_namespace(api: Api, body: Body) -> str:
    """Make the namespace. The server's 201 proves that we did; return its UID, or nothing when somebody was faster."""
    try:
        made = api.create(resources.path("Namespace"), body)
    except ClusterError as error:
        if refusals.already_exists(error):
            return ""
        raise
    return str(metadata(made)["uid"])


def _write(api: Api, ctx: Context, manifest: Manifest, compared: Compared) -> str:
    """Apply one object and return its UID."""
    path = resources.path(manifest.kind, manifest.name, manifest.scope)
    action = compared.change.action
    if action is Action.RECREATE:
        wait_gone(api, ctx, path, f"{manifest.kind}/{manifest.name}", compared.change.uid)
    uid = compared.change.uid if action is Action.CHANGE else ""
    try:
        answer = api.apply(path, compared.body, force=compared.force, uid=uid)
    except ClusterError as error:
        code, reason, hint = refusals.explain(error, manifest)
        raise refusals.retold(error, code, f"{manifest.kind}/{manifest.name}: {reason}", hint) from error
    return str(metadata(answer).get("uid", ""))


def wait_gone(api: Api, ctx: Context, path: str, thing: str, uid: str) -> None:
    """Wait until an object that is being deleted is gone. Raises ``ClusterError`` when it does not go."""
    until = time.monotonic() + min(LONGEST_GOODBYE, ctx.deadline.left())
    while (live := api.get(path)) is not None and metadata(live).get("uid") == uid:
        if time.monotonic() >= until:
            waits = ", ".join(metadata(live).get("finalizers") or ()) or "nothing that it names"
            raise ClusterError(
                "SND-K8S-106",
                f"{thing} is being deleted and does not go: it waits for {waits}",
                hint="find out who serves that finalizer, then run the command again",
            )
        ctx.cancel.wait(0.2)


def _inventory(prepared: Prepared, name: str, created: str, uids: dict[str, str]) -> Inventory:
    """Write down what belongs to the environment, as far as it is known."""
    entries: dict[str, Entry] = {}
    for manifest, compared in prepared.compared:
        if not manifest.scope:
            continue
        before = prepared.recorded.entry(manifest.kind, manifest.name) if prepared.recorded else None
        applied = compared.change.action is Action.SAME or manifest.id in uids
        entries[manifest.id] = Entry(
            kind=manifest.kind,
            name=manifest.name,
            namespace=manifest.scope,
            uid=uids.get(manifest.id) or compared.change.uid,
            intent=intent_of(manifest) if applied else before.intent if before else "",
        )
    kept = prepared.recorded.objects if prepared.recorded else ()
    for entry in kept:
        entries.setdefault(entry.id, entry)
    return Inventory(
        name=name,
        env_uid=prepared.env_uid,
        namespace_created=created,
        objects=tuple(entries.values()),
        intent=_intent([manifest for manifest, _ in prepared.compared]),
        sindri_version=core_version,
        plugins={"kubernetes": __version__},
    )


def _intent(manifests: Sequence[Manifest]) -> str:
    import hashlib

    return hashlib.sha256("".join(map(intent_of, manifests)).encode()).hexdigest()


def _left(entry: Entry, leftovers: Sequence[Change]) -> bool:
    return any((entry.kind, entry.name) == (change.kind, change.name) for change in leftovers)


def _store(  # noqa: PLR0913 - what is known and what is new
    api: Api, ctx: Context, namespace: str, wanted: Inventory, stored: Inventory | None, *, begins: bool = False
) -> Inventory:
    """Write the inventory where it says something new. ``begins``: there was none when we looked."""
    if not wanted.differs(stored):
        return wanted
    ctx.cancel.check()
    stamped = replace(wanted, deployed_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    body = inventory.config_map(stamped, namespace)
    if begins:
        _begin(api, wanted.name, namespace, body)
    else:
        api.apply(resources.path("ConfigMap", names.inventory(wanted.name), namespace), body, force=True)
    return wanted


def _begin(api: Api, name: str, namespace: str, body: Body) -> None:
    """Make the inventory. Only one of several first deploys can: the others would mark the objects differently."""
    try:
        api.create(resources.path("ConfigMap", namespace=namespace), body)
    except ClusterError as error:
        if not refusals.already_exists(error):
            raise
        raise Conflict(
            "SND-K8S-121",
            f"somebody else began to deploy {name} to the namespace {namespace} at the same moment",
            hint="wait until that is over, then run the command again",
        ) from error
