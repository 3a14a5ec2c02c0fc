"""Is it a cluster of kind? By what its nodes say; by the context's name alone only where they cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError
from sindri_core.types import ClusterCandidate

if TYPE_CHECKING:
    from sindri_core.requests import DetectRequest

PREFIX = "kind-"
PROVIDER_ID = "kind://"
NODES = "/api/v1/nodes?limit=500"
SAID, NAMED = 100, 50


def detect(request: DetectRequest) -> tuple[ClusterCandidate, ...]:
    """Return the cluster, or nothing. A context that only looks like one of kind is none when the nodes deny it."""
    context = request.destination.context
    ids = _provider_ids(request)
    ours = next((text for text in ids or () if text.startswith(PROVIDER_ID)), "")
    if ours:
        place = ours.rpartition("/")[0]
        return (_candidate(_cluster(ours), SAID, f"node provider id {place}"),)
    if ids is None and context.startswith(PREFIX):
        return (_candidate(context.removeprefix(PREFIX), NAMED, f"context name {context}"),)
    return ()


def _candidate(name: str, rank: int, evidence: str) -> ClusterCandidate:
    return ClusterCandidate(kind="kind", name=name, rank=rank, evidence=(evidence,), local=True)


def _provider_ids(request: DetectRequest) -> list[str] | None:
    """What the nodes say where they come from; None where nobody may ask them."""
    if request.api is None:
        return None
    try:
        nodes = request.api(NODES).get("items") or ()
    except ClusterError:
        return None
    return [str((node.get("spec") or {}).get("providerID", "")) for node in nodes]


def _cluster(provider_id: str) -> str:
    """The cluster's name in ``kind://docker/CLUSTER/NODE``."""
    parts = provider_id.removeprefix(PROVIDER_ID).split("/")
    return parts[1] if len(parts) > 1 else parts[0]
