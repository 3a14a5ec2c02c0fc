"""The plan file: what ``plan --out`` writes and ``deploy --plan`` compares. It is untrusted and holds no secret.

Nothing of a plan file is ever applied. Deploying builds the plan anew and refuses when the two differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sindri_core.errors import PlanStale, UsageError
from sindri_core.types import Action, Manifest, Plan

KIND = "sindri-plan"
VERSION = 1


def intent_of(manifests: Sequence[Manifest]) -> str:
    """Return a SHA-256 of everything that would be applied, as 64 hex digits."""
    plain = [[m.kind, m.scope, m.name, m.body] for m in manifests]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def to_document(plan: Plan) -> dict[str, Any]:
    """Return what identifies the plan, as plain data. Raises ``UsageError`` for a plan made offline."""
    if plan.offline:
        raise UsageError(
            "SND-PLN-003",
            "a plan made offline was compared with nothing and cannot be applied",
            hint="run sindri plan --out FILE without --offline",
        )
    return {
        "kind": KIND,
        "version": VERSION,
        "name": plan.name,
        "destination": plan.destination.summary(),
        "identity": plan.changes.identity,
        "intent": plan.intent,
        "image": {"reference": plan.image.reference, "deployed": plan.image.deployed, "digest": plan.image.digest},
        "plugins": dict(sorted(plan.plugins.items())),
        "changes": [
            {"action": c.action.value, "kind": c.kind, "name": c.name, "scope": c.scope, "version": c.version}
            for c in plan.changes.items
            if c.action is not Action.SAME
        ],
    }


def check(document: object, plan: Plan) -> None:
    """Raise ``PlanStale`` unless the file describes this plan, ``UsageError`` unless it is a plan file at all."""
    if not isinstance(document, Mapping) or document.get("kind") != KIND or document.get("version") != VERSION:
        raise UsageError(
            "SND-PLN-001",
            f"the file is not a plan of this version of sindri (kind {KIND}, version {VERSION})",
            hint="make one: sindri plan --out FILE",
        )
    differences = compare(document, plan)
    if differences:
        raise PlanStale(
            "SND-PLN-002",
            "what would be deployed now is not what the plan file says; nothing was written",
            hint="look at the new plan and keep it: sindri plan --out FILE",
            details=[("differs", text) for text in differences],
        )


def compare(document: Mapping[str, Any], plan: Plan) -> list[str]:
    """List the differences between a plan file and a plan made now, each as ``what: then → now``."""
    now = to_document(plan)
    return [f"{path}: {_short(then)} → {_short(value)}" for path, then, value in _differences("", dict(document), now)]


def _differences(path: str, then: Any, now: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = sorted({*map(str, then), *map(str, now)})
        return [d for key in keys for d in _differences(f"{path}.{key}".lstrip("."), then.get(key), now.get(key))]
    if path == "changes" and isinstance(then, list) and isinstance(now, list):
        return [d for key, (a, b) in _paired(then, now).items() for d in _differences(key, a, b)]
    return [] if then == now else [(path, then, now)]


def _paired(then: list[Any], now: list[Any]) -> dict[str, tuple[Any, Any]]:
    """Pair the changes of both sides by the object that they are about."""
    sides = []
    for side in (then, now):
        known = [item for item in side if isinstance(item, Mapping)]
        sides.append({f"changes.{item.get('kind')}/{item.get('name')}": item for item in known})
    return {key: (sides[0].get(key), sides[1].get(key)) for key in sorted({*sides[0], *sides[1]})}


def _short(value: Any) -> str:
    longest = 60
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= longest else text[: longest - 1] + "…"
