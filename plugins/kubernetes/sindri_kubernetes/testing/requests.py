"""A request, read: which verb on which kind and object, and with what options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from sindri_kubernetes.testing import answers
from sindri_kubernetes.testing.kinds import BY_ADDRESS, BY_NAME

if TYPE_CHECKING:
    from sindri_kubernetes.testing.kinds import Kind

VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    content_type: str = ""
    agent: str = ""

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be kept."""
        return self.query.get("dryRun") == "All"

    @property
    def manager(self) -> str:
        """Who writes: the field manager, else the program's name as the real server takes it."""
        return self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is about. ``name`` is empty for a collection."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def read(method: str, url: str, body: bytes, content_type: str, agent: str) -> Request:
    """Take a request apart."""
    split = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(split.query, keep_blank_values=True).items()}
    kind = content_type.partition(";")[0].strip()
    return Request(method=method, path=unquote(split.path), query=query, body=body, content_type=kind, agent=agent)


def target(path: str) -> Target:
    """Find out what a path is about. Raises ``Refused`` with 501 for kinds that are not modelled."""
    parts = path.strip("/").split("/")
    depth = 2 if parts[0] == "api" else 3
    root, rest = "/" + "/".join(parts[:depth]), parts[depth:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and (root, rest[2]) in BY_ADDRESS:  # noqa: PLR2004 - two names
        namespace, rest = rest[1], rest[2:]
    kind = BY_ADDRESS.get((root, rest[0])) if rest else None
    if kind is None:
        raise answers.not_modelled(path)
    name, subresource, *more = [*rest[1:], "", ""]
    if any(more) or (subresource and subresource not in kind.subresources):
        raise answers.not_modelled(path)
    if kind is BY_NAME["Namespace"] and namespace:
        raise answers.not_modelled(path)
    return Target(kind=kind, namespace=namespace, name=name, subresource=subresource)
