"""Reading bodies strictly: unknown fields, wrong types and repeated keys, worded as the real server does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sindri_kubernetes.testing import answers, schema

EXPECTED = {"s": (str,), "i": (int,), "b": (bool,), "n": (int, float), "q": (str, int, float), "x": (int, str)}
GO_NAMES = {str: "string", bool: "boolean", int: "int", float: "float", dict: "map", list: "list"}


def decode(raw: bytes, *, applying: bool) -> dict[str, Any]:
    """Parse a body. Repeated keys are refused: we always ask for strict validation."""
    repeated: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        repeated.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(found)

    try:
        body = json.loads(raw or b"null", object_pairs_hook=pairs)
    except ValueError as error:
        raise answers.not_modelled(f"bodies that are not JSON ({error})") from error
    if repeated and applying:
        said = "\n".join(f'  line 1: key "{name}" already set in map' for name in repeated)
        raise answers.bad_request(
            f"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n{said}"
        )
    if repeated:
        raise answers.bad_request("strict decoding error: " + ", ".join(f'duplicate field "{n}"' for n in repeated))
    if not isinstance(body, dict):
        raise answers.bad_request("the body of the request was in an unknown format")
    return body


def check_applied(body: dict[str, Any], kind: str) -> None:
    """Refuse what the schema does not know. The real server answers 500 here."""
    problem = next(_problems(body, schema.of_kind(kind), ""), None)
    if problem:
        name = body.get("metadata", {}).get("name", "")
        version = body.get("apiVersion")
        where = body.get("metadata", {}).get("namespace", "")
        prefix = f"failed to create typed patch object ({where}/{name}; {version}, Kind={kind})"
        raise answers.Refused(500, "", f"{prefix}: {problem}")


def check_strictly(body: dict[str, Any], kind: str) -> None:
    """Refuse unknown fields of a created object."""
    unknown = [
        problem.removesuffix(": field not declared in schema").removeprefix(".")
        for problem in _problems(body, schema.of_kind(kind), "")
        if problem.endswith("declared in schema")
    ]
    if unknown:
        listed = ", ".join(f'unknown field "{name}"' for name in unknown)
        version = body["apiVersion"].rpartition("/")[2]
        prefix = f'{kind} in version "{version}" cannot be handled as a {kind}'
        raise answers.bad_request(f"{prefix}: strict decoding error: {listed}")


def _problems(value: Any, spec: schema.Spec, path: str) -> Iterator[str]:
    if value is None or spec == "o":
        return
    known, values, items = schema.fields(spec), schema.map_value(spec), schema.item(spec)
    if known is not None or values is not None:
        if not isinstance(value, dict):
            yield f"{path}: expected map, got {_go(value)}"
            return
        for name, child in value.items():
            if known is not None and name not in known:
                yield f"{path}.{name}: field not declared in schema"
            else:
                yield from _problems(child, known[name] if known is not None else values, f"{path}.{name}")
    elif items is not None:
        if not isinstance(value, list):
            yield f"{path}: expected list, got {_go(value)}"
            return
        yield from _list_problems(value, spec, path)
    else:
        yield from _scalar_problem(value, spec, path)


def _list_problems(value: list[Any], spec: schema.Spec, path: str) -> Iterator[str]:
    key, seen = schema.list_key(spec), set()
    for index, child in enumerate(value):
        where = f"{path}[{index}]"
        if key and isinstance(child, dict):
            element = key.of(child)
            where = path + _bracket(element)
            if element in seen:
                yield f"{path}: duplicate entries for key {_bracket(element)}"
            seen.add(element)
        yield from _problems(child, schema.item(spec), where)


def _scalar_problem(value: Any, spec: schema.Spec, path: str) -> Iterator[str]:
    expected = EXPECTED[spec]
    if isinstance(value, expected) and not (isinstance(value, bool) and spec != "b"):
        return
    if spec in {"q", "x"} and isinstance(value, (int, str)):
        return
    names = {"i": "numeric (int or float)", "n": "numeric (int or float)", "s": "string", "b": "boolean"}
    yield f"{path}: expected {names.get(spec, 'string')}, got {_value(value, spec)}"


def _value(value: Any, spec: schema.Spec) -> str:
    return f"&value.valueUnstructured{{Value:{json.dumps(value)}}}" if spec == "s" else _go(value)


def _go(value: Any) -> str:
    return GO_NAMES.get(type(value), "null")


def _bracket(element: str) -> str:
    pairs = json.loads(element[2:])
    return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in pairs.items()) + "]"
