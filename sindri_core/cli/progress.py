"""What is going on, on standard error: plain lines anywhere, one living line on a terminal, a log when asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sindri_core.events import PluginRejected, StatusChanged, StepFailed, StepFinished, StepStarted, Warned

if TYPE_CHECKING:
    from rich.status import Status as Live

    from sindri_core.cli.options import Chosen
    from sindri_core.events import Event

TITLES = {
    "image": "image",
    "compare": "compared",
    "load": "loaded",
    "apply": "applied",
    "scale": "power",
    "wait": "ready",
}
QUIET = {"locate", "compare"}


@contextmanager
def observer(chosen: Chosen) -> Iterator[Callable[[Event], None]]:
    """Give the function that shows events while a command runs."""
    if chosen.verbose:
        yield _log(chosen.log_format)
        return
    if chosen.output != "text" or not sys.stderr.isatty():
        yield Lines(None).tell
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=not chosen.color)
    with console.status("…") as live:
        yield Lines(live).tell


class Lines:
    """One line for each step that is worth it; on a terminal the current one moves."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._warned: set[str] = set()

    def tell(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, StepStarted):
            self._moving(event.step)
        elif isinstance(event, StatusChanged):
            step = f", {event.status.step}" if event.status.step else ""
            self._moving(f"{event.status.state.value}{step}")
        elif isinstance(event, StepFinished) and event.step not in QUIET and event.message:
            title = TITLES.get(event.step, event.step)
            self._line("✔", "green", f"{title:<10}{event.message:<50}{event.seconds:5.1f} s")
        elif isinstance(event, StepFailed):
            self._line("✘", "red", f"{TITLES.get(event.step, event.step):<10}stopped after {event.seconds:.1f} s")
        elif isinstance(event, Warned) and event.issue.message not in self._warned:
            self._warned.add(event.issue.message)
            self._line("!", "yellow", f"{event.issue.message} [{event.issue.code}]")
        elif isinstance(event, PluginRejected):
            self._line("!", "yellow", f"plugin {event.plugin} is not loaded: {event.reason}")

    def _moving(self, text: str) -> None:
        if self._live:
            self._live.update(text)

    def _line(self, mark: str, color: str, text: str) -> None:
        click.echo(f"{click.style(mark, fg=color)} {text}", err=True)


def _log(form: str) -> Callable[[Event], None]:
    """Log every event by structlog, to standard error."""
    import structlog

    console = structlog.dev.ConsoleRenderer(colors=False)
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else console
    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.add_log_level, renderer],
    )

    def tell(event: Event) -> None:
        from sindri_core.cli.render.documents import to_plain

        plain = to_plain(event)
        logger.info(type(event).__name__, **{("what" if key == "event" else key): v for key, v in plain.items()})

    return tell
