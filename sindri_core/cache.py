"""Files of the user's cache folder, which may be deleted at any time and whose content may be anything.

Only what makes a command quicker is kept there, under a key that is compared; nothing in it is trusted for a
decision about security.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from stat import S_ISREG
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 4 << 20
"""Bytes that are read at most."""


def read(environ: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return what is kept under the name for this interpreter; nothing where it cannot be read."""
    file = _file(environ, name)
    if not file:
        return {}
    try:
        found = os.stat(file)  # noqa: PTH116 - pathlib costs start-up time
        if not S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return {}
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123 - as above
            content = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write(environ: Mapping[str, str], name: str, content: Mapping[str, Any]) -> None:
    """Replace what is kept, in one step; a folder that cannot be written only costs time."""
    found = _file(environ, name)
    if not found:
        return
    from pathlib import Path  # costs start-up time, and writing is rare

    from sindri_core.files import replace_private

    file = Path(found)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_private(file, json.dumps(content).encode())
    except OSError:
        return


def stamps(folder: str) -> list[list[str | int]]:
    """Name, time of change and size of each Python file of a folder: what tells that code is another now."""
    with os.scandir(folder) as entries:
        files = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    return [[name, stat.st_mtime_ns, stat.st_size] for name, stat in sorted(files, key=lambda file: file[0])]


def folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's cache folder: ``SINDRI_CACHE_DIR``, else XDG's; None where nothing is to be kept."""
    from pathlib import Path

    found = _folder(environ)
    return Path(found) if found else None


def _folder(environ: Mapping[str, str]) -> str:
    if environ.get("SINDRI_NO_CACHE"):
        return ""
    if chosen := environ.get("SINDRI_CACHE_DIR"):
        return chosen
    home = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    return os.path.join(home, "sindri") if home else ""  # noqa: PTH118 - pathlib costs start-up time


def _file(environ: Mapping[str, str], name: str) -> str:
    found = _folder(environ)
    return os.path.join(found, f"{name}-{crc32(sys.prefix.encode()):08x}.json") if found else ""  # noqa: PTH118 - as above
