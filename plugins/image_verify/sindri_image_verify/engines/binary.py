"""Which cosign is run: one that nobody else can have put there, and that is not too old.

Source of the floor: cosign's advisories CVE-2026-22703, CVE-2026-24122 and CVE-2026-39395, all fixed in 3.0.6.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sindri_image_verify.engines.answers import NoCosign

NAME = "cosign"
PEOPLE = 1000
"""Groups with smaller numbers belong to the system."""
VARIABLE = "SINDRI_COSIGN"
_IDENTIFIED: dict[tuple[str, int, int, int, int], str] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A program that may be run. ``sha256`` is of its content."""

    path: Path
    sha256: str


def find(environ: Mapping[str, str]) -> Binary:
    """Find cosign: where ``SINDRI_COSIGN`` says, else the first on PATH. Raises ``NoCosign`` with the reason."""
    path = _chosen(environ)
    real = Path(os.path.realpath(path))
    for each in dict.fromkeys((path, real)):
        _require_private(each)
    return Binary(path=real, sha256=_sha256(real))


def _chosen(environ: Mapping[str, str]) -> Path:
    if named := environ.get(VARIABLE):
        if not os.path.isabs(named):  # noqa: PTH117 - of a text, not of a path
            raise NoCosign(f"{VARIABLE} is {named!r}, which is no absolute path")
        if not _runs(named):
            raise NoCosign(f"{VARIABLE} is {named}, where there is no program")
        return Path(named)
    for folder in environ.get("PATH", "").split(os.pathsep):
        found = os.path.join(folder or ".", NAME)  # noqa: PTH118 - an entry may be relative
        if not _runs(found):
            continue
        here = os.path.realpath(folder or ".") == os.path.realpath(".")
        if not os.path.isabs(found) or here:  # noqa: PTH117 - the same
            raise NoCosign(f"the first cosign on PATH is {os.path.abspath(found)}, in the current folder: not run")  # noqa: PTH100
        return Path(found)
    raise NoCosign("cosign is not installed")


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113 - the same


def _require_private(path: Path) -> None:
    """Nobody but root, groups of the system and us may be able to change the program or to put another there."""
    for each in (path, path.parent):
        found = each.stat()
        if found.st_mode & stat.S_IWGRP and found.st_gid >= PEOPLE and found.st_gid != os.getgid():
            raise NoCosign(f"a group of people can write {each}: {path} is not run")
        if found.st_mode & stat.S_IWOTH:
            raise NoCosign(f"everybody can write {each}: {path} is not run")
        if found.st_uid not in {0, os.getuid()}:
            raise NoCosign(f"{each} belongs to another user: {path} is not run")
    for folder in path.parent.parents:
        if folder.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            raise NoCosign(f"everybody can replace what is in {folder}: {path} is not run")


def _sha256(path: Path) -> str:
    found = path.stat()
    stamp = (str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    with _LOCK:
        if stamp not in _IDENTIFIED:
            with path.open("rb") as stream:
                _IDENTIFIED[stamp] = hashlib.file_digest(stream, "sha256").hexdigest()
        return _IDENTIFIED[stamp]


FLOOR = (3, 0, 6)
_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})([-+].*)?", re.ASCII)


def new_enough(version: str) -> bool | None:
    """Whether a version of cosign may be used; None for a build that does not say which version it is.

    Something after the three numbers means a build from before or after that version; only a later one is taken.
    """
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    numbers = tuple(int(part) for part in match.groups()[:3])
    return numbers > FLOOR or (numbers == FLOOR and not match[4])
