"""Which proxy stands between us and the server, by the rules that kubectl has from Go's HTTP library.

``proxy-url`` of the cluster decides; else the environment does, except for servers on this machine.
Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy .
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sindri_core.errors import ClusterError

SCHEMES = ("http", "https", "socks5", "socks5h")
_PORTS = {"http": 80, "https": 443}


def choose(server: str, configured: str, environ: Mapping[str, str]) -> str:
    """Return the proxy's address, or empty for none. Raises ``ClusterError`` for one that is no address."""
    proxy = configured or _of_environment(server, environ)
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


def _of_environment(server: str, environ: Mapping[str, str]) -> str:
    parts = urlsplit(server)
    names = (f"{parts.scheme.upper()}_PROXY", f"{parts.scheme}_proxy")
    proxy = next((environ[name] for name in names if environ.get(name)), "")
    skipped = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    if not proxy or _bypassed(host, port, skipped):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _bypassed(host: str, port: int, skipped: str) -> bool:
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if host == "localhost" or (address and address.is_loopback):
        return True
    rules = [rule.strip().lower() for rule in skipped.split(",") if rule.strip()]
    return any(rule == "*" or _matches(rule, host, port, is_address=address is not None) for rule in rules)


def _matches(rule: str, host: str, port: int, *, is_address: bool) -> bool:
    from ipaddress import ip_address, ip_network

    if is_address and "/" in rule:
        try:
            return ip_address(host) in ip_network(rule, strict=False)
        except ValueError:
            return False
    name, colon, number = rule.rpartition(":")
    if colon and number.isdecimal() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*")
    if is_address:
        return rule == host
    return host.endswith(rule) if rule.startswith(".") else host == rule or host.endswith(f".{rule}")
