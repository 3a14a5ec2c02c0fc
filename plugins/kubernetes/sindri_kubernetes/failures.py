"""What the API server said, as errors of the core's tree that keep status, reason and causes."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from sindri_core.errors import ClusterError, Conflict, Forbidden, Unauthorized

_MANAGER = re.compile(r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"')
NOT_FOUND, CONFLICT, UNAUTHORIZED, FORBIDDEN = 404, 409, 401, 403


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


def failure(status: int, content: bytes, *, doing: str, secret: bool = False) -> ApiFailure | ApiForbidden | Any:
    """Make the error for an answer. ``secret`` keeps the server's sentences out of it: they may echo a value."""
    answer = _status(content)
    details: dict[str, Any] = answer.get("details") or {}
    causes = tuple(
        Cause(str(c.get("field", "")), str(c.get("reason", "")), "" if secret else str(c.get("message", "")))
        for c in (details.get("causes") or [])
        if isinstance(c, dict)
    )
    reason = str(answer.get("reason", ""))
    message = reason if secret else str(answer.get("message") or content[:200].decode(errors="replace").strip())
    error = _error(status, message, doing, causes)
    error.status, error.reason, error.api_message, error.causes = status, reason, message, causes
    error.conflicts = tuple(
        (match["manager"], cause.field)
        for cause in causes
        if cause.reason == "FieldManagerConflict" and (match := _MANAGER.search(cause.message))
    )
    return error


def _error(status: int, message: str, doing: str, causes: tuple[Cause, ...]) -> Any:
    if status == UNAUTHORIZED:
        return ApiUnauthorized(
            "SND-K8S-003",
            f"the API server does not accept the credentials ({doing})",
            hint="log in again; kubectl auth whoami   shows who you are",
            details=[("seen", message)],
        )
    if status == FORBIDDEN:
        if any(cause.reason == "NamespaceTerminating" for cause in causes):
            return ApiFailure(
                "SND-K8S-107", message, hint="wait until the namespace is gone, or choose another: --namespace"
            )
        return ApiForbidden(
            "SND-K8S-004", f"the API server refuses: {message}", hint="sindri plan   lists the missing permissions"
        )
    if status == CONFLICT:
        return ApiConflict(
            "SND-K8S-101",
            f"the API server reports a conflict: {message}",
            hint="run the command again; --force-conflicts takes fields from other managers",
        )
    return ApiFailure(
        "SND-K8S-010",
        f"the API server answered {status} ({doing}): {message or 'nothing'}",
        hint="sindri status   shows how the environment is; -v shows every request",
    )


def _status(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else {}
