"""Connections from the Kubernetes client, made alike by each of its versions (35 to 37)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.unreachable import no_socks

if TYPE_CHECKING:
    from sindri_kubernetes.kubeconfig import Access
    from sindri_kubernetes.kubeconfig.material import TlsFiles


def manager(access: Access, files: TlsFiles) -> Any:
    """Return the pool manager of the Kubernetes client for this server. Nothing is connected yet."""
    if not access.verify:
        _accept_unverified()
    if access.proxy.startswith("socks"):
        return _through_socks(access, files)
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
    from urllib3.util import make_headers, parse_url

    configuration = Configuration(host=access.server)
    configuration.verify_ssl = access.verify
    configuration.ssl_ca_cert = files.ca
    configuration.cert_file = files.certificate
    configuration.key_file = files.key
    configuration.tls_server_name = access.tls_server_name or None
    configuration.proxy = access.proxy or None
    configuration.no_proxy = ""  # decided already, from the run's own environment
    configuration.retries = False
    if access.proxy and (user := parse_url(access.proxy).auth):
        configuration.proxy_headers = make_headers(proxy_basic_auth=user)
    made = RESTClientObject(configuration).pool_manager
    made.connection_pool_kw["ca_certs"] = files.ca  # 35 trusts certifi where none is named, not the machine as kubectl
    return made


def _through_socks(access: Access, files: TlsFiles) -> Any:
    """Only version 37 knows SOCKS. The proxy resolves names, as with kubectl: ours may not know the cluster's."""
    from importlib.util import find_spec

    if find_spec("socks") is None:
        raise no_socks(access)
    from urllib3.contrib.socks import SOCKSProxyManager

    return SOCKSProxyManager(
        access.proxy.replace("socks5://", "socks5h://", 1),
        cert_reqs="CERT_REQUIRED" if access.verify else "CERT_NONE",
        ca_certs=files.ca,
        cert_file=files.certificate,
        key_file=files.key,
        server_hostname=access.tls_server_name or None,
    )


def _accept_unverified() -> None:
    """Keep urllib3 from warning at each request of what the kubeconfig asks for in so many words."""
    import warnings

    from urllib3.exceptions import InsecureRequestWarning

    warnings.simplefilter("ignore", InsecureRequestWarning)
