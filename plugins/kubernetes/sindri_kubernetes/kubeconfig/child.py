"""One run of a credential plugin as a child process: bounded in time and in what it may print."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import IO, NamedTuple

LARGEST = 1 << 20
"""Bytes of an answer; credentials have some thousands."""
SHOWN = 500
GRACE = 0.5
"""Seconds to wait for the rest of standard error, which a helper that stays behind may hold open."""


class Ended(NamedTuple):
    """What came of it. ``code`` is None for one that was ended because it took too long or printed too much."""

    code: int | None
    output: bytes = b""
    said: bytes = b""
    late: bool = False


def run(command: Sequence[str], environ: Mapping[str, str], *, interactive: bool, seconds: float) -> Ended:
    """Run it for at most ``seconds``. One that is interactive gets our terminal. Raises ``OSError``."""
    process = subprocess.Popen(
        command,
        stdin=None if interactive else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if interactive else subprocess.PIPE,
        env=dict(environ),
        start_new_session=not interactive,
    )
    output, said = bytearray(), bytearray()
    reading = _reader(process.stdout, output, LARGEST + 1)
    listening = _reader(process.stderr, said, None)
    end = time.monotonic() + seconds
    with ExitStack() as ending:
        ending.callback(_end, process, group=not interactive)  # whatever comes, unless it ends by itself
        reading.join(seconds)
        late = reading.is_alive()
        if not late and len(output) <= LARGEST:
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

    thread = threading.Thread(target=read, name="sindri-credential-plugin", daemon=True)
    thread.start()
    return thread


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
