"""Reading what people name, and no more of it than can be meant; writing what only its owner may read."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_regular(file: Path, largest: int) -> bytes:
    """Read at most one byte more than ``largest``. Raises ``OSError``, also for what could keep us waiting for ever."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
        return stream.read(largest + 1)


def replace_private(file: Path, content: bytes) -> None:
    """Put the content there in one step, readable by its owner only. Raises ``OSError``; no half of it stays behind."""
    import tempfile  # costs start-up time, and writing is rare

    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.replace(part, file)  # noqa: PTH105 - a name, as mkstemp gives it
    finally:
        with suppress(FileNotFoundError):  # it is gone when all went well
            os.unlink(part)  # noqa: PTH108 - as above
