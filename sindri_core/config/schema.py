"""The JSON schema of sindri.yaml: the core's models with the sections of the loaded plugins."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sindri_core.settings import Cpus, Size

if TYPE_CHECKING:
    from sindri_core.types import ConfigSection

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(sections: Sequence[tuple[str, ConfigSection]]) -> dict[str, Any]:
    """Return one schema for the whole file."""
    from pydantic.json_schema import GenerateJsonSchema

    from sindri_core.config.models import FileModel

    class AsWritten(GenerateJsonSchema):
        """Shows a default amount as people write it, not as the value that it becomes."""

        def encode_default(self, dft: Any) -> Any:
            """Write amounts as text."""
            return str(dft) if isinstance(dft, Size | Cpus) else super().encode_default(dft)

    schema = FileModel.model_json_schema(schema_generator=AsWritten)
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    for plugin, section in sections:
        module, _, attribute = section.model.partition(":")
        part = getattr(import_module(module), attribute).model_json_schema(ref_template=f"#/$defs/{plugin}.{{model}}")
        for name, definition in part.pop("$defs", {}).items():
            definitions[f"{plugin}.{name}"] = definition
        _place(schema, section.path.split("."), part | {"description": section.summary or part.get("description", "")})
    return {"$schema": DIALECT, "title": "sindri.yaml"} | {k: v for k, v in schema.items() if k != "title"}


def _place(schema: dict[str, Any], path: list[str], part: dict[str, Any]) -> None:
    """Put a section where it belongs, making the mappings on the way."""
    at = schema
    for key in path[:-1]:
        at = at.setdefault("properties", {}).setdefault(key, {"type": "object"})
    at.setdefault("properties", {})[path[-1]] = part
