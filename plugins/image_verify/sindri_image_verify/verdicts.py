"""Accepts that were found before, for a day, kept by everything that decided them. A refusal is never kept."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.types import Claim, Verdict, Verification

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy

FORMAT = 1
SECONDS = 86400.0
LARGEST = 1 << 20
ABOUT = {"source", "path", "images", "claims", "verifiers"}
"""What of a policy says who demands, not what."""


def key_of(  # noqa: PLR0913 - everything that decides
    *,
    digest: str,
    repository: str,
    tag: str,
    claims: frozenset[Claim],
    terms: TrustPolicy,
    files: Sequence[bytes],
    engine: str,
) -> str:
    """Name a verdict by all that decides it: ``files`` are the contents of keys and of the trusted root."""
    plain = {name: value for name, value in asdict(terms).items() if name not in ABOUT}
    hashes = [hashlib.sha256(content).hexdigest() for content in files]
    parts = [FORMAT, digest, repository, tag, sorted(claims), plain, hashes, engine]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Verdicts:
    """A folder of accepts that is the user's own. ``folder`` None keeps and knows nothing."""

    def __init__(self, folder: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder / "verdicts" if folder else None
        self._clock = clock

    def known(self, key: str, digest: str) -> tuple[Verification, ...]:
        """Return the accepts that are kept under the key; nothing where anything about them is odd."""
        if self._folder is None:
            return ()
        file = self._folder / key
        try:
            if not _is_private(self._folder):
                return ()
            kept = _read(file)
            answers = tuple(_accept(each, digest) for each in kept["accepts"])
            current = kept["key"] == key and 0 <= self._clock() - float(kept["at"]) < SECONDS
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            answers, current = (), False
        if not current or not answers:
            _forget(file)
            return ()
        return answers

    def keep(self, key: str, answers: Sequence[Verification]) -> None:
        """Keep accepts."""
        if self._folder is None or any(answer.verdict is not Verdict.ACCEPTED for answer in answers):
            return
        accepts = [{"claim": a.claim, "digest": a.digest, "evidence": list(a.evidence)} for a in answers]
        content = {"key": key, "at": self._clock(), "accepts": accepts}
        text = json.dumps(content | {"check": _check(content)})
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(dir=self._folder, prefix=".part-")
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(part).replace(self._folder / key)
        except OSError:
            return


def _read(file: Path) -> dict[str, Any]:
    """Read a file that only we can write. Raises ``OSError``, ``ValueError``."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        private = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        if not private or found.st_size > LARGEST:
            raise ValueError("it is not ours alone")
        kept = json.loads(stream.read(LARGEST))
    check = kept.pop("check")
    if check != _check(kept):
        raise ValueError("it is not what was written")
    content: dict[str, Any] = kept
    return content


def _is_private(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _accept(kept: dict[str, Any], digest: str) -> Verification:
    if kept["digest"] != digest or not all(isinstance(line, str) for line in kept["evidence"]):
        raise ValueError("it is about another image")
    evidence = tuple(kept["evidence"])
    return Verification(claim=Claim(kept["claim"]), verdict=Verdict.ACCEPTED, digest=digest, evidence=evidence)


def _check(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _forget(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
