"""Values as plain data, and plain data as JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sindri_core.settings import Cpus, Size

_HIDDEN = {"handle", "manifests"}


def to_plain(value: Any) -> Any:
    """Turn a value into plain JSON data. A destination's handle and a plan's manifests are left out."""
    if isinstance(value, Size | Cpus | Path | StrEnum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.name not in _HIDDEN}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        items = [to_plain(item) for item in value]
        return items if isinstance(value, tuple | list) else sorted(items)
    return value


def dump(plain: Any, output: str) -> str:
    """Write plain data. YAML quotes every text, so that no reader takes ``08`` or ``1e3`` for a number."""
    if output == "json":
        return json.dumps(plain, indent=2, ensure_ascii=False)
    return dump_all([plain]) if not isinstance(plain, list) else _yaml(plain)


def dump_all(documents: list[Any]) -> str:
    """Write several documents as one YAML stream."""
    return "\n---\n".join(_yaml(document) for document in documents)


def _yaml(plain: Any) -> str:
    import yaml

    class Quoting(yaml.SafeDumper):
        """Quotes text and never writes an alias."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')

    Quoting.add_representer(str, quoted)
    text = yaml.dump(
        _Keyed.of(plain), Dumper=_with_plain_keys(Quoting), sort_keys=False, allow_unicode=True, width=4096
    )
    return text.rstrip("\n")


class _Keyed(str):
    """A key: written without quotes where it is a plain word."""

    __slots__ = ()

    @staticmethod
    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {_Keyed(key): _Keyed.of(item) for key, item in value.items()}
        return [_Keyed.of(item) for item in value] if isinstance(value, list) else value


def _with_plain_keys(dumper: Any) -> Any:
    def key(writer: Any, text: _Keyed) -> Any:
        word = str(text).replace("-", "").replace("_", "").replace(".", "").replace("/", "").isalpha()
        special = str(text).lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
        return writer.represent_scalar("tag:yaml.org,2002:str", str(text), style=None if word and not special else '"')

    dumper.add_representer(_Keyed, key)
    return dumper
