"""Image references by the grammar of the distribution project: ``[host[:port]/]path[:tag][@digest]``.

Source: the grammar of https://github.com/distribution/reference. The longest name is 255 characters, the
longest tag 128.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sindri_core.errors import BadReference

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[1-9][0-9]{{0,4}})?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PATH})(?::(?P<tag>[\w][\w.-]{{0,127}}))?(?:@(?P<digest>[^@]+))?",
    re.ASCII,
)
TAG = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_LONGEST_NAME = 255
_LARGEST_PORT = 65535
HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
_HUB_ALIASES = {HUB, "index.docker.io", _HUB_API, "registry.hub.docker.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference taken apart. ``host`` is empty for a short name, which the engine or registry default completes."""

    host: str = ""
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """Host and path, without tag and digest."""
        return f"{self.host}/{self.path}" if self.host else self.path

    @property
    def registry(self) -> str:
        """The registry's host in one spelling: ``docker.io`` for a short name and for each of Docker Hub's aliases."""
        return registry_name(self.host)

    @property
    def api_host(self) -> str:
        """The host that answers for the registry."""
        return _HUB_API if self.registry == HUB else self.host.lower()

    @property
    def api_path(self) -> str:
        """The repository's name at its registry: Docker Hub keeps one-part names below ``library``."""
        return f"library/{self.path}" if self.registry == HUB and "/" not in self.path else self.path

    @property
    def canonical(self) -> str:
        """The repository in one spelling, for comparing: ``docker.io/library/alpine``."""
        return f"{self.registry}/{self.api_path}"

    def __str__(self) -> str:
        """Write the reference as it goes into a manifest."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def registry_name(host: str) -> str:
    """Write a registry's host, with or without port, in one spelling; none means Docker Hub.

    The port that HTTPS has anyway is left out, so that no policy or login is missed because of it.
    """
    name = host.lower().removesuffix(":443")
    return HUB if not name or name in _HUB_ALIASES else name


def parse(text: str) -> Reference:
    """Take a reference apart. Raises ``BadReference`` ``SND-IMG-001`` for anything that the grammar does not allow."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise BadReference(
            "SND-IMG-001",
            f"{text!r} is not an image reference",
            hint="write it as ghcr.io/my-org/app:v1.0.0 or ghcr.io/my-org/app@sha256:… (lower-case name)",
        )
    host, path = match["host"] or "", match["path"]
    if host and not _is_host(host):
        host, path = "", f"{host}/{path}"
        if not re.fullmatch(_PATH, path):
            raise BadReference(
                "SND-IMG-001",
                f"{text!r} is not an image reference",
                hint="the name of an image is lower-case; a registry's host has a dot or a port",
            )
    digest = match["digest"] or ""
    if digest and not DIGEST.fullmatch(digest):
        raise BadReference(
            "SND-IMG-001",
            f"the digest in {text!r} is not sha256: and 64 lower-case hexadecimal digits",
            hint="copy it from the registry: crane digest IMAGE",
        )
    port = host.rpartition(":")[2] if host and not host.endswith("]") and ":" in host else ""
    if port and not 0 < int(port) <= _LARGEST_PORT:
        raise BadReference(
            "SND-IMG-001",
            f"{port} in {text!r} is no port",
            hint=f"a port is a number from 1 to {_LARGEST_PORT}: localhost:5000/app",
        )
    if host.startswith("[") and not _is_ipv6(host[1 : host.index("]")]):
        raise BadReference(
            "SND-IMG-001",
            f"{host} in {text!r} is no address",
            hint="an IPv6 address stands in brackets: [::1]:5000/app",
        )
    if len(f"{host}/{path}") > _LONGEST_NAME:
        raise BadReference(
            "SND-IMG-001",
            f"the image name {text[:60]!r}… is longer than {_LONGEST_NAME} characters",
            hint="shorten the name of the repository",
        )
    return Reference(host=host, path=path, tag=match["tag"] or "", digest=digest)


def _is_host(component: str) -> bool:
    """Tell a host from the first part of a path: it has a dot, a port or upper case, or is localhost."""
    return component == "localhost" or any(c in component for c in ".:[") or component != component.lower()


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
