"""Waiting is looking again and again: until the environment is as wanted, or for ever, at each change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterUnreachable, DeadlineExceeded, NotReady
from sindri_core.events import StatusChanged
from sindri_core.types import Finding, State, Status

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.interfaces import Target

LONGEST_LOOK_AWAY = 2.0
"""Seconds between two looks at most."""
OUTAGE = 30.0
"""Seconds for which a destination may be away while somebody waits for it, as an API server that is restarted."""
RETRY = 1.0
UP = frozenset({State.RUNNING, State.STOPPED})
"""Deploying or starting is over: it runs, or somebody stopped it and wants it so."""
DOWN = frozenset({State.STOPPED, State.NOT_DEPLOYED})
"""Stopping is over."""
AWAY = frozenset({State.NOT_DEPLOYED, State.DELETING})


def until(ctx: Context, target: Target, wanted: frozenset[State]) -> Status:
    """Watch the environment until it is as wanted, telling each change.

    Raises ``NotReady`` at the first finding that waiting cannot mend, when somebody deletes the environment meanwhile,
    and when the time is over and there is a finding; ``DeadlineExceeded`` when there is none. A destination that is
    away for longer than an ``OUTAGE`` raises ``ClusterUnreachable``.
    """
    last: Status | None = None
    seen_at = time.monotonic()
    while True:
        ctx.cancel.check()
        try:
            status = target.observe()
        except (ClusterUnreachable, DeadlineExceeded) as error:
            if ctx.deadline.left() <= 0:
                raise _too_late(ctx, last) from error
            if isinstance(error, DeadlineExceeded) or time.monotonic() - seen_at > OUTAGE:
                raise
            last = _told(ctx, last, unreachable(last, error) if last else None)
            ctx.cancel.wait(min(RETRY, ctx.deadline.left()))
            continue
        seen_at = time.monotonic()
        last = _told(ctx, last, status)
        if status.state in wanted:
            return status
        _judge(status, wanted)
        if ctx.deadline.left() <= 0:
            raise _too_late(ctx, last)
        target.await_change(min(LONGEST_LOOK_AWAY, ctx.deadline.left()))


def follow(ctx: Context, target: Target) -> Iterator[Status]:
    """Give the status now and at each change, until the deadline. A destination that is away is a change too.

    Raises ``ClusterUnreachable`` only when the destination is away from the start.
    """
    last: Status | None = None
    while True:
        ctx.cancel.check()
        try:
            status = target.observe()
        except (ClusterUnreachable, DeadlineExceeded) as error:
            if last is None:
                raise
            if ctx.deadline.left() <= 0:
                return
            status = unreachable(last, error)
        if status != last:
            yield status
        last = status
        if ctx.deadline.left() <= 0:
            return
        ctx.cancel.wait(min(LONGEST_LOOK_AWAY, ctx.deadline.left()))


def unreachable(before: Status, error: ClusterUnreachable | DeadlineExceeded) -> Status:
    """Say that the environment cannot be seen: what was known of it, and why not."""
    seen = tuple(text if label == "seen" else f"{label}: {text}" for label, text in error.details)
    fix = (error.hint,) if error.hint else ()
    finding = Finding(code=error.code, message=error.message, seen=seen, fix=fix, heals=True)
    return replace(before, state=State.UNREACHABLE, step="", finding=finding, others=())


def _told(ctx: Context, last: Status | None, status: Status | None) -> Status | None:
    if status and (last is None or (last.state, last.step) != (status.state, status.step)):
        ctx.emit(StatusChanged(status=status))
    return status or last


def _judge(status: Status, wanted: frozenset[State]) -> None:
    """Raise when it will never come up. Going down is not stopped by what is wrong with it."""
    if State.RUNNING not in wanted:
        return
    finding = status.finding
    if status.state in AWAY:
        message = "somebody deleted the environment while it was starting"
        raise NotReady("SND-RUN-004", message, hint="sindri deploy   makes it again", finding=finding)
    if finding and not finding.heals:
        raise NotReady(finding.code, finding.message, finding=finding)


def _too_late(ctx: Context, last: Status | None) -> NotReady | DeadlineExceeded:
    """Make the error for when the time is over: with the best finding that there is."""
    if last and last.finding:
        return NotReady(last.finding.code, last.finding.message, finding=last.finding)
    doing = "waiting for the environment"
    if last:
        doing = f"the environment was {last.state.value}" + (f" ({last.step})" if last.step else "")
    return DeadlineExceeded(doing, ctx.deadline.seconds)
