"""What may change about a home volume that exists. Never its data: growing is planned, everything else refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sindri_core.types import Body
from sindri_kubernetes import fields, quantities

ALIVE = "its data stays where it is"
CLASS = ("spec", "storageClassName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A claim as it can be sent. ``reason`` and ``hint`` are set when what is wanted cannot be had."""

    body: dict[str, Any]
    note: str = ""
    reason: str = ""
    hint: str = ""


def fit(wanted: Body, live: Body, expandable: Callable[[str], bool | None]) -> Fitted:
    """Fit a wanted claim to the live one. ``expandable`` tells whether a class lets volumes grow (None: not known)."""
    body = copy.deepcopy(dict(wanted))
    spec: dict[str, Any] = body["spec"]
    seen: Body = live.get("spec") or {}
    had, wants = str(seen.get("storageClassName") or ""), str(spec.get("storageClassName") or "")
    if not wants:
        if had and CLASS in fields.owned(live):  # configured once and not any more: the volume stays as it is
            spec["storageClassName"] = had
    elif wants != had:
        return Fitted(
            body=body,
            reason=f"the volume is of the class {had or '(none)'} and a volume cannot change to {wants}",
            hint=f"write storageClass: {had} in sindri.yaml, or copy the data and sindri destroy --delete-data",
        )
    modes, before = _modes(spec), _modes(seen)
    if modes != before:
        return Fitted(
            body=body,
            reason=f"the volume's accessModes are {before} and cannot change to {modes}",
            hint="use another name in sindri.yaml, or copy the data and make the claim anew",
        )
    return _sized(body, live, had or wants, expandable)


def _modes(spec: Body) -> str:
    return ", ".join(spec.get("accessModes") or ())


def _sized(body: dict[str, Any], live: Body, storage_class: str, expandable: Callable[[str], bool | None]) -> Fitted:
    wants, has = _storage(body), _storage(live)
    if quantities.parse(wants) == quantities.parse(has):
        body["spec"]["resources"]["requests"]["storage"] = has
        return Fitted(body=body)
    keep = f"write deployment.volumes.workspace.size: {has} in sindri.yaml"
    if quantities.parse(wants) < quantities.parse(has):
        return Fitted(body=body, reason=f"the volume has {has} and cannot shrink to {wants}", hint=keep)
    if (live.get("status") or {}).get("phase") != "Bound":
        reason = f"the volume cannot grow from {has} to {wants} before it is bound"
        return Fitted(body=body, reason=reason, hint=f"start the environment once, or {keep}")
    if expandable(storage_class) is False:
        reason = f"the class {storage_class or '(none)'} does not let volumes grow (from {has} to {wants})"
        return Fitted(body=body, reason=reason, hint=f"{keep}, or ask for allowVolumeExpansion: true on the class")
    return Fitted(body=body, note=f"the volume grows from {has} to {wants}, {ALIVE}")


def _storage(claim: Body) -> str:
    return str(((claim.get("spec") or {}).get("resources") or {}).get("requests", {}).get("storage", "0"))
