"""All that can go wrong, as one tree.

SindriError                       code, message, hint, details            exit 1
├── UsageError                    a wrong argument                        exit 2
├── ConfigError                   issues, each with line and path         exit 2
├── PluginError                   plugin, distribution, hook              exit 3
│   ├── PluginNotFound            … what to install
│   ├── PluginImportError         … the module that is missing
│   ├── PluginIncompatible        … both API versions
│   └── PluginCrashed             … the hook, and the way out
├── ImageError                                                            exit 4
│   ├── BadReference              … what a reference looks like           exit 2
│   ├── ImageNotFound
│   ├── RegistryError             … the registry, and what it did
│   └── ImageRefused              … what was found, what is required
├── ClusterError                                                          exit 5
│   ├── ClusterUnreachable
│   ├── Unauthorized
│   ├── Forbidden                 … verbs, resources, the Role to ask for
│   ├── Conflict                  … field, its manager, both values
│   ├── Foreign                   … the object and its owner
│   ├── WrongCluster              … both identities
│   ├── PlanStale                 … what differs from the plan file
│   ├── NotReady                  … the finding
│   └── DeadlineExceeded          … what was being done
└── Interrupted                                                           exit 130

Every code has a page in ``docs/errors``. Messages and hints are complete sentences or commands for people; neither
may hold a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from sindri_core.types import Finding, Issue


class ExitCode(IntEnum):
    """What the process ends with."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    PLUGIN = 3
    IMAGE = 4
    CLUSTER = 5
    CHANGES = 6
    INTERRUPTED = 130


class SindriError(Exception):
    """Something went wrong that a person can understand.

    ``code`` is stable (``SND-IMG-004``), ``message`` says what was seen, ``hint`` what to type or change next,
    ``details`` are further lines as (label, text), such as ``("seen", "…")``.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, code: str, message: str, *, hint: str = "", details: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain data, for ``--output json``."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": [{"label": label, "text": text} for label, text in self.details],
        }


class UsageError(SindriError):
    """The command or the call makes no sense as it is."""

    exit_code = ExitCode.USAGE


class ConfigError(SindriError):
    """sindri.yaml cannot be used. ``issues`` holds every problem of every section."""

    exit_code = ExitCode.USAGE

    def __init__(self, code: str, message: str, *, hint: str = "", issues: Sequence[Issue] = ()) -> None:
        super().__init__(code, message, hint=hint)
        self.issues = tuple(issues)

    def to_dict(self) -> dict[str, Any]:
        """Return the error with its issues as plain data."""
        from dataclasses import asdict

        return super().to_dict() | {"issues": [asdict(issue) for issue in self.issues]}


class PluginError(SindriError):
    """A plugin cannot be used. ``plugin`` is its id, ``distribution`` what was installed, ``hook`` what was called."""

    exit_code = ExitCode.PLUGIN

    def __init__(  # noqa: PLR0913 - an error names all that identifies the plugin
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        plugin: str = "",
        distribution: str = "",
        hook: str = "",
        details: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(code, message, hint=hint, details=details)
        self.plugin = plugin
        self.distribution = distribution
        self.hook = hook

    def to_dict(self) -> dict[str, Any]:
        """Return the error with the plugin's names as plain data."""
        return super().to_dict() | {
            "plugin": self.plugin,
            "distribution": self.distribution,
            "hook": self.hook,
        }


class PluginNotFound(PluginError):
    """No installed plugin has this id or can do this."""


class PluginImportError(PluginError):
    """The plugin is installed but cannot be imported."""


class PluginIncompatible(PluginError):
    """The plugin was made for another version of the plugin API."""


class PluginCrashed(PluginError):
    """A hook raised something that is not a ``SindriError``; ``__cause__`` holds it."""


class ImageError(SindriError):
    """The image cannot be used."""

    exit_code = ExitCode.IMAGE


class BadReference(ImageError):
    """The text names no image: what was written is at fault, not the image."""

    exit_code = ExitCode.USAGE


class ImageNotFound(ImageError):
    """No image answers to the reference."""


class RegistryError(ImageError):
    """The registry does not answer, does not let us in, or answers with what cannot be trusted."""


class ImageRefused(ImageError):
    """The image does not satisfy what is required of it."""


class ClusterError(SindriError):
    """The cluster or the deployment in it."""

    exit_code = ExitCode.CLUSTER


class ClusterUnreachable(ClusterError):
    """Nothing that speaks the expected protocol answers."""


class Unauthorized(ClusterError):
    """The cluster does not know who we are, or the credentials expired."""


class Forbidden(ClusterError):
    """The cluster knows us and says no."""


class Conflict(ClusterError):
    """Another manager owns a field with another value."""


class Foreign(ClusterError):
    """An object of that name exists and is not ours."""


class WrongCluster(ClusterError):
    """The same name leads to another cluster than before."""


class PlanStale(ClusterError):
    """The world is no longer as the plan file says."""


class NotReady(ClusterError):
    """The environment does not start, and ``finding`` says why."""

    def __init__(self, code: str, message: str, *, hint: str = "", finding: Finding | None = None) -> None:
        super().__init__(code, message, hint=hint)
        self.finding = finding

    def to_dict(self) -> dict[str, Any]:
        """Return the error with its finding as plain data."""
        from dataclasses import asdict

        return super().to_dict() | {"finding": asdict(self.finding) if self.finding else None}


class DeadlineExceeded(ClusterError):
    """The run's time was over."""

    def __init__(self, doing: str, seconds: float) -> None:
        super().__init__(
            "SND-RUN-002",
            f"the time of {seconds:g} s was over while {doing}",
            hint="run the command again, it continues where it stopped; --timeout SECONDS gives it more time",
        )


class Interrupted(SindriError):
    """Somebody pressed Ctrl-C or cancelled the run."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__(
            "SND-RUN-001",
            "interrupted",
            hint="nothing is lost: run the same command again and it continues",
        )
