"""What a run tells while it is going on. Observers see every event in order and can neither change nor stop the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sindri_core.types import Issue, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step of the pipeline began (``resolve``, ``apply`` …)."""

    step: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step ended well. ``seconds`` is how long it took."""

    step: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """A step ended with an error, which is raised as well."""

    step: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a step is. ``total`` is 0 when the end is not known; ``unit`` is what is counted (``bytes``)."""

    step: str
    message: str
    done: int = 0
    total: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """The environment is in another state or step than before."""

    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that does not stop the run but that people should know."""

    issue: Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFailed:
    """A hook of an isolated call failed; the others count."""

    plugin: str
    hook: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRejected:
    """An installed plugin was not loaded, with the reason."""

    plugin: str
    distribution: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSent:
    """A request to a server was answered (or not: ``status`` 0). Holds neither headers nor bodies."""

    method: str
    url: str
    status: int
    seconds: float


Event: TypeAlias = (
    StepStarted
    | StepFinished
    | StepFailed
    | Progress
    | StatusChanged
    | Warned
    | HookFailed
    | PluginRejected
    | RequestSent
)
