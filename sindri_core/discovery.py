"""Which plugins are installed, found without importing any of them.

Entry points are read from the metadata of installed distributions. Because importing ``importlib.metadata`` costs
more than the scan, the answer is kept in a file in the user's cache folder, keyed by the interpreter and the
modification times of the folders that hold distributions; any doubt reads them anew. The file also remembers what
the last load said of each plugin, for ``sindri plugins list``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sindri_core import cache

PLUGINS = "sindri.plugins"
COMMANDS = "sindri.commands"
FORMAT = 4
FILE = "plugins"


class PluginRef(NamedTuple):
    """An entry point: the plugin's id (or a command's name), where its object is, and who brings it."""

    id: str
    value: str
    distribution: str
    version: str
    group: str = PLUGINS


class Verdict(NamedTuple):
    """What the last load said of a plugin."""

    id: str
    version: str
    distribution: str
    api: str
    provides: str
    state: str
    reason: str
    hooks: str = ""


Row = TypeVar("Row", PluginRef, Verdict)


def find(environ: Mapping[str, str]) -> tuple[PluginRef, ...]:
    """List the entry points of both groups, sorted by group, id and distribution. Imports no plugin."""
    key = _key()
    cached = _rows(cache.read(environ, FILE).get("found"), key, PluginRef)
    if cached is not None:
        return cached
    refs = _scan()
    cache.write(environ, FILE, {"found": {"key": key, "rows": refs}})
    return refs


def plugins(refs: Sequence[PluginRef]) -> tuple[PluginRef, ...]:
    """Keep the plugins."""
    return tuple(ref for ref in refs if ref.group == PLUGINS)


def commands(refs: Sequence[PluginRef]) -> tuple[PluginRef, ...]:
    """Keep the commands."""
    return tuple(ref for ref in refs if ref.group == COMMANDS)


def disabled_by(environ: Mapping[str, str]) -> set[str]:
    """The plugins that the environment leaves out: ``SINDRI_DISABLE_PLUGINS``, or all by ``SINDRI_NO_PLUGINS``."""
    named = {name.strip() for name in environ.get("SINDRI_DISABLE_PLUGINS", "").split(",") if name.strip()}
    off = environ.get("SINDRI_NO_PLUGINS", "").lower() not in {"", "0", "false", "no"}
    return named | ({"*"} if off else set())


def cached_verdicts(environ: Mapping[str, str]) -> tuple[Verdict, ...] | None:
    """What the last load of exactly these plugins said, or None when that is not known."""
    return _rows(cache.read(environ, FILE).get("verdicts"), [_key(), _filter(environ)], Verdict)


def remember(environ: Mapping[str, str], verdicts: Sequence[Verdict]) -> None:
    """Keep what a load said."""
    content = cache.read(environ, FILE)
    content["verdicts"] = {"key": [_key(), _filter(environ)], "rows": verdicts}
    cache.write(environ, FILE, content)


def _rows(kept: object, key: list[Any], kind: type[Row]) -> tuple[Row, ...] | None:
    """Read kept rows of text, or None when they are about something else or are not what was written."""
    if not isinstance(kept, dict) or kept.get("key") != key or not isinstance(kept.get("rows"), list):
        return None
    width = len(kind._fields)
    for row in kept["rows"]:
        if not isinstance(row, list) or len(row) != width or not all(isinstance(cell, str) for cell in row):
            return None
    return tuple(kind(*row) for row in kept["rows"])


def _scan() -> tuple[PluginRef, ...]:
    from importlib.metadata import distributions

    seen: set[str] = set()
    refs: set[PluginRef] = set()
    for distribution in distributions():
        name = distribution.metadata["Name"] if "Name" in distribution.metadata else ""  # noqa: SIM401 - has no get
        same = name.lower().replace("_", "-").replace(".", "-")
        if not name or same in seen:
            continue  # a leftover without metadata, or an earlier folder of the path hides this one
        seen.add(same)
        refs.update(
            PluginRef(entry.name, entry.value, name, distribution.version, entry.group)
            for entry in distribution.entry_points
            if entry.group in {PLUGINS, COMMANDS}
        )
    return tuple(sorted(refs, key=lambda ref: (ref.group, ref.id, ref.distribution)))


def _key() -> list[Any]:
    """What the answer depends on: the interpreter, and when its folders of distributions last changed."""
    folders = []
    for entry in sys.path:
        try:
            folders.append([entry, os.stat(entry or ".").st_mtime_ns])  # noqa: PTH116 - pathlib costs start-up time
        except OSError:
            continue
    return [FORMAT, sys.prefix, sys.version, folders]


def _filter(environ: Mapping[str, str]) -> list[str]:
    return [environ.get(name, "") for name in ("SINDRI_NO_PLUGINS", "SINDRI_DISABLE_PLUGINS")]
