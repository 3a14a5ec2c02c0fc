"""Server-side apply: merge what a manager wants into what is there, and keep account of who wants what."""

from __future__ import annotations

import copy
from typing import Any

from sindri_kubernetes.testing import answers, managed_fields, schema
from sindri_kubernetes.testing.managed_fields import Entry, Paths


def merge(live: Any, wanted: Any, spec: schema.Spec) -> Any:
    """Return ``live`` with everything that ``wanted`` says."""
    if live is None or schema.is_atomic(spec) or type(live) is not type(wanted):
        return copy.deepcopy(wanted)
    if isinstance(wanted, dict):
        known = schema.fields(spec)
        result = dict(live)
        for name, value in wanted.items():
            below = known[name] if known is not None else schema.map_value(spec)
            result[name] = merge(live.get(name), value, below)
        return result
    if isinstance(wanted, list):
        return _merge_list(live, wanted, spec)
    return wanted


def _merge_list(live: list[Any], wanted: list[Any], spec: schema.Spec) -> list[Any]:
    """Items that are wanted come in the wanted order, the others keep their places after them."""
    key = schema.list_key(spec)

    def name(item: Any) -> str:
        return key.of(item) if key else schema.element(item)

    there = {name(item): item for item in live}
    merged = {name(item): merge(there.get(name(item)), item, schema.item(spec)) for item in wanted}
    return [merged.get(name(item), item) for item in live] + [m for n, m in merged.items() if n not in there]


def without(value: Any, paths: Paths, spec: schema.Spec, keep: Paths) -> Any:
    """Take ``paths`` out of an object; a part that contains something of ``keep`` stays."""
    for path in sorted(paths, key=len, reverse=True):
        if not any(kept[: len(path)] == path for kept in keep):
            _remove(value, path, spec)
    return value


def _remove(value: Any, path: managed_fields.Path, spec: schema.Spec) -> None:
    *way, last = path
    stack = []
    for element in way:
        found = _child(value, element, spec)
        if found is None:
            return
        stack.append((value, element))
        value, spec = found
    if last.startswith("f:"):
        if isinstance(value, dict):
            value.pop(last[2:], None)
    elif isinstance(value, list):
        key = schema.list_key(spec)
        value[:] = [item for item in value if (key.of(item) if key else schema.element(item)) != last]
    for parent, element in reversed(stack):
        if value or not element.startswith("f:") or not isinstance(parent, dict):
            return
        parent.pop(element[2:])
        value = parent


def _child(value: Any, element: str, spec: schema.Spec) -> tuple[Any, schema.Spec] | None:
    if element.startswith("f:"):
        known = schema.fields(spec)
        name = element[2:]
        below = known.get(name) if known is not None else schema.map_value(spec)
        return (value[name], below) if isinstance(value, dict) and name in value else None
    key = schema.list_key(spec)
    if key and isinstance(value, list):
        return next(((item, schema.item(spec)) for item in value if key.of(item) == element), None)
    return None


def server_side_apply(
    live: dict[str, Any], wanted: dict[str, Any], spec: schema.Spec, writer: Entry, *, force: bool
) -> tuple[dict[str, Any], list[Entry]]:
    """Return the object after the apply and its managers. Raises ``Refused`` with the conflicts."""
    entries = managed_fields.parse(live.get("metadata", {}).get("managedFields", []))
    mine = next((entry for entry in entries if entry.id == writer.id), None)
    claimed = managed_fields.applied(wanted, spec)
    merged = merge(live, wanted, spec)
    touched, _ = managed_fields.changed(live, merged, spec)
    others = [entry for entry in entries if entry.id != writer.id]
    found = [(entry, path) for entry in others for path in sorted(entry.paths & touched & claimed)]
    if found and not force:
        found.sort(key=lambda pair: (pair[0].worded(), pair[1]))
        raise answers.conflicts([(entry.worded(), managed_fields.readable(path)) for entry, path in found])
    lost = frozenset(path for _, path in found)
    others = [Entry(e.manager, e.operation, e.version, e.paths - lost, e.subresource, e.time) for e in others]
    kept = claimed.union(*(entry.paths for entry in others))
    dropped = (mine.paths if mine else frozenset()) - kept
    result = without(copy.deepcopy(merged), dropped, spec, kept)
    unchanged = mine is not None and mine.paths == claimed and result == live
    own = (
        mine
        if mine is not None and unchanged
        else Entry(writer.manager, writer.operation, writer.version, claimed, writer.subresource, writer.time)
    )
    return result, [*others, own]
