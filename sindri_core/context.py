"""What every hook may know about the run: the configuration, where to report to, and when to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_core.errors import DeadlineExceeded, Interrupted, PluginError

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.events import Event
    from sindri_core.settings import Config


class CancelToken:
    """Says that the run was interrupted. Thread-safe; once set it stays set."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the run to stop at its next safe point."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise ``Interrupted`` if somebody asked."""
        if self._event.is_set():
            raise Interrupted

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until somebody asks to stop; then raise ``Interrupted``."""
        if self._event.wait(max(0.0, seconds)):
            raise Interrupted


class Deadline:
    """The moment by which a run has to be over, on the monotonic clock."""

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; never negative."""
        return max(0.0, self._at - time.monotonic())

    def check(self, doing: str) -> None:
        """Raise ``DeadlineExceeded``, naming what was being done, when the time is over."""
        if self.left() <= 0:
            raise DeadlineExceeded(doing, self.seconds)


def _ignore(_event: Event) -> None:
    """Take an event and do nothing: the sink of a run that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The run as a hook sees it. Immutable; one per run.

    ``emit`` takes events and never raises. ``environ`` is the environment as it was when the ``Core`` was made:
    nobody looks at ``os.environ`` again. ``state_dir`` is the user's own folder for what must outlive a run,
    ``cache_dir`` the one for what may be deleted at any time (None: keep nothing).
    ``context`` and ``namespace`` are what the user asked for on the command line (empty: as configured).
    """

    config: Config
    emit: Callable[[Event], None] = _ignore
    cancel: CancelToken = field(default_factory=CancelToken)
    deadline: Deadline = field(default_factory=lambda: Deadline(600))
    environ: Mapping[str, str] = field(default_factory=dict)
    state_dir: Path | None = None
    cache_dir: Path | None = None
    context: str = ""
    namespace: str = ""
    dry_run: bool = False
    offline: bool = False

    def section(self, path: str) -> Mapping[str, Any]:
        """Return a plugin's section, such as ``providers.folder``, as its model validated it: a copy, plain data.

        A section that the file leaves out is there with its defaults. Raises ``PluginError`` when no loaded plugin
        declared it.
        """
        if path in self.config.sections:
            return deepcopy(self.config.sections[path])
        message = f"no loaded plugin declares the configuration section {path}"
        raise PluginError("SND-PLG-006", message, hint="return it from sindri_config_sections")
