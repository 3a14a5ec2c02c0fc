"""Problems of validation in our own words: what was seen, what is allowed, what may be meant.

A field says what it takes as a plain text in its annotation: ``Annotated[str, Field(pattern=…), "small letters"]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sindri_core.spelling import nearest

_LONGEST = 60
_MOST_KEYS = 10
_WHOLE = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
_NUMBER = ("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing")
_LISTS = ("list_type", "tuple_type", "set_type", "frozen_set_type")
_MAPPINGS = ("model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type")
_BOUNDS = ("greater_than_equal", "less_than_equal", "greater_than", "less_than")
_LENGTHS = ("string_too_long", "string_too_short", "too_long", "too_short")


def said(problem: Mapping[str, Any], model: Any, location: Sequence[str | int]) -> str:
    """Say one of pydantic's problems. ``location`` leads to it through the model, without names of union members."""
    kind, value, context = problem["type"], problem.get("input"), problem.get("ctx") or {}
    if kind == "extra_forbidden":
        return f"unknown key{_or_known(str(location[-1]), _keys(model, location[:-1]))}"
    if kind in {"value_error", "assertion_error"}:
        return str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    allowed = _allowed(kind, context, _metadata(model, location)) or _keys_to_write(kind, model, location)
    if kind == "missing":
        return f"is missing: write {allowed}" if allowed else "is missing"
    if value is None:
        return f"is empty: write {allowed}, or leave the key out" if allowed else "is empty: leave the key out"
    return _refused(kind, value, context, allowed)


def _refused(kind: str, value: object, context: Mapping[str, Any], allowed: str) -> str:
    """Say why a value that is there cannot be used, and what could stand in its place."""
    if kind in _LENGTHS:
        return _length(kind, value, context)
    if kind in {"literal_error", "enum"}:
        near = nearest(value, _choices(context)) if isinstance(value, str) else ""
        meant = f"; did you mean {near}?" if near else ""
        return f"{short(value)} is not possible here: write {allowed}{meant}"
    if kind == "string_type" and isinstance(value, bool | int | float):
        seen = "true and false are answers" if isinstance(value, bool) else "this is a number"
        return f"{seen}, and text is wanted: put it in quotes"
    if kind in _LISTS and isinstance(value, str | int | float):
        return f"{short(value)} is not a list: write [{short(value)}], or one line with - for each item"
    return f"{short(value)} {_NOT.get(kind, 'cannot be used here')}{f': write {allowed}' if allowed else ''}"


_NOT = {
    **dict.fromkeys(_WHOLE, "is not a whole number"),
    **dict.fromkeys(_NUMBER, "is not a number"),
    **dict.fromkeys(_LISTS, "is not a list"),
    **dict.fromkeys(_MAPPINGS, "is not a mapping"),
    **dict.fromkeys(_BOUNDS, "is out of bounds"),
    "string_type": "is not text",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "string_pattern_mismatch": "does not fit",
}


def _allowed(kind: str, context: Mapping[str, Any], metadata: Sequence[Any]) -> str:
    """What may be written: in the field's own words, else from its choices, bounds or type."""
    if words := next((each for each in metadata if isinstance(each, str)), ""):
        return words
    if kind in {"literal_error", "enum"}:
        return " or ".join(_choices(context)) or "nothing"
    if kind in _WHOLE or kind in _NUMBER or kind in _BOUNDS:
        noun = "a whole number" if kind in _WHOLE else "a number"
        return f"{noun}{_range(metadata)}"
    if kind in {"bool_type", "bool_parsing"}:
        return "true or false"
    if kind in _LISTS:
        return "[] or one line with - for each item"
    return f"text that matches {context['pattern']}" if "pattern" in context else ""


def _range(metadata: Sequence[Any]) -> str:
    low = next((each.ge for each in metadata if getattr(each, "ge", None) is not None), None)
    high = next((each.le for each in metadata if getattr(each, "le", None) is not None), None)
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f", at least {low}" if low is not None else f", at most {high}" if high is not None else ""


def _keys_to_write(kind: str, model: Any, location: Sequence[str | int]) -> str:
    keys = _keys(model, location) if kind in _MAPPINGS else set()
    return f"keys below it ({_listed(keys)})" if keys else ""


def _length(kind: str, value: object, context: Mapping[str, Any]) -> str:
    there = context.get("actual_length") or (len(value) if isinstance(value, str | list | tuple) else "several")
    noun = "characters" if kind.startswith("string") else "items"
    if kind.endswith("long"):
        return f"has {there} {noun}: at most {context['max_length']} are possible"
    return f"has {there} {noun}: at least {context['min_length']} are needed"


def _choices(context: Mapping[str, Any]) -> list[str]:
    """The values of a choice as they are written in YAML, from pydantic's list of them."""
    listed = str(context.get("expected", "")).replace(" or ", ", ").split(", ")
    words = (each.strip("'") for each in listed)
    return [{"True": "true", "False": "false"}.get(word, word) for word in words if word]


def _or_known(word: str, known: set[str]) -> str:
    if near := nearest(word, known):
        return f"; did you mean {near}?"
    return f": known are {_listed(known)}" if known else ""


def _listed(keys: set[str]) -> str:
    """The keys of a mapping, the first of many."""
    ordered = sorted(keys)
    return ", ".join([*ordered[:_MOST_KEYS], *(["…"] if len(ordered) > _MOST_KEYS else [])])


def short(value: object) -> str:
    """Show a value that cannot be used; of mappings and lists only that they are one, they may hold a secret."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _keys(model: Any, location: Sequence[str | int]) -> set[str]:
    """The keys that the model at this place knows."""
    annotation, _ = _followed(model, location)
    inner = _model_in(annotation)
    return {field.alias or name for name, field in inner.model_fields.items()} if inner else set()


def _metadata(model: Any, location: Sequence[str | int]) -> list[Any]:
    """All that the annotations say about the value at this place."""
    annotation, metadata = _followed(model, location)
    return [*metadata, *(each for part in _parts(annotation) for each in getattr(part, "__metadata__", ()))]


def _followed(model: Any, location: Sequence[str | int]) -> tuple[Any, Sequence[Any]]:
    """The annotation at this place and what stands beside it; (None, ()) where the models lead nowhere."""
    current: Any = model
    metadata: Sequence[Any] = ()
    for step in location:
        if isinstance(step, int):
            metadata = ()
            continue
        inner = _model_in(current)
        fields = inner.model_fields.items() if inner else ()
        field = next((field for name, field in fields if step in (name, field.alias)), None)
        if field is None:
            return None, ()
        current, metadata = field.annotation, field.metadata
    return current, metadata


def _model_in(annotation: Any) -> Any:
    return next((part for part in _parts(annotation) if hasattr(part, "model_fields")), None)


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation and those inside it: of unions, lists and ``Annotated``."""
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _parts(inner)
