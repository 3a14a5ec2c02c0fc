"""Where the environment goes: context, namespace and server, resolved once by kubectl's rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, UsageError
from sindri_core.types import Body, Destination
from sindri_kubernetes.settings import KubernetesSettings

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import ReadRequest

PROVIDER = "kubernetes"
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def locate(ctx: Context) -> Destination:
    """Resolve the destination. Uses no network; offline not even a kubeconfig is needed."""
    settings = KubernetesSettings.of(ctx)
    context = ctx.context or settings.context
    namespace = ctx.namespace or settings.namespace
    from sindri_kubernetes import kubeconfig

    try:
        access = kubeconfig.resolve(ctx.environ, context=context, namespace=namespace)
    except ClusterError:
        if not ctx.offline:
            raise
        return Destination(provider=PROVIDER, context=context, namespace=_checked(namespace or "default"))
    _checked(access.namespace)
    return Destination(
        provider=PROVIDER,
        context=access.context,
        namespace=access.namespace,
        server=access.server,
        handle=access,
    )


def _checked(namespace: str) -> str:
    """Raise ``UsageError`` for what can be no namespace, wherever it comes from: it becomes part of addresses."""
    if NAMESPACE.fullmatch(namespace):
        return namespace
    raise UsageError(
        "SND-USE-004",
        f"{namespace!r} can be no namespace: at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
        hint="--namespace NAME, or providers.kubernetes.namespace in sindri.yaml",
    )


def read(ctx: Context, request: ReadRequest) -> Body:
    """Read one document by its path."""
    from sindri_kubernetes.client import connected

    with connected(ctx, request.destination) as api:
        found = api.get(request.path)
    if found is None:
        raise ClusterError("SND-K8S-010", f"the server has no {request.path}", hint=f"kubectl get --raw {request.path}")
    return found
