"""A client of registries as a run makes it, for tests that ask one directly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.context import CancelToken, Deadline
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.reference import Reference, parse
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from registry import Registry

    from sindri_core.events import Event


def client(
    *registries: Registry,
    environ: Mapping[str, str] | None = None,
    cache_dir: Path | None = None,
    seconds: float = 20.0,
    cancel: CancelToken | None = None,
    emit: Callable[[Event], None] = lambda _: None,
    **settings: Any,
) -> RegistryClient:
    """A client that may speak plain HTTP to these registries; keywords go into their settings."""
    known = {r.host: RegistrySettings(host=r.host, **{"insecure": True, **settings}) for r in registries}
    return RegistryClient(
        registries=known,
        environ=environ or {},
        deadline=Deadline(seconds),
        cancel=cancel or CancelToken(),
        emit=emit,
        cache_dir=cache_dir,
    )


def in_it(registry: Registry, rest: str) -> Reference:
    """A reference in this registry."""
    return parse(f"{registry.host}/{rest}")


def cancelled_when(ready: threading.Event, cancel: CancelToken) -> None:
    """Cancel the run as soon as the registry was asked."""

    def wait() -> None:
        ready.wait(10)
        cancel.set()

    threading.Thread(target=wait, daemon=True).start()
