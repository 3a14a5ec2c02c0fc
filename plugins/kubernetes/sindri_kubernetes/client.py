"""The connection to the API server that belongs to a destination."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sindri_core.errors import UsageError

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.types import Destination
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.kubeconfig import Access


def access_of(destination: Destination) -> Access:
    """Return what ``locate`` resolved. Raises ``UsageError`` for a destination that somebody else made."""
    from sindri_kubernetes.kubeconfig import Access

    if not isinstance(destination.handle, Access):
        raise UsageError(
            "SND-USE-010",
            "the destination was located without a kubeconfig, so nothing can be asked there",
            hint="run it again without --offline",
        )
    return destination.handle


def connect(ctx: Context, destination: Destination, on_warning: Callable[[str], None] | None = None) -> Api:
    """Open a connection within the run's deadline."""
    from sindri_kubernetes import __version__
    from sindri_kubernetes.api import Api

    return Api(
        access_of(destination),
        deadline=ctx.deadline,
        cancel=ctx.cancel,
        emit=ctx.emit,
        user_agent=f"sindri/{__version__}",
        on_warning=on_warning,
    )


@contextmanager
def connected(ctx: Context, destination: Destination) -> Iterator[Api]:
    """Open a connection and close it, whatever happens."""
    api = connect(ctx, destination)
    try:
        yield api
    finally:
        api.close()
