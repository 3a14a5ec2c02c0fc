"""The reference of sindri.yaml: from the models that read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator import markdown, shipped
from sindri_core.config.initial import initial_document
from sindri_core.config.schema import json_schema

INTRODUCTION = """
Everything that sindri.yaml may hold, with what holds when a key is left out. A key that is not here is refused.
`sindri config validate` checks a file, `sindri config show` prints it with every default filled in. Editors understand
[the same as JSON schema](sindri.schema.json), which `sindri config schema` prints with the sections of the plugins
that you have installed.
"""


def pages() -> dict[str, str]:
    """Make the page for people and the schema for editors."""
    schema = json_schema(shipped.sections())
    scalars, blocks = [], []
    for key, part in schema["properties"].items():
        rows = list(_rows(schema, key, part))
        (scalars if len(rows) == 1 and "." not in rows[0][0] else blocks).append((key, rows))
    top = [row for _, rows in scalars for row in rows]
    sections = [f"## {key}\n\n{_table(rows)}" for key, rows in [("The file", top), *blocks]]
    smallest = markdown.block(initial_document("my-env", "kubernetes"), "yaml")
    text = markdown.page("sindri.yaml", INTRODUCTION, "What `sindri config init` writes:", smallest, *sections)
    return {
        "reference/configuration.md": text,
        "reference/sindri.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
    }


def _table(rows: list[tuple[str, ...]]) -> str:
    return markdown.table(("Key", "Value", "Default", "Meaning"), rows)


def _rows(schema: dict[str, Any], path: str, part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """List the keys below a part, one row per key that takes a value."""
    about = part.get("description", "")
    part = _resolved(schema, part)
    if part.get("properties"):
        for key, below in part["properties"].items():
            yield from _rows(schema, f"{path}.{key}", below)
        return
    items = _resolved(schema, part.get("items", {}))
    if items.get("properties"):
        yield from _rows(schema, f"{path}[]", items)
        return
    yield markdown.code(path), _value(schema, part), _default(part), about or part.get("description", "")


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and take the one alternative that is not null."""
    if reference := part.get("$ref"):
        return _resolved(schema, schema["$defs"][reference.removeprefix("#/$defs/")])
    if alternatives := [each for each in part.get("anyOf", ()) if each.get("type") != "null"]:
        return _resolved(schema, alternatives[0]) | {key: part[key] for key in ("default",) if key in part}
    return part


def _value(schema: dict[str, Any], part: dict[str, Any]) -> str:
    """Say in a few words what may stand there."""
    if "const" in part:
        return markdown.code(json.dumps(part["const"]))
    if "enum" in part:
        return ", ".join(markdown.code(value) for value in part["enum"] if value != "")
    if part.get("type") == "array":
        return f"list of {_value(schema, _resolved(schema, part['items']))}"
    kind = part.get("type", "any")
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    named = " or ".join(words.get(each, each) for each in (kind if isinstance(kind, list) else [kind]))
    low, high = part.get("minimum"), part.get("maximum")
    return f"{named}, {low} to {high}" if low is not None and high is not None else named


def _default(part: dict[str, Any]) -> str:
    default = part.get("default")
    return (
        "" if default in (None, "", []) else markdown.code(default if isinstance(default, str) else json.dumps(default))
    )
