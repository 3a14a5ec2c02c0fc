"""A limit for what knows none: a server that sends a byte now and then outlasts every timeout of a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
GRACE = 1.0
"""Seconds that work may take to end after it was cut."""


def within(
    seconds: float,
    work: Callable[[], Result],
    *,
    cut: Callable[[], None] | None = None,
    discard: Callable[[Result], None] | None = None,
) -> Result:
    """Return what ``work`` returns or raise what it raises; ``TimeoutError`` when it takes longer.

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
    thread.join(seconds)
    if thread.is_alive():
        late.set()
        if cut:
            cut()
            thread.join(GRACE)
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]
