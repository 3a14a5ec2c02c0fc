"""All environments of ours, by their inventories."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_core.errors import Forbidden
from sindri_kubernetes import observe, resources, snapshot
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import label, metadata

if TYPE_CHECKING:
    from sindri_core.types import Destination, Status
    from sindri_kubernetes.api import Api

PARALLEL = 6
LABELS = f"{names.MANAGED_BY}=sindri,{names.INVENTORY_LABEL}=true"


def environments(api: Api, destination: Destination, cluster: str) -> tuple[Status, ...]:
    """List them in every namespace; where that is forbidden, in the destination's own."""
    try:
        found = api.list(resources.path("ConfigMap"), labels=LABELS)
    except Forbidden:
        found = api.list(resources.path("ConfigMap", namespace=destination.namespace), labels=LABELS)
    places = sorted((str(metadata(item)["namespace"]), label(item, names.INSTANCE)) for item in found)

    def look(place: tuple[str, str]) -> Status:
        namespace, name = place
        here = replace(destination, namespace=namespace)
        return observe.status(snapshot.take(api, namespace, name), here, cluster=cluster)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return tuple(pool.map(look, places))
