"""From the environment and the user's wishes to one way into one cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sindri_core.errors import ClusterError
from sindri_kubernetes.kubeconfig.access import Access
from sindri_kubernetes.kubeconfig.merge import Merged, files_of, merge
from sindri_kubernetes.kubeconfig.plugin import ExecPlugin

IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def resolve(environ: Mapping[str, str], *, context: str = "", namespace: str = "") -> Access:
    """Choose context, cluster, user and namespace as kubectl does. Uses no network.

    Raises ``ClusterError``: ``SND-K8S-005`` for a broken file, ``SND-K8S-006`` when the context is not there.
    """
    files = files_of(environ)
    merged = merge(files)
    chosen = context or merged.current
    if not chosen and not merged.clusters and environ.get("KUBERNETES_SERVICE_HOST") and IN_CLUSTER.is_dir():
        return _in_cluster(environ, namespace)
    if chosen not in merged.contexts:
        raise _no_context(chosen, merged, files)
    entry = merged.contexts[chosen]
    cluster_name, user_name = str(entry.get("cluster") or ""), str(entry.get("user") or "")
    cluster = merged.clusters.get(cluster_name)
    if not cluster or not cluster.get("server"):
        raise _missing(chosen, f"cluster {cluster_name!r} with a server")
    user = merged.users.get(user_name) if user_name else {}
    if user is None:
        raise _missing(chosen, f"user {user_name!r}")
    return Access(
        context=chosen,
        cluster=cluster_name,
        namespace=namespace or str(entry.get("namespace") or "") or "default",
        server=str(cluster["server"]).rstrip("/"),
        kubeconfig_files=tuple(merged.files),
        cluster_entry=cluster,
        user_entry=user,
        plugin=_plugin(chosen, user, cluster, environ),
    )


def _plugin(
    context: str, user: Mapping[str, Any], cluster: Mapping[str, Any], environ: Mapping[str, str]
) -> ExecPlugin | None:
    entry = user.get("exec")
    return ExecPlugin(context, entry, cluster, environ) if isinstance(entry, dict) else None


def _in_cluster(environ: Mapping[str, str], namespace: str) -> Access:
    """The service account of the pod that we run in."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    own = IN_CLUSTER / "namespace"
    return Access(
        context="in-cluster",
        cluster="in-cluster",
        namespace=namespace or (own.read_text(encoding="utf-8").strip() if own.exists() else "") or "default",
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        cluster_entry={"certificate-authority": str(IN_CLUSTER / "ca.crt")},
        user_entry={"tokenFile": str(IN_CLUSTER / "token")},
    )


def _no_context(chosen: str, merged: Merged, files: list[Path]) -> ClusterError:
    known = ", ".join(sorted(merged.contexts))
    if not merged.contexts:
        where = ", ".join(map(str, files)) or "KUBECONFIG and HOME are not set"
        return ClusterError(
            "SND-K8S-006",
            f"no cluster is configured ({where})",
            hint="set KUBECONFIG, or make a local cluster: kind create cluster --name sindri-local",
        )
    return ClusterError(
        "SND-K8S-006",
        f"there is no context {chosen!r} in the kubeconfig" if chosen else "the kubeconfig has no current context",
        hint="kubectl config use-context NAME, or --context NAME",
        details=[("known", known)],
    )


def _missing(context: str, what: str) -> ClusterError:
    return ClusterError(
        "SND-K8S-005",
        f"the context {context!r} names the {what}, and there is none",
        hint="kubectl config view   shows what is there",
    )
