"""A limit for what knows none: a server that sends a byte now and then outlasts every timeout of a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sindri_core.context import CancelToken

Result = TypeVar("Result")
GRACE = 1.0
"""Seconds that work may take to end after it was cut."""
SLICE = 0.05
"""Seconds between two looks at whether the run was cancelled."""


def within(
    seconds: float,
    work: Callable[[], Result],
    *,
    cut: Callable[[], None] | None = None,
    discard: Callable[[Result], None] | None = None,
    cancel: CancelToken | None = None,
) -> Result:
    """Return what ``work`` returns or raise what it raises; ``TimeoutError`` when it takes longer.

    With ``cancel`` it raises ``Interrupted`` soon after somebody asked to stop.

    ``cut`` makes late work end. Without it the work goes on in its thread, which keeps nobody from ending, and
    ``discard`` takes what it returns at last.
    """
    results: list[Result] = []
    errors: list[BaseException] = []
    late = threading.Event()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is awaited
            errors.append(error)
            return
        if late.is_set() and discard:
            discard(result)
        results.append(result)

    thread = threading.Thread(target=run, name="sindri-request", daemon=True)
    thread.start()
    _join(thread, seconds, cancel)
    if thread.is_alive():
        late.set()
        if cut:
            cut()
            thread.join(GRACE)
        if cancel:
            cancel.check()
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]


def _join(thread: threading.Thread, seconds: float, cancel: CancelToken | None) -> None:
    """Wait for the thread until the time is over, or until somebody asks to stop."""
    end = time.monotonic() + seconds
    while thread.is_alive() and (left := end - time.monotonic()) > 0 and not (cancel and cancel.cancelled):
        thread.join(min(SLICE, left) if cancel else left)
