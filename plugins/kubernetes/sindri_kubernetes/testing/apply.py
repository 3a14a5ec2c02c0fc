"""Server-side apply: merge what a manager wants into what is there, and keep account of who wants what."""

from __future__ import annotations

import copy
import json
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
    """Merge items by their keys: shared items in the wanted order, the others where their neighbours are."""
    key = schema.list_key(spec)

    def name(item: Any) -> str:
        return key.of(item) if key else schema.element(item)

    left, right = {name(item): item for item in live}, {name(item): item for item in wanted}
    shared = [element for element in right if element in left]
    before, after = list(left), list(right)
    result = []
    while before or after:
        if before and before[0] not in right:
            result.append(left[before.pop(0)])
        elif before and (not shared or before[0] != shared[0]):
            before.pop(0)  # its turn comes, or came, in the wanted order
        else:
            element = after.pop(0)
            result.append(merge(left.get(element), right[element], schema.item(spec)))
            if shared and shared[0] == element:
                shared.pop(0)
                before[:] = [other for other in before if other != element]
    return result


def without(value: Any, paths: Paths, spec: schema.Spec, keep: Paths) -> Any:
    """Take ``paths`` out of an object; a part that contains something of ``keep`` stays, and so does its key."""
    for path in sorted(paths, key=len):
        if not any(kept[: len(path)] == path for kept in keep) and not _is_key(path):
            _remove(value, path, spec)
    return value


def _is_key(path: managed_fields.Path) -> bool:
    """Whether the path is one of the fields by which its item is found. It goes with the item."""
    *_, item, last = ("", *path)
    return item.startswith("k:") and last[2:] in json.loads(item[2:])


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
