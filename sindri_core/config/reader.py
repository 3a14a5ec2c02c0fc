"""YAML into plain data, bounded and without surprises.

PyYAML composes nodes; the values are made here by the YAML 1.2 core schema as far as it is sensible: only true and
false are booleans (``no`` is a word), ``08`` and ``1e3`` stay text (they are names and versions more often than
numbers), keys are text, a key stands once. Aliases cost what they expand to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sindri_core.errors import ConfigError

if TYPE_CHECKING:
    from sindri_core.config.document import KeyPath

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_NODES = 10_000
DEEPEST = 32
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "value"}
_MERGE = "tag:yaml.org,2002:merge"


def parse(content: bytes, file: Path) -> tuple[dict[str, Any], dict[KeyPath, tuple[int, int]]]:
    """Return the mapping in the file and the position of every value. Raises ``ConfigError`` ``SND-CFG-003``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _broken(file, line, 1, "the file is not text in UTF-8") from error
    try:
        nodes = list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _broken(file, line, column, error.problem or "this is not YAML") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        reason = getattr(error, "reason", "") or "this is not YAML"
        raise _broken(file, line, 1, str(reason)) from error
    if not nodes or nodes[0] is None:
        raise _broken(file, 1, 1, "the file is empty")
    if len(nodes) > 1:
        mark = nodes[1].start_mark
        raise _broken(file, mark.line + 1, 1, "the file holds more than one document")
    builder = _Builder(file)
    data = builder.build(nodes[0], (), 0)
    if not isinstance(data, dict):
        raise _broken(file, *_at(nodes[0]), "a configuration is a mapping, such as name: my-environment")
    return data, builder.positions


class _Builder:
    """Makes values out of nodes, counting every one so that aliases cannot multiply without bound."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.positions: dict[KeyPath, tuple[int, int]] = {}
        self.made = 0

    def build(self, node: yaml.Node, path: KeyPath, depth: int) -> Any:
        self.made += 1
        if self.made > MOST_NODES:
            raise _broken(self.file, *_at(node), f"the aliases expand to more than {MOST_NODES} values")
        if depth > DEEPEST:
            raise _broken(self.file, *_at(node), f"values are nested deeper than {DEEPEST} levels")
        self.positions.setdefault(path, _at(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _broken(self.file, *_at(key_node), "a key is a word")
            if key_node.tag == _MERGE:
                raise _broken(self.file, *_at(key_node), "merge keys (<<) are not supported: write the values out")
            key = str(key_node.value)
            if key in result:
                raise _broken(self.file, *_at(key_node), f"the key {key!r} stands in line {lines[key]} already")
            lines[key] = key_node.start_mark.line + 1
            self.positions[(*path, key)] = _at(key_node)
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return result

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
            raise _broken(self.file, *_at(node), f"the tag {node.tag} means nothing here")
        if getattr(node, "style", None):
            return text
        if text in _NULLS:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def _at(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _broken(file: Path, line: int, column: int, message: str) -> ConfigError:
    return ConfigError("SND-CFG-003", f"{file}:{line}:{column} {message}", hint=f"correct line {line} of {file.name}")
