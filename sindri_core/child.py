"""One run of another program: bounded in time and in what it may print, ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.context import CancelToken

LARGEST = 1 << 20
"""Bytes that a program may print, unless the caller allows more."""
SHOWN = 500
"""Bytes of standard error that are kept: the last ones."""
GRACE = 0.5
"""Seconds to wait for the rest of standard error, which a program that stays behind may hold open."""
SLICE = 0.1
"""Seconds between two looks at whether the run was cancelled."""


class Ended(NamedTuple):
    """What came of it. ``code`` is None for one that was ended because it took too long or printed too much."""

    code: int | None
    output: bytes = b""
    said: bytes = b""
    late: bool = False


def run(  # noqa: PLR0913 - all that a program is given
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    seconds: float,
    stdin: bytes = b"",
    interactive: bool = False,
    largest: int = LARGEST,
    folder: Path | None = None,
    cancel: CancelToken | None = None,
) -> Ended:
    """Run it for at most ``seconds``, with just this environment. One that is interactive gets our terminal.

    Raises ``OSError`` when it cannot be started, ``Interrupted`` when the run is cancelled meanwhile.
    """
    process = subprocess.Popen(
        command,
        stdin=None if interactive else subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if interactive else subprocess.PIPE,
        env=dict(environ),
        cwd=folder,
        start_new_session=not interactive,
    )
    output, said = bytearray(), bytearray()
    reading = _reader(process.stdout, output, largest + 1)
    listening = _reader(process.stderr, said, None)
    end = time.monotonic() + seconds
    with ExitStack() as ending:
        ending.callback(_end, process, group=not interactive)  # whatever comes, unless it ends by itself
        if process.stdin:
            _writer(process.stdin, stdin)
        _join(reading, end, cancel)
        late = reading.is_alive()
        if not late and len(output) <= largest:
            try:
                code = process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                late = True
            else:
                listening.join(GRACE)
                ending.pop_all()
                return Ended(code, bytes(output), bytes(said[-SHOWN:]))
    listening.join(GRACE)
    return Ended(None, said=bytes(said[-SHOWN:]), late=late)


def _join(reading: threading.Thread, end: float, cancel: CancelToken | None) -> None:
    while reading.is_alive() and (left := end - time.monotonic()) > 0:
        reading.join(min(SLICE, left) if cancel else left)
        if cancel:
            cancel.check()


def _reader(pipe: IO[bytes] | None, into: bytearray, limit: int | None) -> threading.Thread:
    """Read a pipe to its end in a thread of its own; up to ``limit``, or else keeping only the last of it."""

    def read() -> None:
        if pipe is None:
            return
        with pipe:
            while (limit is None or len(into) < limit) and (part := os.read(pipe.fileno(), 65536)):
                into.extend(part)
                if limit is None:
                    del into[:-SHOWN]

    thread = threading.Thread(target=read, name="sindri-child", daemon=True)
    thread.start()
    return thread


def _writer(pipe: IO[bytes], content: bytes) -> None:
    """Give it its input in a thread of its own; one that does not read all of it is its own affair."""

    def write() -> None:
        try:
            with pipe:
                pipe.write(content)
        except OSError:
            return

    threading.Thread(target=write, name="sindri-child-input", daemon=True).start()


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    """End it with all that it started, also when only that is left: nobody may hold our pipes open."""
    try:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()
