"""Which proxy the environment puts between us and a server, by the rules of Go's HTTP library, which kubectl has too.

There is none for servers on this machine. Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy .
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def of_environment(server: str, environ: Mapping[str, str]) -> str:
    """Return the address of the proxy that the environment names for a server; empty for none."""
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
