"""What the shared options of a command say, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_core.context import CancelToken

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the shared options say. ``trust`` and ``cache`` are those of commands that resolve images.

    ``cancel`` is set by Ctrl-C.
    """

    config: Path | None
    name: str
    context: str
    namespace: str
    output: str
    timeout: float | None
    disabled: tuple[str, ...]
    verbose: bool
    log_format: str
    color: bool
    trust: Path | None = None
    cache: bool = True
    cancel: CancelToken = field(default_factory=CancelToken)

    def deadline(self) -> dict[str, Any]:
        """The deadline as a keyword for ``Core``, when one was asked for."""
        return {"timeout": self.timeout} if self.timeout else {}
