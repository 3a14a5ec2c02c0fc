"""Which proxy stands between us and the server: ``proxy-url`` of the cluster decides, else the environment does."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sindri_core.errors import ClusterError
from sindri_core.oci.proxies import of_environment

SCHEMES = ("http", "https", "socks5", "socks5h")


def choose(server: str, configured: str, environ: Mapping[str, str]) -> str:
    """Return the proxy's address, or empty for none. Raises ``ClusterError`` for one that is no address."""
    proxy = configured or of_environment(server, environ)
    if not proxy:
        return ""
    try:
        parts = urlsplit(proxy)
        valid = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        where = "proxy-url of the cluster" if configured else "the proxy of the environment"
        raise ClusterError(
            "SND-K8S-005",
            f"{where} is not an address of a proxy",
            hint=f"write it as http://host:port; allowed are {', '.join(SCHEMES)}",
        )
    return proxy
