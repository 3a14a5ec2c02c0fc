"""Reading what people name: a regular file, and no more of it than can be meant."""

from __future__ import annotations

import errno
import os
import stat
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
