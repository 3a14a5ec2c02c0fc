"""What is going on, on standard error: plain lines anywhere, a moving one on a terminal, a log when asked for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sindri_core.cli.render.clean import clean
from sindri_core.events import (
    HookFailed,
    PluginRejected,
    Progress,
    StatusChanged,
    StepFailed,
    StepFinished,
    StepStarted,
    Warned,
)
from sindri_core.types import State

if TYPE_CHECKING:
    from rich.live import Live

    from sindri_core.cli.chosen import Chosen
    from sindri_core.events import Event

DONE = {"locate": "located", "compare": "compared", "load": "loaded", "apply": "applied", "scale": "power"}
DOING = {
    "locate": "looking for the cluster",
    "image": "looking for the image",
    "compare": "comparing",
    "load": "loading the image",
    "apply": "applying",
    "scale": "scaling",
    "wait": "waiting",
}
QUIET = frozenset({"locate", "compare"})
"""Steps that say nothing when they end well."""
WAITED = {State.RUNNING: "ready", State.STOPPED: "stopped", State.NOT_DEPLOYED: "gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which events become lines. A command that only looks has no steps to report; a plan holds its warnings."""

    steps: bool = True
    warnings: bool = True


@contextmanager
def observer(chosen: Chosen, *, steps: bool, warnings: bool) -> Iterator[Callable[[Event], None]]:
    """Give the function that shows events while a command runs: the steps that end, what people should know."""
    if chosen.verbose:
        yield _log(chosen.log_format)
        return
    moving = chosen.output == "text" and sys.stderr.isatty()
    shown = Shown(steps=steps, warnings=warnings)
    lines = Moving(shown, color=chosen.color) if moving else Lines(shown)
    try:
        yield lines.tell
    finally:
        lines.settle()


class Lines:
    """One line for each step that is worth it. Events come from any thread."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._told: set[str] = set()
        self._state: State | None = None
        self._lock = threading.RLock()

    def tell(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            self._tell(event)

    def settle(self) -> None:
        """Leave the terminal as it was."""

    def _tell(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._moving(event.message or DOING.get(event.step, event.step))
            case Progress():
                self._moving(" ".join(filter(None, [event.message or event.step, _share(event)])))
            case StatusChanged():
                self._state = event.status.state
                self._moving(" ".join(filter(None, [event.status.state.value, event.status.step])))
            case StepFinished():
                self.settle()
                if self._shown.steps and event.step not in QUIET and event.message:
                    self._line("✔", "green", _columns(self._title(event.step), event.message, event.seconds))
            case StepFailed():
                self.settle()
                reached = self._state.value if event.step == "wait" and self._state else self._title(event.step)
                if self._shown.steps:
                    self._line("✘", "red", f"{reached:<9} stopped after {event.seconds:.1f} s")
            case _:
                warning = _warning(event)
                if warning and warning not in self._told and (self._shown.warnings or not isinstance(event, Warned)):
                    self._told.add(warning)
                    self._line("!", "yellow", warning)

    def _title(self, step: str) -> str:
        if step == "wait" and self._state:
            return WAITED.get(self._state, self._state.value)
        return DONE.get(step, step)

    def _moving(self, text: str) -> None:
        """Say what is going on now; plain lines only say what is done."""

    def _line(self, mark: str, color: str, text: str) -> None:
        click.echo(f"{click.style(mark, fg=color)} {clean(text)}", err=True)


class Moving(Lines):
    """On a terminal, while a step lasts, a line with what goes on and for how long. Only then rich is imported."""

    def __init__(self, shown: Shown, *, color: bool) -> None:
        super().__init__(shown)
        from rich.console import Console

        self._console = Console(stderr=True, no_color=not color, highlight=False)
        self._live: Live | None = None
        self._stepping = False
        self._text, self._began = "", 0.0

    def _tell(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self._stepping = True
        elif isinstance(event, StepFinished | StepFailed):
            self._stepping = False
        super()._tell(event)

    def settle(self) -> None:
        """Take the moving line away."""
        if self._live:
            self._live.stop()
            self._live = None

    def _moving(self, text: str) -> None:
        self._text = clean(text)
        if self._live or not self._stepping:
            return
        from rich.live import Live
        from rich.spinner import Spinner

        self._began = time.monotonic()
        spinner = Spinner("dots")

        def now() -> Spinner:
            spinner.update(text=f" {self._text}  [dim]{time.monotonic() - self._began:.0f} s[/dim]")
            return spinner

        # the answer on standard output is not the display's to redirect: it may go into a file
        self._live = Live(
            get_renderable=now,
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=8,
        )
        self._live.start()

    def _line(self, mark: str, color: str, text: str) -> None:
        self.settle()
        super()._line(mark, color, text)


def _warning(event: Event) -> str:
    """What people should know although the run goes on; empty for other events."""
    match event:
        case Warned():
            return f"{event.issue.message} [{event.issue.code}]"
        case HookFailed():
            return f"plugin {event.plugin}: {event.hook} failed: {event.message}"
        case PluginRejected():
            return f"plugin {event.plugin} is not loaded: {event.reason}"
    return ""


def _columns(title: str, message: str, seconds: float) -> str:
    message = "" if message == title else message
    return f"{title:<9} {message:<46} {seconds:6.1f} s"


def _share(event: Progress) -> str:
    if event.total <= 0:
        return ""
    return f"{min(100, event.done * 100 // event.total)} %"


def _log(form: str) -> Callable[[Event], None]:
    """Log every event by structlog, to standard error."""
    import structlog

    from sindri_core.cli.render.documents import to_plain

    json_lines = structlog.processors.JSONRenderer(ensure_ascii=False)
    renderers: list[Any] = [json_lines] if form == "json" else [_flat, structlog.processors.LogfmtRenderer()]
    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.add_log_level, *renderers],
    )

    def tell(event: Event) -> None:
        logger.info(type(event).__name__, **to_plain(event))

    return tell


def _flat(_logger: Any, _method: str, event: Any) -> Any:
    """Put time and name first, and nested values into one text, which is all that a log line can hold."""
    import json

    first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
    rest = {k: json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for k, v in event.items()}
    return first | rest
