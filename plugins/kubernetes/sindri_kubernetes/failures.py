"""What the API server said, as errors of the core's tree that keep status, reason and causes.

What it said of a Secret is never repeated, for its sentences may echo a value: field and reason stay.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, TypeAlias

from sindri_core.errors import ClusterError, ClusterUnreachable, Conflict, Forbidden, Unauthorized

OK, REDIRECT, REFUSED = 200, 300, 400
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, TOO_MANY = 401, 403, 404, 409, 410, 429
_SHOWN = 200
_MANAGER = re.compile(r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"')
_RIGHTS = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) (?:resource "(?P<resource>[^"]*)"|path "(?P<path>[^"]*)")'
    r'(?: in API group "(?P<group>[^"]*)")?(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)?'
)
_HTTP_TO_HTTPS = b"sent an HTTP request to an HTTPS server"


class Cause(NamedTuple):
    """One reason of a refusal: the field, a word, and a sentence."""

    field: str
    reason: str
    message: str


class ApiAnswer:
    """What every refusal of the server carries. ``conflicts`` are (manager, field) pairs of a field conflict."""

    status: int = 0
    reason: str = ""
    api_message: str = ""
    causes: tuple[Cause, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()


class ApiFailure(ApiAnswer, ClusterError):
    """The server refused the request."""


class ApiForbidden(ApiAnswer, Forbidden):
    """The server knows us and says no."""


class ApiUnauthorized(ApiAnswer, Unauthorized):
    """The server does not know us."""


class ApiConflict(ApiAnswer, Conflict):
    """Another manager owns the field, or the object changed meanwhile."""


class NoApi(ApiAnswer, ClusterUnreachable):
    """What answers is no Kubernetes API server."""


Refusal: TypeAlias = ApiFailure | ApiForbidden | ApiUnauthorized | ApiConflict | NoApi


def failure(status: int, content: bytes, *, doing: str, secret: bool = False) -> Refusal:
    """Make the error for an answer. ``doing`` names method and path; ``secret`` says that it is about a Secret."""
    answer = _status(content)
    reason = str(answer.get("reason") or "")
    told = _causes(answer)
    causes = tuple(cause._replace(message="") for cause in told) if secret else told
    message = _veiled(reason, causes) if secret else str(answer.get("message") or _plain(content))
    conflicts = tuple(
        (found["manager"], cause.field)
        for cause in told
        if cause.reason == "FieldManagerConflict" and (found := _MANAGER.search(cause.message))
    )
    stranger = None if answer else _stranger(status, content, doing)
    error: Refusal = stranger or _error(status, message, doing, causes, conflicts)
    error.status, error.reason, error.api_message = status, reason, message
    error.causes, error.conflicts = causes, conflicts
    return error


def not_kubernetes(status: int, doing: str, what: str) -> NoApi:
    """Make the error for an answer that no API server gives. It repeats nothing of the answer."""
    error = NoApi(
        "SND-K8S-009",
        f"what answers is no Kubernetes API server: {what}",
        hint="compare the address with kubectl config view --minify; does a proxy or a login page stand between?",
        details=[("asked", doing)],
    )
    error.status = status
    return error


def _error(
    status: int, message: str, doing: str, causes: tuple[Cause, ...], conflicts: tuple[tuple[str, str], ...]
) -> Refusal:
    if status == UNAUTHORIZED:
        return ApiUnauthorized(
            "SND-K8S-003",
            f"the API server does not accept the credentials ({doing})",
            hint="log in again; kubectl auth whoami   shows who you are",
            details=[("seen", message)],
        )
    if any(cause.reason == "NamespaceTerminating" for cause in causes):
        hint = "wait until the namespace is gone, or choose another: --namespace"
        return ApiFailure("SND-K8S-107", message, hint=hint)
    if status == FORBIDDEN:
        return _forbidden(message, doing)
    if conflicts:
        return ApiConflict(
            "SND-K8S-101",
            f"the API server reports a conflict: {message}",
            hint="sindri plan   shows both values; --force-conflicts takes the fields from the other managers",
            details=[("conflict", f"{field} belongs to {manager}") for manager, field in conflicts],
        )
    if status == CONFLICT:
        return ApiConflict(
            "SND-K8S-010",
            f"the API server reports a conflict ({doing}): {message}",
            hint="the object changed meanwhile: run the command again",
        )
    return ApiFailure(
        "SND-K8S-010",
        f"the API server answered {status} ({doing}): {message or 'it said nothing'}",
        hint="sindri status   shows how the environment is; -v shows every request",
        details=[("cause", f"{cause.field}: {cause.message or cause.reason}") for cause in causes],
    )


def _forbidden(message: str, doing: str) -> ApiForbidden:
    """Tell a missing right, which a Role gives, from a rule of the cluster, which it does not."""
    found = _RIGHTS.search(message)
    if found is None:
        hint = "this is a rule of the cluster, or a right is missing; sindri plan   lists missing permissions"
        return ApiForbidden("SND-K8S-004", f"the API server refuses ({doing}): {message}", hint=hint)
    what = found["path"] or ".".join(part for part in (found["resource"], found["group"]) if part)
    where = f"in namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    return ApiForbidden(
        "SND-K8S-004",
        f"the user {found['user']} may not {found['verb']} {what} {where}",
        hint="sindri plan   lists the missing permissions and the Role to ask for",
        details=[("seen", message)],
    )


def _stranger(status: int, content: bytes, doing: str) -> NoApi | None:
    """Make the error for an answer that something else gave. API servers too answer without a Status at times."""
    if _HTTP_TO_HTTPS in content:
        return not_kubernetes(status, doing, "it wants HTTPS, and the kubeconfig says http://")
    if REDIRECT <= status < REFUSED:
        return not_kubernetes(status, doing, f"it answered {status} and sends elsewhere")
    if content.lstrip()[:1] == b"<":
        return not_kubernetes(status, doing, f"it answered {status} with a web page")
    return None


def _veiled(reason: str, causes: tuple[Cause, ...]) -> str:
    fields = ", ".join(f"{cause.field} {cause.reason}".strip() for cause in causes)
    return ": ".join(part for part in (reason, fields) if part)


def _plain(content: bytes) -> str:
    return content[:_SHOWN].decode(errors="replace").strip()


def _causes(answer: dict[str, Any]) -> tuple[Cause, ...]:
    details = answer.get("details")
    listed = details.get("causes") if isinstance(details, dict) else None
    return tuple(
        Cause(str(cause.get("field") or ""), str(cause.get("reason") or ""), str(cause.get("message") or ""))
        for cause in (listed if isinstance(listed, list) else [])
        if isinstance(cause, dict)
    )


def _status(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else {}
