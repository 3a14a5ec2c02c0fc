"""What the earlier program understood and this one does not, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping

_ELSEWHERE = "sindri deploys to Kubernetes: write provider: kubernetes (sindri plugins list shows what else is here)"
PROVIDERS: Mapping[str, str] = {
    **dict.fromkeys(("docker", "docker-compose", "fly", "devpod", "e2b", "runpod", "northflank"), _ELSEWHERE),
    **dict.fromkeys(
        ("aws", "gcp", "azure", "digitalocean"),
        "a cloud is reached through its cluster: write provider: kubernetes and name the kubeconfig's context in"
        " providers.kubernetes.context",
    ),
    "ssh": _ELSEWHERE,
    "kind": "kind clusters are reached by provider: kubernetes and providers.kubernetes.context: kind-NAME",
    "k3d": "k3d clusters are reached by provider: kubernetes and providers.kubernetes.context: k3d-NAME",
    "k8s": "write provider: kubernetes",
}
"""Values of ``deployment.provider``, unless a plugin of that id is installed."""

_SECTION = "remove it and write what is needed below providers.kubernetes (sindri plugins list shows what else is here)"
RETIRED: Mapping[tuple[str, ...], str] = {
    ("secrets",): "make a Secret and name it: providers.kubernetes.secrets: [my-secret]",
    **{("providers", name): _SECTION for name in PROVIDERS if name not in {"kind", "k3d", "k8s"}},
    ("providers", "kind"): "write providers.k8s.kind",
    ("providers", "k3d"): "write providers.k8s.k3d",
    ("providers", "kubernetes", "ingress"): (
        "no Ingress is made; forward a port instead: kubectl port-forward service/NAME 2222"
    ),
}
"""Paths of keys. A plugin that owns one of them takes it out of this list."""
