"""Verdicts of earlier runs, positive ones only: kept for a day under everything that decided them.

What is found there was written by whoever may write to the user's own files. A file of anybody else, one that others
may write, or one whose content does not fit its key is deleted and counts for nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.files import replace_private
from sindri_image_verify.strictjson import listed, mapping, text

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference
    from sindri_core.types import Claim

FORMAT = 1
SECONDS = 86400.0
LARGEST = 64 << 10
MOST_LINES = 64


def key_of(image: Reference, claim: Claim, terms: str, engine: str) -> str:
    """Name a verdict by all that decides it: digest, repository, claim, terms (their hash) and engine."""
    parts = (str(FORMAT), image.digest, image.canonical, claim.value, terms, engine)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def key_of_probe(engine: str) -> str:
    """Name the verdict about a program itself."""
    return hashlib.sha256(f"{FORMAT}\0probe\0{engine}".encode()).hexdigest()


class Verdicts:
    """The folder that keeps them; with None nothing is kept or found."""

    def __init__(self, cache_dir: Path | None) -> None:
        self._folder = cache_dir / "verdicts" if cache_dir else None

    def find(self, key: str) -> tuple[str, ...] | None:
        """Return the evidence of a verdict that still counts, or None."""
        if not self._folder:
            return None
        file = self._folder / key
        try:
            content = _read(self._folder, file)
            return None if content is None else _evidence(content, key)
        except (OSError, ValueError):
            with suppress(OSError):
                file.unlink()
            return None

    def keep(self, key: str, evidence: Sequence[str], until: float | None) -> None:
        """Keep a verdict for a day, or until a moment (seconds since 1970) before that."""
        if not self._folder:
            return
        end = min(time.time() + SECONDS, until if until is not None else float("inf"))
        content: dict[str, object] = {"format": FORMAT, "key": key, "until": f"{end:.0f}", "evidence": list(evidence)}
        content["checksum"] = _checksum(content)
        with suppress(OSError):  # it only costs time
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if _ours(self._folder.lstat(), stat.S_ISDIR):
                replace_private(self._folder / key, json.dumps(content).encode())


def _read(folder: Path, file: Path) -> bytes | None:
    """Read what is there; None where nothing is. Raises ``ValueError`` for what others could have written."""
    try:
        if not _ours(folder.lstat(), stat.S_ISDIR):
            return None
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        if not _ours(os.fstat(descriptor), stat.S_ISREG):
            raise ValueError("others can write it")
        return stream.read(LARGEST)


def _ours(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    return is_kind(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _evidence(content: bytes, key: str) -> tuple[str, ...] | None:
    data = dict(mapping(content, "verdict"))
    if text(data, "key") != key or data.get("format") != FORMAT or data.pop("checksum", "") != _checksum(data):
        raise ValueError("it is another verdict, or damaged")
    if float(text(data, "until")) <= time.time():
        raise ValueError("its time is over")
    lines = listed(data, "evidence", MOST_LINES)
    return tuple(text({"line": line}, "line") for line in lines)


def _checksum(content: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
