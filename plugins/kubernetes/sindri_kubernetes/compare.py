"""One object of the intent beside the live one: what applying would do, and the exact body that would be sent."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError, Conflict
from sindri_core.types import Action, Body, Change, Manifest
from sindri_kubernetes import diff, ownership, refusals, resources, volumes
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import metadata

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.inventory import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An object to be, what is there of it, and what the user allowed."""

    manifest: Manifest
    live: Body | None
    body: Mapping[str, Any]
    env_uid: str
    recorded: Entry | None = None
    adopt: bool = False
    force: bool = False

    @property
    def path(self) -> str:
        """Where the server keeps it."""
        return resources.path(self.manifest.kind, self.manifest.name, self.manifest.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The change, the body to send, and whether fields are taken from other managers."""

    change: Change
    body: Mapping[str, Any]
    force: bool = False


def stamped(manifest: Manifest, name: str, env_uid: str) -> dict[str, Any]:
    """Return the body with the marks of the environment, which every object of ours carries."""
    body = copy.deepcopy(dict(manifest.body))
    meta = body.setdefault("metadata", {})
    meta["labels"] = {**(meta.get("labels") or {}), **names.labels(name)}
    if body.get("kind") == "Secret":
        _encode(body)
    meta["annotations"] = {**(meta.get("annotations") or {}), names.ENV_UID: env_uid}
    return body


def _encode(body: dict[str, Any]) -> None:
    """Write ``stringData`` as ``data``: the server returns only that, so that only that can be compared."""
    written = body.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in written.items()}
    if encoded:
        body["data"] = {**(body.get("data") or {}), **encoded}


def intent_of(manifest: Manifest) -> str:
    """Return a SHA-256 of what the manifest says."""
    text = json.dumps(manifest.body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def compare(api: Api, wanted: Wanted, expandable: Callable[[str], bool | None]) -> Compared:
    """Say what applying would do, by a dry run on the server."""
    live = wanted.live
    if live is None:
        return _absent(api, wanted)
    if metadata(live).get("deletionTimestamp"):
        return Compared(change=_being_deleted(wanted, live), body=wanted.body)
    foreign = not ownership.is_ours(live, wanted.env_uid)
    if foreign and not wanted.adopt:
        return Compared(change=_foreign(wanted, live), body=wanted.body)
    note = f"taken over from {ownership.owner(live)}" if foreign else ""
    body: Mapping[str, Any] = wanted.body
    if wanted.manifest.kind == "PersistentVolumeClaim":
        fitted = volumes.fit(body, live, expandable)
        if fitted.reason:
            change = _change(wanted, Action.REFUSED, reason=fitted.reason, hint=fitted.hint, error="SND-K8S-105")
            return Compared(change=change, body=body)
        body, note = fitted.body, note or fitted.note
    return _present(api, replace(wanted, body=body, force=wanted.force or foreign), live, note)


def _absent(api: Api, wanted: Wanted) -> Compared:
    try:
        api.apply(wanted.path, wanted.body, dry_run=True)
    except ClusterError as error:
        return Compared(change=_refused(wanted, error), body=wanted.body)
    return Compared(change=_change(wanted, Action.CREATE), body=wanted.body)


def _present(api: Api, wanted: Wanted, live: Body, note: str) -> Compared:
    taken: tuple[tuple[str, str], ...] = ()
    try:
        dry = api.apply(wanted.path, wanted.body, dry_run=True)
    except Conflict as error:
        taken = refusals.field_conflicts(error)
        try:
            dry = api.apply(wanted.path, wanted.body, dry_run=True, force=True)
        except ClusterError as worse:
            return Compared(change=_refused(wanted, worse), body=wanted.body)
    except ClusterError as error:
        return Compared(change=_refused(wanted, error), body=wanted.body)
    paths = diff.changed(live, dry)
    conflicts = diff.conflicts(live, dry, taken)
    contested = {path for _, path in conflicts if path}
    if conflicts and not wanted.force:
        change = _change(
            wanted,
            Action.CONFLICT,
            fields=diff.describe(live, dry, [path for path in paths if path not in contested]),
            conflicts=tuple(conflict for conflict, _ in conflicts),
            reason="other managers own fields with other values",
            hint="keep their values in sindri.yaml, or take the fields: --force-conflicts",
            error="SND-K8S-101",
        )
        return Compared(change=change, body=wanted.body)
    if not paths and diff.same_ownership(live, dry) and not conflicts:
        return Compared(change=_change(wanted, Action.SAME), body=wanted.body)
    unchanged_intent = wanted.recorded is not None and wanted.recorded.intent == intent_of(wanted.manifest)
    drifted = paths if unchanged_intent else [path for path in paths if path in contested]
    managers = {path: conflict.manager for conflict, path in conflicts if path}
    shown = tuple(
        change
        for path in paths
        for change in diff.describe(live, dry, [path], f"taken from {managers[path]}" if path in managers else "")
    )
    change = _change(
        wanted,
        Action.CHANGE,
        fields=shown,
        drift=diff.describe(live, dry, drifted),
        note=note or ("" if shown else "only who owns the fields"),
        restarts=wanted.manifest.kind == "Deployment" and diff.restarts(paths),
    )
    return Compared(change=change, body=wanted.body, force=wanted.force)


def _change(wanted: Wanted, action: Action, **more: Any) -> Change:
    live = wanted.live or {}
    return Change(
        action=action,
        kind=wanted.manifest.kind,
        name=wanted.manifest.name,
        scope=wanted.manifest.scope,
        version=str(metadata(live).get("resourceVersion", "")),
        uid=str(metadata(live).get("uid", "")),
        **more,
    )


def _refused(wanted: Wanted, error: ClusterError) -> Change:
    code, reason, hint = refusals.explain(error, wanted.manifest)
    return _change(wanted, Action.REFUSED, reason=reason, hint=hint, error=code)


def _foreign(wanted: Wanted, live: Body) -> Change:
    who = ownership.owner(live)
    thing = f"{wanted.manifest.kind}/{wanted.manifest.name}"
    return _change(
        wanted,
        Action.REFUSED,
        reason=f"it exists and belongs to {who}",
        hint=f"choose another name in sindri.yaml, or take it over: sindri deploy --adopt {thing}",
        error="SND-K8S-102",
    )


def _being_deleted(wanted: Wanted, live: Body) -> Change:
    since = metadata(live)["deletionTimestamp"]
    if wanted.manifest.kind == "PersistentVolumeClaim":
        return _change(
            wanted,
            Action.REFUSED,
            reason=f"it is being deleted since {since}, and is gone with its data as soon as no pod uses it",
            hint="copy what you need out of the running environment, then sindri destroy, then sindri deploy",
            error="SND-K8S-106",
        )
    waits = ", ".join(metadata(live).get("finalizers") or ())
    reason = f"somebody is deleting it since {since}" + (f" (it waits for {waits})" if waits else "")
    return _change(wanted, Action.RECREATE, reason=reason, restarts=wanted.manifest.kind == "Deployment")


def removal(entry_kind: str, name: str, live: Body, scope: str) -> Change:
    """Say that an object of an earlier deploy goes."""
    return Change(
        action=Action.DELETE,
        kind=entry_kind,
        name=name,
        scope=scope,
        reason="it was deployed earlier and is not wanted any more",
        version=str(metadata(live).get("resourceVersion", "")),
        uid=str(metadata(live).get("uid", "")),
    )
