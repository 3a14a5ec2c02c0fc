"""The fields of the modelled kinds, from ``schema.json``; ``bench/simulation_schema.py`` makes it and explains it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Spec = Any
"""A type in the short form of ``schema.json``."""


class Key(NamedTuple):
    """What an item of a list is merged by: names of fields and their defaults."""

    fields: tuple[tuple[str, Any], ...]

    def of(self, item: dict[str, Any]) -> str:
        """Write an item's key as a path element: ``k:{"name":"x"}``."""
        values = {name: item.get(name, default) for name, default in self.fields}
        return "k:" + _compact({name: value for name, value in values.items() if value is not None})


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "schema.json").read_text()))


def of_kind(kind: str) -> Spec:
    """Return the type of a kind."""
    return f"#{_table()['kinds'][kind]}"


def fields(spec: Spec) -> dict[str, Spec] | None:
    """Return a structure's fields; None where it is none, or is replaced as a whole."""
    if isinstance(spec, str) and spec.startswith("#"):
        found: dict[str, Spec] = _table()["types"][spec[1:]]
        return found
    return None


def is_atomic(spec: Spec) -> bool:
    """Whether managers own the value as a whole."""
    if isinstance(spec, list):
        return spec[0] in {"l", "A"}
    structure = fields(spec)
    return structure is None or "!" in structure


def map_value(spec: Spec) -> Spec | None:
    """Return the value's type of a map."""
    return spec[1] if isinstance(spec, list) and spec[0] in {"M", "A"} else None


def list_key(spec: Spec) -> Key | None:
    """Return what a list is merged by."""
    return Key(tuple(sorted(spec[2].items()))) if isinstance(spec, list) and spec[0] == "m" else None


def item(spec: Spec) -> Spec | None:
    """Return the item's type of a list."""
    return spec[1] if isinstance(spec, list) and spec[0] in {"l", "S", "m"} else None


def is_set(spec: Spec) -> bool:
    """Whether the list is a set of scalars."""
    return isinstance(spec, list) and spec[0] == "S"


def element(value: Any) -> str:
    """Write a set's item as a path element."""
    return "v:" + _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
