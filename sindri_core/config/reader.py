"""YAML into plain data, bounded and without surprises.

The events of PyYAML's parser are turned into values here, by the YAML 1.2 core schema as far as it is sensible: only
true and false are booleans (``no`` is a word), ``08``, ``1e3`` and ``0o7`` stay text (they are names and versions more
often than numbers), the name and the version are text whatever they look like, keys are text, a key stands once. An
alias costs what it stands for. Events, not PyYAML's composer: that one recurses in C, and a file of brackets overflows
its stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sindri_core.config.plain import CONTROL, DEEPEST, LONGEST_KEY, MOST_VALUES, height
from sindri_core.errors import ConfigError

if TYPE_CHECKING:
    from sindri_core.config.plain import KeyPath

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", re.ASCII)
_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_TEXTS: set[KeyPath] = {("name",), ("version",)}
_TEXT_TAGS = {"!", "tag:yaml.org,2002:str"}
_MAPPING_TAGS = {"!", "tag:yaml.org,2002:map"}
_SEQUENCE_TAGS = {"!", "tag:yaml.org,2002:seq"}


def parse(content: bytes, file: Path) -> tuple[dict[str, Any], dict[KeyPath, tuple[int, int]]]:
    """Return the mapping in the file and the position of every value. Raises ``ConfigError`` ``SND-CFG-003``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise broken(file, line, 1, "the file is not text in UTF-8") from error
    if found := CONTROL.search(text):
        before = text[: found.start()]
        column = len(before) - before.rfind("\n")
        raise broken(file, before.count("\n") + 1, column, f"the control character {found[0]!r} has no place here")
    reader = _Reader(file)
    try:
        data = reader.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise broken(file, line, column, error.problem or "this is not YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "reason", "") or "this is not YAML"
        raise broken(file, 1, 1, str(reason)) from error
    return data, reader.positions


class _Reader:
    """Makes values out of events, counting every one so that aliases cannot multiply without bound."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.positions: dict[KeyPath, tuple[int, int]] = {}
        self._made = 0
        self._anchored: dict[str, tuple[Any, int]] = {}

    def document(self, events: Iterator[yaml.Event]) -> dict[str, Any]:
        """Read the one document of the stream, which is a mapping."""
        data: Any = None
        documents = 0
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            documents += 1
            if documents > 1:
                raise self._broken(event, "the file holds more than one document")
            root = next(events)
            data = self._value(root, events, (), 0)
            if data is not None and not isinstance(data, dict):
                raise self._broken(root, "a configuration is a mapping, such as name: my-environment")
        if data is None:
            raise broken(self.file, 1, 1, "the file is empty")
        return dict(data)

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath, depth: int) -> Any:
        before = self._made
        self._count(event, 1)
        if depth > DEEPEST:
            raise self._too_deep(event)
        self.positions.setdefault(path, _at(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            self._check_tag(event, _MAPPING_TAGS)
            value = self._mapping(events, path, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, _SEQUENCE_TAGS)
            value = self._sequence(events, path, depth)
        else:
            value = self._scalar(event, text=path in _TEXTS)
        if anchor := getattr(event, "anchor", None):
            self._anchored[anchor] = (value, self._made - before)
        return value

    def _alias(self, event: yaml.AliasEvent, depth: int) -> Any:
        if event.anchor not in self._anchored:
            raise self._broken(event, f"the alias *{event.anchor} names nothing that is complete above it")
        value, cost = self._anchored[event.anchor]
        self._count(event, cost)
        if depth + height(value) > DEEPEST:
            raise self._too_deep(event)
        return value

    def _sequence(self, events: Iterator[yaml.Event], path: KeyPath, depth: int) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            result.append(self._value(event, events, (*path, len(result)), depth + 1))
        return result

    def _mapping(self, events: Iterator[yaml.Event], path: KeyPath, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in result:
                raise self._broken(event, f"the key {key!r} stands in line {lines[key]} already")
            lines[key], self.positions[(*path, key)] = _at(event)[0], _at(event)
            result[key] = self._value(next(events), events, (*path, key), depth + 1)
        return result

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent) or (not event.value and not event.style):
            raise self._broken(event, "a key is a word")
        self._check_tag(event, _TEXT_TAGS)
        if event.value == "<<" and not event.style:
            raise self._broken(event, "merge keys (<<) are not supported: write the values out")
        if not event.value.isprintable() or len(event.value) > LONGEST_KEY:
            raise self._broken(event, f"a key has at most {LONGEST_KEY} printable characters, all in one line")
        return str(event.value)

    def _scalar(self, event: Any, *, text: bool) -> Any:
        self._check_tag(event, _TEXT_TAGS)
        word = str(event.value)
        if found := CONTROL.search(word):
            raise self._broken(event, f"the control character {found[0]!r} has no place here")
        if event.tag or event.style or (text and word not in {"", "~"}):
            return word
        if word in _NULLS:
            return None
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        if _INTEGER.fullmatch(word):
            return int(word)
        return float(word) if _FLOAT.fullmatch(word) else word

    def _check_tag(self, event: Any, allowed: set[str]) -> None:
        if event.tag and event.tag not in allowed:
            raise self._broken(event, f"the tag {event.tag!r} means nothing here: leave it out")

    def _count(self, event: yaml.Event, cost: int) -> None:
        self._made += cost
        if self._made > MOST_VALUES:
            raise self._broken(event, f"the file holds more than {MOST_VALUES} values, its aliases written out")

    def _too_deep(self, event: yaml.Event) -> ConfigError:
        return self._broken(event, f"values are nested deeper than {DEEPEST} levels")

    def _broken(self, event: yaml.Event, message: str) -> ConfigError:
        return broken(self.file, *_at(event), message)


def _at(event: yaml.Event) -> tuple[int, int]:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1


def broken(file: Path, line: int, column: int, message: str) -> ConfigError:
    """Say that the file cannot be read as a configuration, and where."""
    return ConfigError("SND-CFG-003", f"{file}:{line}:{column} {message}", hint=f"correct line {line} of {file.name}")
