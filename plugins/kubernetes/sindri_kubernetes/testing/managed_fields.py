"""Sets of fields as ``fieldsV1`` writes them, and who manages which.

A path is a tuple of elements: ``f:name`` a field, ``k:{…}`` an item of a list merged by key, ``v:…`` an item of a set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sindri_kubernetes.testing import schema

Path = tuple[str, ...]
Paths = frozenset[Path]

SERVER_OWNED = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
                "managedFields", "resourceVersion", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds",
            )
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One manager's fields, as one entry of ``metadata.managedFields``."""

    manager: str
    operation: str
    version: str
    paths: Paths
    subresource: str = ""
    time: str = ""

    @property
    def id(self) -> tuple[str, str, str]:
        """What makes two entries the same."""
        return (self.manager, self.operation, self.subresource)

    def worded(self) -> str:
        """How a conflict names the manager."""
        text = f'"{self.manager}"' + (f' with subresource "{self.subresource}"' if self.subresource else "")
        return text if self.operation == "Apply" else f"{text} using {self.version}"


def applied(body: dict[str, Any], spec: schema.Spec) -> Paths:
    """Return the fields that an applied body claims."""
    return frozenset(_walk(body, spec, ())) - SERVER_OWNED


def _walk(value: Any, spec: schema.Spec, path: Path) -> Iterator[Path]:
    children = list(_children(value, spec))
    if not children:
        yield path
        return
    if path and path[-1].startswith("k:"):
        yield path
    for element, child, child_spec in children:
        yield from _walk(child, child_spec, (*path, element))


def _children(value: Any, spec: schema.Spec) -> Iterator[tuple[str, Any, schema.Spec]]:
    """Yield the parts that are owned one by one; nothing for what is owned as a whole."""
    if schema.is_atomic(spec) or not value:
        return
    if isinstance(value, dict):
        known = schema.fields(spec)
        for name, child in value.items():
            yield f"f:{name}", child, (known[name] if known is not None else schema.map_value(spec))
    elif isinstance(value, list):
        key = schema.list_key(spec)
        for child in value:
            yield (key.of(child) if key else schema.element(child)), child, schema.item(spec)


def leaves(value: Any, spec: schema.Spec, path: Path = ()) -> dict[Path, Any]:
    """Return every value that is owned as one, by its path."""
    children = list(_children(value, spec))
    if not children:
        return {path: value}
    found: dict[Path, Any] = {path: _PRESENT} if path and path[-1].startswith("k:") else {}
    for element, child, child_spec in children:
        found |= leaves(child, child_spec, (*path, element))
    return found


_PRESENT = object()


def changed(before: dict[str, Any], after: dict[str, Any], spec: schema.Spec) -> tuple[Paths, Paths]:
    """Compare two objects: paths that were added or changed, and paths that went."""
    old, new = leaves(before, spec), leaves(after, spec)
    touched = {path for path, value in new.items() if path not in old or old[path] != value}
    return frozenset(touched) - SERVER_OWNED, frozenset(old.keys() - new.keys()) - SERVER_OWNED


def parse(items: list[dict[str, Any]]) -> list[Entry]:
    """Read ``metadata.managedFields``."""
    return [
        Entry(
            found["manager"],
            found["operation"],
            found["apiVersion"],
            frozenset(_decode(found["fieldsV1"], ())),
            found.get("subresource", ""),
            found.get("time", ""),
        )
        for found in items
    ]


def write(entries: list[Entry]) -> list[dict[str, Any]]:
    """Write ``metadata.managedFields``: appliers first, then by time."""
    ordered = sorted(entries, key=lambda entry: (entry.operation != "Apply", entry.time, entry.manager))
    return [
        {
            "manager": entry.manager,
            "operation": entry.operation,
            "apiVersion": entry.version,
            "time": entry.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": _encode(entry.paths),
        }
        | ({"subresource": entry.subresource} if entry.subresource else {})
        for entry in ordered
        if entry.paths
    ]


def updated(entries: list[Entry], writer: Entry, touched: Paths, gone: Paths) -> list[Entry]:
    """Give the touched fields to the one who wrote them by an update; what went belongs to nobody."""
    result = [replace(entry, paths=entry.paths - touched - gone) for entry in entries]
    if not touched:
        return result
    own = next((entry for entry in result if entry.id == writer.id), None)
    paths = touched | (own.paths if own else frozenset())
    return [entry for entry in result if entry.id != writer.id] + [replace(writer, paths=paths)]


def _decode(tree: dict[str, Any], path: Path) -> Iterator[Path]:
    for element, below in tree.items():
        if element == ".":
            yield path
        elif below:
            yield from _decode(below, (*path, element))
        else:
            yield (*path, element)


def _encode(paths: Paths) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        here = tree
        for element in path:
            here = here.setdefault(element, {})
    for path in paths:
        here = tree
        for element in path:
            here = here[element]
        if here:
            here["."] = {}
    return tree


def readable(path: Path) -> str:
    """Write a path as messages do: ``.spec.template.spec.containers[name="sindri"].image``."""
    text = ""
    for element in path:
        if element.startswith("f:"):
            text += f".{element[2:]}"
        elif element.startswith("k:"):
            pairs = json.loads(element[2:])
            text += "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in pairs.items()) + "]"
        else:
            text += f"[={element[2:]}]"
    return text
