"""Merge patches, as ``kubectl scale`` and ``kubectl rollout restart`` send them."""

from __future__ import annotations

from typing import Any

from sindri_kubernetes.testing import answers, apply, schema

Body = dict[str, Any]
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"


def merge(target: Any, change: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(change, dict):
        return change
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: Body, change: Body, kind: str) -> Body:
    """Apply a strategic merge patch: lists merge by the keys that server-side apply uses too."""
    if '"$' in str(change).replace("'", '"'):
        raise answers.not_modelled("directives ($patch, $retainKeys) in a strategic merge patch")
    removed = _nulls(change, ())
    merged: Body = apply.merge(target, _without_nulls(change), schema.of_kind(kind))
    for path in removed:
        here: Any = merged
        for step in path[:-1]:
            here = here.get(step) or {}
        here.pop(path[-1], None)
    return merged


def _nulls(value: Body, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    found = []
    for key, child in value.items():
        if child is None:
            found.append((*path, key))
        elif isinstance(child, dict):
            found += _nulls(child, (*path, key))
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(child) for key, child in value.items() if child is not None}
    return value
