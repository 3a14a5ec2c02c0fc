"""The configuration as it is understood, every default filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sindri_core.settings import Config

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NO_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def show(config: Config) -> dict[str, Any]:
    """Return the meaning of the file as plain data, in the keys and the order of the file. It loads as sindri.yaml."""
    return dict(config.effective)


def annotated(config: Config) -> str:
    """Write the meaning of the file as YAML that says of each value whether it is a default."""
    head = f"# {config.file}, with every default" if config.file else "# every default filled in"
    return "\n".join([head, *_lines(config.effective, "", config.written)])


def _lines(data: Mapping[str, Any], before: str, written: frozenset[str]) -> Iterator[str]:
    indent = "  " * before.count(".")
    for key, value in data.items():
        word = key if _WORD.fullmatch(key) and key.lower() not in _NO_WORDS else json.dumps(key)
        path = f"{before}{key}"
        if isinstance(value, Mapping) and value:
            yield f"{indent}{word}:"
            yield from _lines(value, f"{path}.", written)
        else:
            mark = "" if path in written else "  # default"
            yield f"{indent}{word}: {json.dumps(value, ensure_ascii=False)}{mark}"
