"""To which addresses a registry may send us: whoever answers must not make us ask machines that only we can reach."""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from sindri_core.errors import RegistryError

DEFAULT_PORTS = {"http": 80, "https": 443}
_METADATA = IPv4Address("168.63.129.16")
"""Where Azure's machines ask who they are: an address that looks public."""
_TRANSLATED = IPv6Network("64:ff9b:1::/48")
"""For translators of one network. Source: RFC 8215."""


def refused_address(message: str, hint: str = "") -> RegistryError:
    """Make the error about a place that a registry wants us to go to."""
    return RegistryError(
        "SND-IMG-012", message, hint=hint or "ask whoever runs the registry, or take the image from another one"
    )


def split(url: str, *, insecure: bool) -> SplitResult:
    """Take an address apart. Raises ``RegistryError`` unless it is plain HTTPS (or HTTP, where that is allowed)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused_address("the registry sends us to something that is no address") from None
    if not parts.hostname or any(c <= " " or c > "~" or c == "\\" for c in url):
        raise refused_address("the registry sends us to something that is no address")
    if parts.username is not None or parts.password is not None:
        raise refused_address(f"the registry sends us to {parts.hostname} with a name before the @")
    if parts.scheme != "https" and not (parts.scheme == "http" and insecure):
        raise refused_address(
            f"the registry sends us to {parts.hostname} by {parts.scheme or 'no scheme'}, where only https is safe"
        )
    if port == 0:
        raise refused_address("the registry sends us to port 0")
    return parts


def joined(base: str, location: str) -> str:
    """Complete an address that a registry names by where it was named. Raises ``RegistryError`` where it is none."""
    try:
        return urljoin(base, location)
    except ValueError:
        raise refused_address("the registry sends us to something that is no address") from None


def is_among(parts: SplitResult, hosts: Collection[str]) -> bool:
    """Whether an address lies at one of the hosts, each of which may have a port."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return not {host, f"{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"}.isdisjoint(map(str.lower, hosts))


def origin(parts: SplitResult) -> str:
    """Scheme, host and port in one spelling: what two addresses share that belong to one server."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def public(host: str, port: int) -> list[str]:
    """Look a host up, and return the addresses of it that everybody can reach.

    They are what is connected to, so that a second look-up cannot give others. Raises ``RegistryError`` when one of
    them is of this machine, of a private network or of no single machine; ``OSError`` when there are none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise refused_address(f"the registry sends us to {host[:80]}, which is no name of a host") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(ip_address(address.partition("%")[0])):
            raise refused_address(
                f"the registry sends us to {host}, which is {address}: an address that only this network can reach",
                f"if that is right, allow it: registries: {{REGISTRY: {{realm_hosts: [{host}]}}}}",
            )
    return addresses


def require_public_literal(host: str) -> None:
    """Raise ``RegistryError`` for a host that is a private address by itself, in any spelling that systems take.

    For what goes through a proxy, which looks names up on its own.
    """
    host = host.rstrip(".")
    try:
        address: IPv4Address | IPv6Address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            address = IPv4Address(socket.inet_aton(host))
        except OSError:
            if "." not in host or host.endswith((".localhost", ".local", ".internal")):
                raise refused_address(f"the registry sends us to {host}, a name of this network") from None
            return
    if not is_public(address):
        raise refused_address(f"the registry sends us to {host}: an address that only this network can reach")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet could reach the address; what wraps an IPv4 address counts as that."""
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if int(address) >> 32 in {0, 0x64FF9B << 64}:  # IPv4-compatible, and the prefix of translators
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast and address != _METADATA


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
