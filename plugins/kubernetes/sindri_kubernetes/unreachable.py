"""What goes wrong below HTTP, in words for people. Nothing here repeats a header or a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, ClusterUnreachable

if TYPE_CHECKING:
    from sindri_kubernetes.kubeconfig import Access

_OTHER_CLUSTERS = "kubectl config get-contexts   lists other clusters"
_COMPARE = "compare the address with kubectl config view --minify"
_SHOWN = 300
_NO_HTTP = ("BadStatusLine", "LineTooLong", "UnknownProtocol")
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
_BROKEN_OFF = "it broke the connection off before both sides had agreed on keys"
_BETWEEN = "does a firewall stand between, or a load balancer without a server behind it?"
_TLS = (
    (
        "CERTIFICATE_HAS_EXPIRED",
        "its certificate has expired",
        "renew the cluster's certificates; is your clock right?",
    ),
    (
        "IP ADDRESS MISMATCH",
        "its certificate is for another address",
        "tls-server-name in the kubeconfig names another",
    ),
    ("HOSTNAME MISMATCH", "its certificate is for another name", "tls-server-name in the kubeconfig names another"),
    ("CERTIFICATE_REQUIRED", "it wants a client certificate", "log in again: the kubeconfig has none for this server"),
    ("UNEXPECTED EOF", _BROKEN_OFF, _BETWEEN),
    ("EOF OCCURRED", _BROKEN_OFF, _BETWEEN),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its certificate is not signed by the authority in the kubeconfig",
        "was the cluster made anew? renew the kubeconfig where the cluster came from",
    ),
)


def unreachable(error: Exception, access: Access) -> ClusterError:
    """Make the error for what the HTTP library raised."""
    from urllib3 import exceptions

    where, seen = f"{access.server} (context {access.context})", _sentence(error)
    if isinstance(error, exceptions.ReadTimeoutError | TimeoutError):
        return ClusterUnreachable(
            "SND-K8S-008",
            f"{where} accepts connections and does not answer in time",
            hint="is the cluster overloaded or stopped? kubectl get --raw /readyz   asks it directly",
        )
    if isinstance(error, exceptions.SSLError):
        return _tls(where, seen)
    if any(word in seen for word in _NO_HTTP):
        return ClusterUnreachable("SND-K8S-009", f"{where} does not speak HTTP", hint=_COMPARE)
    what, hint = _connection(error, where)
    return ClusterUnreachable("SND-K8S-001", what, hint=hint, details=[("seen", seen)])


def _connection(error: Exception, where: str) -> tuple[str, str]:
    """Say what became of the connection, and what to do."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.ProxyError):
        return f"the proxy before {where} cannot be used", "check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY"
    if isinstance(error, exceptions.NameResolutionError):
        return f"the name of {where} is not known", f"is a VPN needed, or the name misspelt? {_OTHER_CLUSTERS}"
    if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError):
        return f"{where} cannot be reached", f"is the cluster running, or a VPN needed? {_OTHER_CLUSTERS}"
    hint = "run the command again, it continues where it stopped; is the cluster being restarted?"
    return f"{where} broke the connection", hint


def too_large(access: Access, limit: int) -> ClusterError:
    """Make the error for an answer that nobody can have meant."""
    return ClusterUnreachable(
        "SND-K8S-009",
        f"{access.server} (context {access.context}) sends more than {limit >> 20} MiB: no API server answers so",
        hint=_COMPARE,
    )


def no_socks(access: Access) -> ClusterError:
    """Make the error for a SOCKS proxy without the package that speaks to one."""
    return ClusterError(
        "SND-K8S-005",
        f"the context {access.context!r} goes through a SOCKS proxy, and the package PySocks is not installed",
        hint="python -m pip install PySocks",
    )


def _tls(where: str, seen: str) -> ClusterError:
    words = seen.upper().replace(" ", "_")
    if any(word in words for word in _NO_TLS):
        return ClusterUnreachable(
            "SND-K8S-009",
            f"{where} does not speak TLS: is it an HTTP server or a proxy?",
            hint=_COMPARE,
            details=[("seen", seen)],
        )
    found = next(((why, fix) for word, why, fix in _TLS if word.replace(" ", "_") in words), None)
    why, fix = found or ("the handshake failed", "kubectl cluster-info   shows whether kubectl gets through")
    return ClusterUnreachable(
        "SND-K8S-002", f"the TLS connection to {where} fails: {why}", hint=fix, details=[("seen", seen)]
    )


def _sentence(error: Exception) -> str:
    """The library's words without the address of its object, and without what a stranger sent instead of HTTP."""
    from http.client import BadStatusLine

    cause = next((part for part in error.args if isinstance(part, BadStatusLine)), None)
    if cause is not None:
        return type(cause).__name__
    return str(error).rpartition(">: ")[2][:_SHOWN]
