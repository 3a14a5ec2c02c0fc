"""Waiting for an environment: when it ends, with what, and what it survives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from sindri_core import waiting
from sindri_core.context import CancelToken, Context, Deadline
from sindri_core.errors import ClusterUnreachable, DeadlineExceeded, Interrupted, NotReady
from sindri_core.events import Event, StatusChanged
from sindri_core.types import Destination, Finding, State, Status

if TYPE_CHECKING:
    from sindri_core.interfaces import Target

HERE = Destination(provider="shelf")
PASSING = Finding(code="SND-K8S-211", message="no room yet", heals=True)
FINAL = Finding(code="SND-K8S-226", message="no such image")
AWAY = ClusterUnreachable("SND-K8S-001", "the server cannot be reached", hint="is it running?")


def seen(state: State, step: str = "", finding: Finding | None = None) -> Status:
    """Make a status."""
    return Status(name="demo", state=state, destination=HERE, step=step, finding=finding)


class Clock(Deadline):
    """A deadline whose time passes only when somebody waits."""

    __slots__ = ("rest",)

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.rest = seconds

    def left(self) -> float:
        return max(0.0, self.rest)


@dataclass
class Scripted:
    """A target that shows or raises one thing after another, the last for ever."""

    script: list[Status | Exception]
    clock: Clock
    looks: int = 0
    waits: list[float] = field(default_factory=list)

    def observe(self) -> Status:
        self.looks += 1
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(now, Exception):
            raise now
        return now

    def await_change(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.rest -= max(seconds, 0.1)


class Quick(CancelToken):
    """A token that lets time pass instead of waiting."""

    __slots__ = ("_tick",)

    def __init__(self, tick: Callable[[float], None]) -> None:
        super().__init__()
        self._tick = tick

    def wait(self, seconds: float) -> None:
        self.check()
        self._tick(seconds)


def run(*script: Status | Exception, seconds: float = 60.0) -> tuple[Context, Scripted, list[Event]]:
    """Make what waits and what is waited for."""
    clock = Clock(seconds)
    events: list[Event] = []

    def tick(passed: float) -> None:
        clock.rest -= max(passed, 0.1)

    ctx = Context(config=cast("Any", None), emit=events.append, cancel=Quick(tick), deadline=clock)
    return ctx, Scripted(list(script), clock), events


def until(ctx: Context, target: Scripted, wanted: frozenset[State] = waiting.UP) -> Status:
    """Wait."""
    return waiting.until(ctx, cast("Target", target), wanted)


def test_a_cause_that_cannot_heal_ends_the_wait_at_once() -> None:
    """Passing causes are waited out, the first final one is raised, and nobody looks again."""
    ctx, target, _ = run(seen(State.PENDING, finding=PASSING), seen(State.STARTING, finding=FINAL))
    with pytest.raises(NotReady) as caught:
        until(ctx, target)
    assert caught.value.finding == FINAL
    assert target.looks == 2


def test_the_time_ends_with_the_best_finding() -> None:
    """A cause that might have healed and did not is the reason when the time is over."""
    ctx, target, _ = run(seen(State.PENDING, finding=PASSING), seconds=5)
    with pytest.raises(NotReady) as caught:
        until(ctx, target)
    assert caught.value.finding == PASSING
    assert sum(target.waits) <= 5
    assert max(target.waits) <= waiting.LONGEST_LOOK_AWAY


@pytest.mark.parametrize("error", [AWAY, DeadlineExceeded("asking the API server", 5)])
def test_a_request_that_the_deadline_cuts_off_does_not_hide_the_finding(error: Exception) -> None:
    """The last look fails for want of time; what was seen before it is the reason."""
    ctx, target, _ = run(seen(State.PENDING, finding=PASSING), error, seconds=1)
    with pytest.raises(NotReady) as caught:
        until(ctx, target)
    assert caught.value.finding == PASSING


def test_the_time_ends_with_what_was_going_on() -> None:
    """Without any finding the last state and step are told."""
    ctx, target, _ = run(seen(State.STARTING, "pulling image"), seconds=3)
    with pytest.raises(DeadlineExceeded, match=r"3 s .*starting \(pulling image\)"):
        until(ctx, target)


def test_a_connection_that_drops_is_survived_and_told() -> None:
    """The wait goes on after an outage, and people see that the destination was away."""
    ctx, target, events = run(seen(State.STARTING), AWAY, AWAY, seen(State.RUNNING))
    assert until(ctx, target).state is State.RUNNING
    states = [event.status.state for event in events if isinstance(event, StatusChanged)]
    assert states == [State.STARTING, State.UNREACHABLE, State.RUNNING]


def test_an_outage_that_lasts_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """After half a minute the destination is not only restarting."""
    monkeypatch.setattr(waiting, "OUTAGE", -1.0)
    ctx, target, _ = run(seen(State.STARTING), AWAY)
    with pytest.raises(ClusterUnreachable):
        until(ctx, target)


@pytest.mark.parametrize("state", [State.NOT_DEPLOYED, State.DELETING])
def test_an_environment_that_somebody_deletes_meanwhile(state: State) -> None:
    """It will never come up: the wait ends at once, and says what to type."""
    ctx, target, _ = run(seen(State.STARTING), seen(state))
    with pytest.raises(NotReady) as caught:
        until(ctx, target)
    assert caught.value.code == "SND-RUN-004"
    assert "sindri deploy" in caught.value.hint
    assert target.looks == 2


def test_stopping_is_not_stopped_by_what_is_wrong() -> None:
    """A crashed environment can be stopped, and one that is deleted meanwhile is down."""
    ctx, target, _ = run(seen(State.STOPPING, finding=FINAL), seen(State.STOPPED))
    assert until(ctx, target, waiting.DOWN).state is State.STOPPED
    ctx, target, _ = run(seen(State.STOPPING), seen(State.NOT_DEPLOYED))
    assert until(ctx, target, waiting.DOWN).state is State.NOT_DEPLOYED


def test_somebody_stops_it_while_it_starts() -> None:
    """That is a decision and no failure."""
    ctx, target, _ = run(seen(State.STARTING), seen(State.STOPPED))
    assert until(ctx, target).state is State.STOPPED


def test_progress_is_told_once_for_each_step() -> None:
    """A state or step that stays is not told again."""
    ctx, target, events = run(
        seen(State.STARTING), seen(State.STARTING), seen(State.STARTING, "pulling image"), seen(State.RUNNING)
    )
    until(ctx, target)
    told = [(event.status.state, event.status.step) for event in events if isinstance(event, StatusChanged)]
    assert told == [(State.STARTING, ""), (State.STARTING, "pulling image"), (State.RUNNING, "")]


def test_watching_gives_changes_only_and_survives_an_outage() -> None:
    """One look for each interval; what stays the same is not given again; what is away is a change."""
    running = seen(State.RUNNING)
    ctx, target, _ = run(running, running, AWAY, AWAY, running, seen(State.STOPPED), seconds=20)
    given = list(waiting.follow(ctx, cast("Target", target)))
    assert [status.state.value for status in given] == ["running", "unreachable", "running", "stopped"]
    assert given[1].finding is not None
    assert given[1].finding.code == "SND-K8S-001"
    assert target.looks == 11
    assert target.waits == []


def test_watching_what_is_away_from_the_start_is_an_error() -> None:
    """Nothing is known of it yet."""
    ctx, target, _ = run(AWAY)
    with pytest.raises(ClusterUnreachable):
        next(waiting.follow(ctx, cast("Target", target)))


def test_watching_ends_when_it_is_cancelled() -> None:
    """Ctrl-C is how watching ends."""
    ctx, target, _ = run(seen(State.RUNNING))
    given = waiting.follow(ctx, cast("Target", target))
    next(given)
    ctx.cancel.set()
    with pytest.raises(Interrupted):
        next(given)
