"""From the environment and the user's wishes to one way into one cluster."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sindri_core.errors import ClusterError
from sindri_kubernetes.kubeconfig import proxy
from sindri_kubernetes.kubeconfig.access import Access
from sindri_kubernetes.kubeconfig.material import CA, CERTIFICATE, KEY
from sindri_kubernetes.kubeconfig.merge import Merged, files_of, merge
from sindri_kubernetes.kubeconfig.plugin import VERSIONS, ExecPlugin

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_AUTHORITY = ("certificate-authority", "certificate-authority-data")
_MODES = ("Never", "IfAvailable", "Always")


def resolve(
    environ: Mapping[str, str], *, context: str = "", namespace: str = "", service_account: Path = SERVICE_ACCOUNT
) -> Access:
    """Choose context, cluster, user and namespace as kubectl does. Uses no network and runs nothing.

    ``service_account`` is where a pod finds its own credentials. Raises ``ClusterError``: ``SND-K8S-005`` for what
    cannot be used, ``SND-K8S-006`` when the context is not there.
    """
    files = files_of(environ)
    merged = merge(files)
    chosen = context or merged.current
    if not chosen and not merged.clusters and _in_a_pod(environ, service_account):
        return _of_the_pod(environ, namespace, service_account)
    if chosen not in merged.contexts:
        raise _no_context(chosen, merged, files)
    entry = merged.contexts[chosen]
    cluster_name, user_name = entry.get("cluster") or "", entry.get("user") or ""
    cluster = merged.clusters.get(cluster_name)
    if cluster is None:
        raise _missing(chosen, "cluster", cluster_name, merged.clusters)
    user: Mapping[str, Any] | None = merged.users.get(user_name) if user_name else {}
    if user is None:
        raise _missing(chosen, "user", user_name, merged.users)
    server = _server(chosen, cluster)
    _check(chosen, cluster, user)
    plugin = user.get("exec")
    return Access(
        context=chosen,
        cluster=cluster_name,
        namespace=namespace or entry.get("namespace") or _namespace_of_the_pod(environ, service_account) or "default",
        server=server,
        kubeconfig_files=tuple(merged.files),
        proxy=proxy.choose(server, cluster.get("proxy-url") or "", environ),
        cluster_entry=cluster,
        user_entry=user,
        plugin=ExecPlugin(chosen, plugin, cluster, environ) if plugin else None,
    )


def _server(context: str, cluster: Mapping[str, Any]) -> str:
    """The address. Without a scheme it is HTTP, where kubectl sends no credentials and neither do we."""
    server = (cluster.get("server") or "").rstrip("/")
    if server and "://" not in server and "/" not in server:
        server = f"http://{server}"
    try:
        parts = urlsplit(server)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, valid = urlsplit(""), False
    if not valid or parts.username is not None or parts.query or parts.fragment or not server.isprintable():
        what = "its server is no address such as https://host:6443" if server else "its cluster has no server"
        raise _unusable(context, what)
    return server


def _check(context: str, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> None:
    """Refuse what kubectl refuses: combinations where a guess could connect with less safety or as somebody else."""
    for entry, name in ((cluster, CA), (user, CERTIFICATE), (user, KEY)):
        if entry.get(name) and entry.get(f"{name}-data"):
            raise _unusable(context, f"{name} and {name}-data exclude each other")
    if cluster.get("insecure-skip-tls-verify") and any(cluster.get(name) for name in _AUTHORITY):
        raise _unusable(context, "insecure-skip-tls-verify and a certificate authority exclude each other")
    if user.get("token") and (user.get("username") or user.get("password")):
        raise _unusable(context, "its user has a token and a password: only one is allowed")
    if any(user.get(name) for name in ("as-uid", "as-groups", "as-user-extra")) and not user.get("as"):
        raise _unusable(context, "its user has as-uid, as-groups or as-user-extra, and no as")
    if user.get("auth-provider"):
        hint = "use the credential plugin (exec) of your provider; kubectl dropped most auth-providers with 1.26"
        raise _unusable(context, "its user logs in with an auth-provider, which sindri does not know", hint)
    if user.get("exec"):
        _check_plugin(context, user["exec"])


def _check_plugin(context: str, plugin: Mapping[str, Any]) -> None:
    if not plugin.get("command"):
        raise _unusable(context, "exec of its user names no command")
    if plugin.get("apiVersion") not in VERSIONS:
        hint = f"renew the kubeconfig with your provider's tool; sindri knows {' and '.join(VERSIONS)}"
        raise _unusable(context, f"exec of its user has the apiVersion {plugin.get('apiVersion')!r}", hint)
    mode = plugin.get("interactiveMode") or ("IfAvailable" if plugin["apiVersion"].endswith("beta1") else "")
    if mode not in _MODES:
        hint = "write interactiveMode: IfAvailable there, or renew the kubeconfig with your provider's tool"
        raise _unusable(context, f"exec of its user has no interactiveMode of {', '.join(_MODES)}", hint)
    if any(not variable.get("name") for variable in plugin.get("env") or ()):
        raise _unusable(context, "exec of its user has an env entry without a name")


def _in_a_pod(environ: Mapping[str, str], account: Path) -> bool:
    named = environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT")
    return bool(named) and (account / "token").is_file()


def _namespace_of_the_pod(environ: Mapping[str, str], account: Path) -> str:
    """Where the pod that we run in lives, which kubectl takes for a context that names no namespace."""
    if not _in_a_pod(environ, account):
        return ""
    own = account / "namespace"
    return environ.get("POD_NAMESPACE") or (own.read_text(encoding="utf-8").strip() if own.is_file() else "")


def _of_the_pod(environ: Mapping[str, str], namespace: str, account: Path) -> Access:
    """The service account of the pod that we run in."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    return Access(
        context="in-cluster",
        cluster="in-cluster",
        namespace=namespace or _namespace_of_the_pod(environ, account) or "default",
        server=server,
        proxy=proxy.choose(server, "", environ),
        cluster_entry={"certificate-authority": str(account / "ca.crt")},
        user_entry={"tokenFile": str(account / "token")},
    )


def _no_context(chosen: str, merged: Merged, files: list[Path]) -> ClusterError:
    if not merged.contexts:
        where = ", ".join(map(str, files)) or "neither KUBECONFIG nor HOME is set"
        return ClusterError(
            "SND-K8S-006",
            f"there is no context {chosen!r}: no cluster is configured" if chosen else "no cluster is configured",
            hint="set KUBECONFIG, or make a local cluster: kind create cluster --name sindri-local",
            details=[("looked in", where)],
        )
    known = sorted(merged.contexts)
    close = difflib.get_close_matches(chosen, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return ClusterError(
        "SND-K8S-006",
        f"there is no context {chosen!r} in the kubeconfig" if chosen else "the kubeconfig has no current context",
        hint=f"{meant}kubectl config get-contexts   lists them; choose one with --context NAME",
        details=[("known", ", ".join(known)), ("read", ", ".join(map(str, merged.files)))],
    )


def _missing(context: str, kind: str, name: str, known: Mapping[str, Any]) -> ClusterError:
    return ClusterError(
        "SND-K8S-005",
        f"the context {context!r} names the {kind} {name!r}, and the kubeconfig has no such {kind}",
        hint="kubectl config view   shows what is there; kubectl config get-contexts   lists other contexts",
        details=[("known", ", ".join(sorted(known)) or "none")],
    )


def _unusable(context: str, what: str, hint: str = "kubectl config view --minify   shows the entry") -> ClusterError:
    return ClusterError("SND-K8S-005", f"the context {context!r} of the kubeconfig cannot be used: {what}", hint=hint)
