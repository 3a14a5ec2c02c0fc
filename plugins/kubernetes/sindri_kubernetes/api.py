"""The Kubernetes API as far as we use it: plain JSON in, plain JSON out, one way to write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from sindri_kubernetes.failures import (
    GONE,
    NOT_FOUND,
    OK,
    REDIRECT,
    TOO_MANY,
    ApiFailure,
    ApiUnauthorized,
    NoApi,
    failure,
    not_kubernetes,
)
from sindri_kubernetes.resources import serialise
from sindri_kubernetes.transport import Transport

if TYPE_CHECKING:
    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_kubernetes.failures import Refusal
    from sindri_kubernetes.kubeconfig import Access

Objects: TypeAlias = list[dict[str, Any]]
MANAGER = "sindri"
PAGE = 500


class Api:
    """One connection to one cluster. Thread-safe; ``close`` it."""

    def __init__(  # noqa: PLR0913 - what a run hands to everything that works for it
        self,
        access: Access,
        *,
        deadline: Deadline,
        cancel: CancelToken,
        emit: Callable[[Event], None],
        user_agent: str,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self._transport = Transport(access, deadline=deadline, cancel=cancel, emit=emit, user_agent=user_agent)
        self._server = access.server
        self._on_warning = on_warning
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time on the server's clock, by its last answer: the times in objects are that clock's."""
        return datetime.now(UTC) + self._ahead

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None when there is none. Raises ``ClusterError``."""
        return self._json("GET", path, absent=True)

    def list(self, path: str, *, labels: str = "", fields: str = "", limit: int = 0) -> list[dict[str, Any]]:
        """Return the objects of a collection, page by page; at most ``limit`` when it is given.

        A collection that changes so much that its pages expire is read from the start, once.
        """
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": str(min(limit or PAGE, PAGE))}
        try:
            return self._pages(path, query, limit)
        except ApiFailure as error:
            if error.status != GONE:
                raise
            return self._pages(path, query, limit)

    def _pages(self, path: str, query: Mapping[str, str], limit: int) -> Objects:
        found: Objects = []
        more = ""
        while True:
            page = self._json("GET", _with(path, {**query, "continue": more})) or {}
            found += page.get("items") or []
            more = str((page.get("metadata") or {}).get("continue") or "")
            if not more or (limit and len(found) >= limit):
                return found[: limit or None]

    def apply(
        self, path: str, body: Mapping[str, Any], *, force: bool = False, dry_run: bool = False, uid: str = ""
    ) -> dict[str, Any]:
        """Apply a body on the server's side. ``uid`` demands that it is still that object."""
        if uid:
            body = {**body, "metadata": {**body["metadata"], "uid": uid}}
        query = {
            "fieldManager": MANAGER,
            "fieldValidation": "Strict",
            "force": str(force).lower(),
            "dryRun": "All" if dry_run else "",
        }
        kind = "application/apply-patch+yaml"
        return self._json("PATCH", _with(path, query), body=body, content_type=kind, repeatable=True) or {}

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Create an object that must not exist yet."""
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "dryRun": "All" if dry_run else ""}
        return self._json("POST", _with(path, query), body=body, content_type="application/json") or {}

    def delete(
        self, path: str, *, uid: str = "", propagation: str = "Foreground", dry_run: bool = False
    ) -> dict[str, Any] | None:
        """Delete an object; None when it is gone already. ``uid`` demands that it is still that object."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        if dry_run:
            options["dryRun"] = ["All"]  # where there is a body, the server does not read the query's
        return self._json(
            "DELETE",
            path,
            body=options,
            content_type="application/json",
            absent=True,
            repeatable=bool(uid),
        )

    def watch(
        self, path: str, *, labels: str = "", fields: str = "", resource_version: str = "", seconds: float
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (type, object) of changes for about ``seconds``.

        Ends early when the connection breaks, the server refuses or ``resource_version`` is too old: who watches reads
        the state again anyway, and gets the error there.
        """
        query = {
            "watch": "1",
            "labelSelector": labels,
            "fieldSelector": fields,
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, int(seconds))),
        }
        for line in self._transport.stream(_with(path, query), seconds):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                return
            if not isinstance(event, dict):
                return
            kind, thing = event.get("type"), event.get("object")
            if not isinstance(kind, str) or not isinstance(thing, dict) or kind == "ERROR":
                return
            yield kind, thing

    def review(  # noqa: PLR0913 - the attributes of a request
        self, verb: str, group: str, resource: str, namespace: str, *, subresource: str = "", name: str = ""
    ) -> bool:
        """Ask the server whether we may do this. Nothing is stored."""
        attributes = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = self._json("POST", path, body=body, content_type="application/json", repeatable=True) or {}
        return bool((answer.get("status") or {}).get("allowed"))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _json(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content_type: str = "",
        absent: bool = False,
        repeatable: bool = False,
    ) -> dict[str, Any] | None:
        headers = {"Content-Type": content_type} if content_type else {}
        content = serialise(body) if body is not None else None
        repeatable = repeatable or method == "GET"
        status, answer, answered = self._transport.send(
            method, path, body=content, headers=headers, repeatable=repeatable
        )
        if said := answered.get("Date"):
            self._ahead = _ahead(said)
        for warning in _warnings(answered):
            if self._on_warning:
                self._on_warning(warning)
        doing = f"{method} {path.partition('?')[0]}"
        if OK <= status < REDIRECT:
            found = _object(answer)
            if found is None:
                raise self._at_server(not_kubernetes(status, doing, "its answer is not a JSON object"))
            return found
        error = failure(status, answer, doing=doing, secret="secrets" in doing.split("/"))
        if absent and status == NOT_FOUND and error.reason == "NotFound":
            return None
        raise self._at_server(error)

    def _at_server(self, error: Refusal) -> Refusal:
        """Name the server where the answer may be another's, or a matter of the server and not of the request."""
        if isinstance(error, NoApi | ApiUnauthorized) or error.status >= TOO_MANY:
            error.details = (*error.details, ("server", self._server))
        return error


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _with(path: str, query: Mapping[str, str]) -> str:
    written = urlencode({key: value for key, value in query.items() if value})
    return f"{path}?{written}" if written else path


def _ahead(date: str) -> timedelta:
    """How far the server's clock is ahead of ours; less than two seconds are the header's own coarseness."""
    from email.utils import parsedate_to_datetime

    try:
        ahead = parsedate_to_datetime(date) - datetime.now(UTC)
    except (ValueError, TypeError):
        return timedelta()
    return ahead if abs(ahead) > timedelta(seconds=2) else timedelta()


def _warnings(headers: Mapping[str, str]) -> list[str]:
    """The texts of the Warning headers (RFC 7234 5.5: code, agent, quoted text)."""
    all_of = getattr(headers, "getlist", None)
    values = all_of("Warning") if all_of else []
    return [value.split('"', 1)[1].rsplit('"', 1)[0].replace('\\"', '"') for value in values if value.count('"') > 1]
