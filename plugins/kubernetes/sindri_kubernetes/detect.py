"""What kind of cluster is it? By what the API says where it may be asked, by names otherwise; always with evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError
from sindri_core.types import Body, ClusterCandidate

if TYPE_CHECKING:
    from sindri_core.requests import DetectRequest

SAID, NAMED, GUESSED = 100, 50, 10

PREFIXES = {"kind-": "kind", "k3d-": "k3d"}
PROVIDER_IDS = {"kind": "kind", "k3s": "k3s", "aws": "eks", "gce": "gke", "azure": "aks"}
VERSIONS = {"-eks-": "eks", "-gke.": "gke", "+k3s": "k3s"}
NODE_LABELS = {
    "eks.amazonaws.com/nodegroup": "eks",
    "cloud.google.com/gke-nodepool": "gke",
    "kubernetes.azure.com/cluster": "aks",
    "minikube.k8s.io/name": "minikube",
}
NODES = "/api/v1/nodes?limit=500"


def detect(request: DetectRequest) -> tuple[ClusterCandidate, ...]:
    """Return the cluster's kind as far as it can be told. An API that does not answer leaves the names."""
    context = request.destination.context
    version, nodes = _ask(request)
    facts = _facts(context, version, nodes)
    git_version = str(version.get("gitVersion", "")) if version else ""
    count = len(nodes) if nodes is not None else None
    kinds = facts or {"kubernetes": (GUESSED, ())}
    return tuple(
        ClusterCandidate(
            kind=kind,
            name=re.sub(r"^(kind|k3d)-", "", context) if kind in {"kind", "k3d"} else context,
            rank=rank,
            evidence=evidence,
            version=git_version,
            nodes=count,
            platforms=_platforms(nodes or ()),
        )
        for kind, (rank, evidence) in kinds.items()
    )


def _platforms(nodes: Sequence[Body]) -> tuple[str, ...]:
    """What the nodes run: ``linux/amd64``."""
    infos = [(node.get("status") or {}).get("nodeInfo") or {} for node in nodes]
    return tuple(sorted({f"{i['operatingSystem']}/{i['architecture']}" for i in infos if _says_both(i)}))


def _says_both(info: Mapping[str, object]) -> bool:
    return bool(info.get("operatingSystem") and info.get("architecture"))


def _ask(request: DetectRequest) -> tuple[Body | None, list[Body] | None]:
    """Read the version and the nodes; either may be forbidden, and why nothing answers is for the target to say."""
    if request.api is None:
        return None, None
    try:
        version = request.api("/version")
    except ClusterError:
        return None, None
    try:
        nodes = list(request.api(NODES).get("items") or ())
    except ClusterError:
        nodes = None
    return version, nodes


def _facts(context: str, version: Body | None, nodes: list[Body] | None) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Collect the evidence for each kind; the strongest decides its rank."""
    found: dict[str, list[tuple[int, str]]] = {}

    def say(kind: str, rank: int, evidence: str) -> None:
        found.setdefault(kind, []).append((rank, evidence))

    for prefix, kind in PREFIXES.items():
        if context.startswith(prefix):
            say(kind, NAMED, f"context name {context}")
    for part, kind in VERSIONS.items():
        if version and part in str(version.get("gitVersion", "")):
            say(kind, SAID, f"server version {version['gitVersion']}")
    if nodes:
        _look_at(nodes[0], say)
    if "k3d" in found and "k3s" in found:  # k3d runs k3s: the API's word counts for both
        found["k3d"] += found.pop("k3s")
    return {
        kind: (max(rank for rank, _ in said), tuple(dict.fromkeys(text for _, text in said)))
        for kind, said in found.items()
    }


def _look_at(node: Body, say: Callable[[str, int, str], None]) -> None:
    scheme, _, rest = str((node.get("spec") or {}).get("providerID", "")).partition("://")
    if rest and scheme in PROVIDER_IDS:
        say(PROVIDER_IDS[scheme], SAID, f"node provider id {scheme}://{rest.rsplit('/', 1)[0]}")
    labels: Mapping[str, str] = (node.get("metadata") or {}).get("labels") or {}
    for key, kind in NODE_LABELS.items():
        if key in labels:
            say(kind, SAID, f"node label {key}")
