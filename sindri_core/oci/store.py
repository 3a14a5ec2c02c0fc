"""What registries said, kept on disk: content by its digest, lists of tags for a short time.

May be deleted at any time, and may hold anything: content is hashed again when it is read. Nothing is kept under a
digest alone: what one repository showed is no answer for another, which may not show it to us. The client takes from
here only what the registry says in the same run that the repository has.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sindri_core.files import read_regular, replace_private
from sindri_core.oci.documents import digest_of
from sindri_core.oci.reference import TAG

_ETAG = re.compile(r"[ -~]{0,256}")
LARGEST = 16 << 20
"""Bytes of one entry that is kept at most."""
TAGS_SECONDS = 60.0
"""Seconds for which a list of tags is believed without asking again."""
MOST_BYTES, MOST_ENTRIES = 256 << 20, 20_000
PRUNE_EVERY = 200
"""Entries that are written between two looks at how large everything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTags:
    """A list of tags as it was read: with its ETag, and whether it is recent enough to be believed as it is."""

    tags: tuple[str, ...]
    etag: str
    fresh: bool


class Store:
    """A folder of what was read. ``folder`` None keeps nothing. Never raises: what cannot be kept costs only time."""

    def __init__(self, folder: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder / "oci" if folder else None
        self._clock = clock
        self._written = 0

    def content(self, repository: str, digest: str) -> tuple[bytes, str] | None:
        """Return content with its type, if it still is what its digest says."""
        file = self._file(repository, "content", digest)
        kept = self._read(file)
        if kept is None or file is None:
            return None
        head, found, content = kept.partition(b"\n")
        if not found or digest_of(content) != digest:
            self._forget(file)
            return None
        return content, head.decode("ascii", errors="replace")

    def keep_content(self, repository: str, digest: str, content: bytes, media_type: str = "") -> None:
        """Keep content under its digest."""
        self._write(self._file(repository, "content", digest), media_type.encode("ascii", "replace") + b"\n" + content)

    def digest(self, repository: str, tag: str) -> str:
        """Return what a tag meant when it was last asked: enough to ask whether it still does, and nothing more."""
        kept = self._json(self._file(repository, "tag", tag))
        digest = kept.get("digest")
        return digest if isinstance(digest, str) else ""

    def keep_digest(self, repository: str, tag: str, digest: str) -> None:
        """Remember what a tag meant."""
        self._write(self._file(repository, "tag", tag), json.dumps({"digest": digest}).encode())

    def tags(self, repository: str) -> KeptTags | None:
        """Return the list of tags that was read last."""
        kept = self._json(self._file(repository, "tags", ""))
        tags, at, etag = kept.get("tags"), kept.get("at"), kept.get("etag")
        if not isinstance(tags, list) or not isinstance(at, float) or not isinstance(etag, str):
            return None
        if not all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in tags) or not _ETAG.fullmatch(etag):
            return None
        return KeptTags(tags=tuple(tags), etag=etag, fresh=0 <= self._clock() - at < TAGS_SECONDS)

    def keep_tags(self, repository: str, tags: tuple[str, ...], etag: str) -> None:
        """Keep a list of tags."""
        mark = etag if _ETAG.fullmatch(etag) else ""
        content = json.dumps({"tags": tags, "at": float(self._clock()), "etag": mark}).encode()
        self._write(self._file(repository, "tags", ""), content)

    def _file(self, repository: str, kind: str, name: str) -> Path | None:
        if self._folder is None:
            return None
        key = hashlib.sha256(f"{repository}\0{kind}\0{name}".encode()).hexdigest()
        return self._folder / key[:2] / key[2:]

    def _json(self, file: Path | None) -> dict[str, Any]:
        try:
            kept = json.loads(self._read(file) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _read(self, file: Path | None) -> bytes | None:
        if file is None:
            return None
        try:
            content = read_regular(file, LARGEST)
        except OSError:
            return None
        return content if len(content) <= LARGEST else None

    def _write(self, file: Path | None, content: bytes) -> None:
        if file is None or len(content) > LARGEST:
            return
        try:
            file.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.parent.mkdir(exist_ok=True, mode=0o700)
            replace_private(file, content)
        except OSError:
            return
        self._written += 1
        if self._written % PRUNE_EVERY == 1:
            self._prune()

    def _forget(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError:
            return

    def _prune(self) -> None:
        """Delete what was not written for longest, when everything together is too large or too much."""
        entries = sorted(self._entries())
        bytes_over, entries_over = sum(size for _, size, _ in entries) - MOST_BYTES, len(entries) - MOST_ENTRIES
        for _, size, path in entries:
            if bytes_over <= 0 and entries_over <= 0:
                return
            self._forget(Path(path))
            bytes_over, entries_over = bytes_over - size, entries_over - 1

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """Every file, with its age and size; whatever else lies there, or is gone meanwhile, is passed over."""
        for folder in _listed(self._folder):
            for file in _listed(folder):
                try:
                    found = file.lstat()
                except OSError:
                    continue
                if stat.S_ISREG(found.st_mode):
                    yield found.st_mtime, found.st_size, str(file)


def _listed(folder: Path | None) -> list[Path]:
    """What lies in a folder; nothing where it is none, or gone."""
    try:
        return list(folder.iterdir()) if folder else []
    except OSError:
        return []
