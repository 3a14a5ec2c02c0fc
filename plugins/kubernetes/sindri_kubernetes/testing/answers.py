"""The answers of the API server that are not objects: ``Status``, worded as the real server words them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sindri_kubernetes.testing.kinds import Kind

REASONS = {"FieldValueRequired": "Required value", "FieldValueForbidden": "Forbidden"}


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong: the reason is the API's, such as ``FieldValueInvalid``."""

    field: str
    reason: str
    message: str


class Refused(Exception):
    """The server's answer to a request it does not fulfil."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.details = code, reason, details

    def status(self) -> dict[str, Any]:
        """Write it as the ``Status`` object that goes over the wire."""
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = str(self)
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        return body | {"code": self.code}


def _details(kind: Kind, name: str) -> dict[str, Any]:
    group = {"group": kind.group} if kind.group else {}
    return ({"name": name} if name else {}) | group | {"kind": kind.plural}


def not_found(kind: Kind, name: str) -> Refused:
    """404 of an object."""
    return Refused(404, "NotFound", f'{kind.resource} "{name}" not found', _details(kind, name))


def exists(kind: Kind, name: str) -> Refused:
    """409 of a creation."""
    return Refused(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _details(kind, name))


def forbidden(kind: Kind, name: str, why: str, causes: Sequence[Cause] = ()) -> Refused:
    """403 by an admission plugin or by missing rights."""
    details = _details(kind, name)
    if causes:
        details["causes"] = [_cause(cause) for cause in causes]
    subject = f'{kind.resource} "{name}"' if name else kind.resource
    return Refused(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def denied(message: str) -> Refused:
    """400 by an admission webhook."""
    return Refused(400, "", message)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> Refused:
    """422 with every field that is wrong."""
    listed = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    said = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    group_kind = f"{kind.name}.{kind.group}" if kind.group else kind.name
    details = _details(kind, name) | {"kind": kind.name, "causes": [_cause(cause) for cause in causes]}
    return Refused(422, "Invalid", f'{group_kind} "{name}" is invalid: {said}', details)


def precondition(kind: Kind, name: str, wanted: str, found: str) -> Refused:
    """409 of a uid that is not the recorded one."""
    group_kind = f"{kind.name}.{kind.group}" if kind.group else kind.name
    why = f"the UID in the precondition ({wanted}) does not match the UID in record ({found}). "
    why += "The object might have been deleted and then recreated"
    message = f'Operation cannot be fulfilled on {group_kind} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(kind, name) | {"kind": kind.name})


def conflicts(found: Sequence[tuple[str, str]]) -> Refused:
    """409 of an apply: pairs of a manager as the server words it and a field."""
    managers: dict[str, list[str]] = {}
    for manager, field in found:
        managers.setdefault(manager, []).append(field)
    if len(found) == 1:
        said = f"conflict with {found[0][0]}: {found[0][1]}"
    else:
        said = "\n".join(f"conflicts with {m}:\n" + "\n".join(f"- {f}" for f in fs) for m, fs in managers.items())
    causes = [Cause(field, "FieldManagerConflict", f"conflict with {manager}") for manager, field in found]
    message = f"Apply failed with {len(found)} conflict{'s' * (len(found) != 1)}: {said}"
    return Refused(409, "Conflict", message, {"causes": [_cause(cause) for cause in causes]})


def bad_request(message: str) -> Refused:
    """400 of a body that cannot be read."""
    return Refused(400, "BadRequest", message)


def not_modelled(what: str) -> Refused:
    """501: the simulation ends here and says so."""
    return Refused(501, "NotImplemented", f"the simulated cluster does not model {what}")


def required(field: str, message: str = "Required value") -> Cause:
    """A field that is missing."""
    return Cause(field, "FieldValueRequired", message)


def wrong(field: str, value: str, why: str) -> Cause:
    """A field whose value (as JSON) is wrong."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {value}: {why}")


def _cause(cause: Cause) -> dict[str, str]:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}
