"""cosign, on files that we fetched: it never speaks to a registry or to anybody else.

Its exit code decides: 0 with something on standard output, and nothing else. What it prints is not evidence.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core import child
from sindri_image_verify.engines import layout
from sindri_image_verify.regexps import anchored

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_image_verify.engines import Question

LEAST = (3, 0, 6)
"""Older versions accept what they must not: CVE-2026-22703, CVE-2026-24122, CVE-2026-39395."""
SECONDS = 30.0
EMPTY_ROOT = b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
INSTALL = "install cosign 3.1 or later: https://docs.sigstore.dev/cosign/system_config/installation/"
_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:[+].*)?")


class Unusable(Exception):
    """No engine can judge; the message says why and what to do."""


class Cosign:
    """cosign as it is installed. Looked for once; one that cannot be trusted is not used."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._found: str | None = None
        self._version = ""

    def is_there(self) -> bool:
        """Whether there is one that may be used."""
        try:
            self.name()
        except Unusable:
            return False
        return True

    def name(self) -> str:
        """Its name and version. Raises ``Unusable``."""
        self._program()
        return f"cosign {self._version}"

    def stamp(self) -> str:
        """What tells this program from another one, without starting it; empty for none."""
        try:
            program = self._path()
            found = Path(program).stat()
        except (Unusable, OSError):
            return ""
        return f"{program} {found.st_size} {found.st_mtime_ns} {found.st_ino}"

    def refusal(self, question: Question) -> str:
        """Say why cosign refuses; empty when it accepts. Raises ``Unusable`` when it cannot be asked."""
        program = self._program()
        said = "it does not accept the signature"
        keys: Sequence[str | None] = question.terms.public_keys or (None,)
        for key in keys:
            with self._folder() as folder:
                said = self._asked(program, folder, question, key)
            if not said:
                return ""
        return said

    def _asked(self, program: str, folder: Path, question: Question, key: str | None) -> str:
        words = [*_subject(folder, question), *_terms(folder, question, key)]
        done = child.run(
            [program, *words],
            _environment(self._ctx, folder),
            seconds=min(SECONDS, self._ctx.deadline.left()),
            folder=folder,
            cancel=self._ctx.cancel,
        )
        if done.code is None:
            raise Unusable(f"{program} did not end in time" if done.late else f"{program} printed too much")
        said = done.said.decode(errors="replace").strip().rpartition("\n")[2]
        if done.code:
            return f"cosign refuses it: {said.removeprefix('Error: ').removeprefix('error: ')[:200]}"
        if not (done.output + done.said).strip():
            raise Unusable(f"{program} said nothing, which it never does")
        return ""

    def _program(self) -> str:
        with self._lock:
            if self._found is None:
                program = self._path()
                self._version = self._checked_version(program)
                self._found = program
            return self._found

    def _path(self) -> str:
        """Find the program, which nobody else may be able to replace. Raises ``Unusable``."""
        environ = self._ctx.environ
        named = environ.get("SINDRI_COSIGN", "")
        found = named or shutil.which("cosign", path=_absolute(environ.get("PATH", ""))) or ""
        if not found:
            raise Unusable(f"cosign is not installed: {INSTALL}")
        program = os.path.realpath(found)
        for place in (program, os.path.dirname(program)):  # noqa: PTH120 - of a text
            try:
                mode = os.stat(place).st_mode  # noqa: PTH116 - of a text
            except OSError as error:
                raise Unusable(f"{found} cannot be used: {error.strerror}") from None
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                raise Unusable(f"everybody can write {place}: chmod o-w {place}")
        if not os.access(program, os.X_OK):
            raise Unusable(f"{found} is no program")
        return program

    def _checked_version(self, program: str) -> str:
        with self._folder() as folder:
            try:
                done = child.run(
                    [program, "version", "--json"], _environment(self._ctx, folder), seconds=SECONDS, folder=folder
                )
            except OSError as error:
                raise Unusable(f"{program} cannot be started: {error.strerror}") from None
        try:
            said = str(json.loads(done.output)["gitVersion"]) if done.code == 0 else ""
        except (ValueError, TypeError, KeyError):
            said = ""
        match = _VERSION.fullmatch(said)
        least = ".".join(map(str, LEAST))
        if not match:
            raise Unusable(f"{program} does not say which version it is ({said[:40] or 'nothing'}): {INSTALL}")
        if tuple(map(int, match.groups())) < LEAST:
            raise Unusable(f"{program} is cosign {said}, which accepts what it must not; {least} is needed: {INSTALL}")
        return said

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """A private folder for the files of one question: also its home, so that nothing of the user's counts."""
        with tempfile.TemporaryDirectory(prefix="sindri-verify-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)


def _environment(ctx: Context, folder: Path) -> dict[str, str]:
    """No settings of cosign, no proxies, no credentials; a program of the user's for a key service still finds its."""
    kept = {name: value for name, value in ctx.environ.items() if name in {"PATH", "LANG", "TZ", "SYSTEMROOT"}}
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "TUF_ROOT": str(folder / "tuf"), "NO_COLOR": "1"}


def _absolute(path: str) -> str:
    """The folders of PATH that do not depend on where we are."""
    return os.pathsep.join(part for part in path.split(os.pathsep) if os.path.isabs(part))  # noqa: PTH117 - of a text


def _subject(folder: Path, question: Question) -> Sequence[str]:
    """The command with what is judged, as files."""
    candidate, image = question.candidate, question.image
    if candidate.bundle:
        (folder / "bundle.json").write_bytes(candidate.bundle.content)
        kind = candidate.bundle.statement.predicate_type
        digest = image.digest.removeprefix("sha256:")
        return (
            "verify-blob-attestation",
            "--bundle=bundle.json",
            f"--type={kind}",
            f"--digest={digest}",
            "--digestAlg=sha256",
        )
    layout.write(folder / "image", image, candidate)
    if candidate.attested:
        return ("verify-attestation", "--local-image", f"--type={candidate.attested.predicate_type}", "image")
    return ("verify", "--local-image", "image")


def _terms(folder: Path, question: Question, key: str | None) -> Iterator[str]:
    """Whose word counts, and what else is demanded."""
    terms = question.terms
    (folder / "root.json").write_bytes(question.root or EMPTY_ROOT)
    yield "--trusted-root=root.json"
    if not question.wants_log:
        yield "--insecure-ignore-tlog=true"
    if not question.candidate.bundle:
        yield "--offline=true"
    if key is not None:
        yield f"--key={_key_file(folder, question, key)}"
        return
    for name in ("certificate_identity", "certificate_oidc_issuer"):
        flag, exact = f"--{name.replace('_', '-')}", getattr(terms, name)
        expression = getattr(terms, f"{name}_regexp")
        yield f"{flag}={exact}" if exact else f"{flag}-regexp={anchored(expression)}"
    if terms.ignore_sct:
        yield "--insecure-ignore-sct=true"
    if terms.use_signed_timestamps or (question.candidate.bundle and question.candidate.bundle.timestamps):
        yield "--use-signed-timestamps=true"


def _key_file(folder: Path, question: Question, key: str) -> str:
    """The key as cosign takes it: the text that was read, in a file, or the address of a service."""
    from sindri_image_verify import keys

    if keys.is_service(key):
        return key
    pem = next(each.pem for each in question.keys if each == keys.load(key))
    (folder / "key.pub").write_bytes(pem)
    return "key.pub"
