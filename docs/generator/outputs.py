"""What ``-o json`` prints, as JSON schemas: from the values that are printed."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, create_model

from generator import markdown
from sindri_core.cli.render.documents import _HIDDEN as HIDDEN
from sindri_core.discovery import Verdict
from sindri_core.images import ImageReport, ImageVersions
from sindri_core.pipeline import Deployed
from sindri_core.types import Finding, Issue, Plan, Removal, ResolvedImage, Status

INTRODUCTION = """
`-o json` prints one document to standard output, `-o yaml` the same as YAML. An error goes to standard error as one
line of JSON, and nothing to standard output. Every field is always there; an empty text, an empty list or null means
that there is nothing to say. Within a major version fields may be added and none goes, so read what you know and ignore
the rest.
"""
_TEXT = {"type": "string"}
ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "pattern": "^SND-[A-Z0-9]{3}-[0-9]{3}$"},
                "message": _TEXT,
                "hint": _TEXT,
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"label": _TEXT, "text": _TEXT},
                        "required": ["label", "text"],
                    },
                },
                "issues": {"description": "Every problem in sindri.yaml (SND-CFG).", "$ref": "#/$defs/issues"},
                "finding": {"description": "Why it does not start (SND-K8S-2nn).", "$ref": "#/$defs/finding"},
                "plugin": _TEXT,
                "distribution": _TEXT,
                "hook": _TEXT,
            },
            "required": ["code", "message", "hint", "details"],
        }
    },
    "required": ["error"],
}


def pages() -> dict[str, str]:
    """Make one schema per kind of answer, and the page that says which command prints which."""
    schemas = schemas_by_name()
    rows = [
        ("`plan`", "plan"),
        ("`deploy`", "deploy"),
        ("`status`, `stop`, `start`", "status"),
        ("`list`", "list"),
        ("`destroy`", "removal"),
        ("`image resolve`", "image"),
        ("`image verify`", "images"),
        ("`image inspect`", "inspection"),
        ("`image versions`", "versions"),
        ("`plugins list`", "plugins"),
        ("any command that fails", "error"),
    ]
    listed = [(command, f"[{name}.schema.json](schemas/{name}.schema.json)") for command, name in rows]
    text = markdown.page("Output for machines", INTRODUCTION, markdown.table(("Command", "Schema"), listed))
    dumped = {
        f"reference/schemas/{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()
    }
    return {"reference/output.md": text} | dumped


def schemas_by_name() -> dict[str, dict[str, Any]]:
    """Make all schemas."""
    verdict = create_model("Verdict", **dict.fromkeys(Verdict._fields, (str, ...)))  # type: ignore[call-overload] # by name
    found = {
        "plan": Plan,
        "deploy": Deployed,
        "status": Status,
        "list": list[Status],
        "removal": Removal,
        "image": ResolvedImage,
        "images": list[ImageReport],
        "inspection": ImageReport,
        "versions": ImageVersions,
    }
    schemas = {name: _printed(TypeAdapter(it).json_schema(mode="serialization")) for name, it in found.items()}
    schemas["plugins"] = _printed(TypeAdapter(list[verdict]).json_schema())  # type: ignore[valid-type] # a model made above
    schemas["error"] = ERROR | {"$defs": _definitions()}
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {name: {"$schema": dialect} | schema for name, schema in schemas.items()}


def _definitions() -> dict[str, Any]:
    issue = _printed(TypeAdapter(Issue).json_schema(mode="serialization"))
    issue["properties"]["severity"] = issue.pop("$defs")["Severity"]
    finding = _printed(TypeAdapter(Finding).json_schema(mode="serialization"))
    return {"issues": {"type": "array", "items": issue}, "finding": {"anyOf": [finding, {"type": "null"}]}}


def _printed(schema: Any) -> Any:
    """Leave out what is never printed, and require the rest: every field is always there."""
    if isinstance(schema, list):
        return [_printed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _printed(value) for key, value in schema.items() if key not in {"title", "default", "properties"}}
    if "properties" in schema:
        made["properties"] = {key: _printed(it) for key, it in schema["properties"].items() if key not in HIDDEN}
        made["required"] = list(made["properties"])
    return made
