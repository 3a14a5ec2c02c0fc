"""Ctrl-C and SIGTERM while a command runs."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Self

from sindri_core.errors import ExitCode

if TYPE_CHECKING:
    from types import FrameType

    from sindri_core.context import CancelToken

GRACE = 2.0
"""Seconds in which a run may reach a safe point before it is interrupted where it stands."""
TIDY = b"\r\x1b[2K\x1b[?25h"
"""Clears the moving line and shows the cursor again."""


class Interruptible:
    """The first signal asks the run to stop at a safe point, and interrupts it when it does not get there.

    A second one leaves at once. Either way the next run completes what this one began.
    """

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        handlers = {signal.SIGINT: self._ask, signal.SIGTERM: self._ask, signal.SIGALRM: self._interrupt}
        try:
            for number, handler in handlers.items():
                self._before[number] = signal.signal(number, handler)
        except ValueError:  # not the main thread: signals are somebody else's
            self._before.clear()
        return self

    def __exit__(self, *_: object) -> None:
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._cancel.cancelled:
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), TIDY)
            os._exit(ExitCode.INTERRUPTED)
        self._cancel.set()
        os.write(2, b"\nstopping at a safe point; once more leaves at once\n")
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt
