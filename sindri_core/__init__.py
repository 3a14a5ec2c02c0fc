"""The core of sindri: hooks, pipeline and embedding API. Importing it imports nothing else."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would double the time of ``sindri --version``

__version__ = "0.1.0"

_MODULE_OF = {
    "Core": "core",
    "CancelToken": "context",
    "Context": "context",
    "Deadline": "context",
    "HookSpecs": "hookspecs",
    "PLUGIN_API": "hookspecs",
    "hookimpl": "hookspecs",
    **dict.fromkeys(("ClusterProvisioner", "Connection", "SecretSource", "Target"), "interfaces"),
}

if TYPE_CHECKING:
    from typing import Any

    from sindri_core.context import CancelToken, Context, Deadline
    from sindri_core.core import Core
    from sindri_core.hookspecs import PLUGIN_API, HookSpecs, hookimpl
    from sindri_core.interfaces import ClusterProvisioner, Connection, SecretSource, Target

__all__ = [
    "PLUGIN_API",
    "CancelToken",
    "ClusterProvisioner",
    "Connection",
    "Context",
    "Core",
    "Deadline",
    "HookSpecs",
    "SecretSource",
    "Target",
    "__version__",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if module := _MODULE_OF.get(name):
        from importlib import import_module

        return getattr(import_module(f"sindri_core.{module}"), name)
    message = f"module 'sindri_core' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
