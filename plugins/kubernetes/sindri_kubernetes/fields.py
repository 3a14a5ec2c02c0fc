"""``fieldsV1``, the notation in which the API server records who owns which field, as paths and their values.

A path is a tuple of steps: a string is a field's name, a ``Key`` picks the element of a keyed list, a ``Member`` the
element of a set, a number a position.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sindri_core.types import Body

MANAGER = "sindri"


@dataclass(frozen=True, slots=True)
class Key:
    """Picks the list element with these values, in the order in which the server writes them."""

    values: tuple[tuple[str, Any], ...]

    def matches(self, element: Any) -> bool:
        """Whether this is the element."""
        return isinstance(element, Mapping) and all(element.get(name) == value for name, value in self.values)


@dataclass(frozen=True, slots=True)
class Member:
    """Picks the element of a set that has this value, held as JSON text."""

    text: str


Step: TypeAlias = str | Key | Member | int
Path: TypeAlias = tuple[Step, ...]


class _Missing:
    """There is no such field."""


MISSING = _Missing()


def owned(body: Body, manager: str = MANAGER, operation: str = "Apply") -> frozenset[Path]:
    """Return the leaves that a manager owns in an object (not through a subresource)."""
    found: set[Path] = set()
    for entry in (body.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == operation and not entry.get("subresource"):
            found.update(leaves(entry.get("fieldsV1") or {}))
    return frozenset(found)


def leaves(fields: Mapping[str, Any], at: Path = ()) -> Iterator[Path]:
    """Flatten ``fieldsV1``. A container that has owned children is not a leaf, even where it is owned itself."""
    children = [(step, value) for step, value in fields.items() if step != "."]
    if not children and at:
        yield at
    for step, value in children:
        yield from leaves(value if isinstance(value, Mapping) else {}, (*at, parse_step(step)))


def parse_step(text: str) -> Step:
    """Read one step: ``f:name``, ``k:{…}``, ``v:…`` or ``i:0``. Raises ``ValueError`` for anything else."""
    kind, _, rest = text.partition(":")
    if kind == "f":
        return rest
    if kind == "k":
        return Key(tuple(json.loads(rest).items()))
    if kind == "v":
        return Member(rest)
    if kind == "i":
        return int(rest)
    raise ValueError(f"{text!r} is no step of a field path")


def value_at(body: Any, path: Path) -> Any:
    """Return the value at a path, or ``MISSING``."""
    for step in path:
        body = _child(body, step)
        if body is MISSING:
            return MISSING
    return body


def _child(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, Mapping) else MISSING
    if not isinstance(value, Sequence) or isinstance(value, str):
        return MISSING
    if isinstance(step, Key):
        return next((element for element in value if step.matches(element)), MISSING)
    if isinstance(step, Member):
        return next((element for element in value if element == json.loads(step.text)), MISSING)
    return value[step] if step < len(value) else MISSING


POD_SPEC = ("spec", "template", "spec")


def readable(path: Path) -> str:
    """Write a path for people: ``containers[sindri].resources.limits.cpu``, without what leads to the pod's spec."""
    if path[: len(POD_SPEC)] == POD_SPEC and len(path) > len(POD_SPEC):
        path = path[len(POD_SPEC) :]
    text = ""
    for step in path:
        if isinstance(step, Key):
            text += f"[{'/'.join(str(value) for _, value in step.values)}]"
        elif isinstance(step, Member):
            text += f"[{json.loads(step.text)}]"
        elif isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def as_server_writes(path: Path) -> str:
    """Write a path as the server does in the message of a conflict: ``.spec.ports[port=22,protocol="TCP"].name``."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += f".{step}"
        elif isinstance(step, Key):
            text += "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in step.values) + "]"
        elif isinstance(step, Member):
            text += f"[={step.text}]"
        else:
            text += f"[{step}]"
    return text
