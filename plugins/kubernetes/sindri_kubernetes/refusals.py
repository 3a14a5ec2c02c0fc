"""The server's refusals of a write, as code, reason and what to do."""

from __future__ import annotations

import re

from sindri_core.errors import ClusterError, Conflict

QUOTA = re.compile(r"exceeded quota: (?P<quota>\S+), (?P<amounts>.*)")
WEBHOOK_DENIED = re.compile(r'admission webhook "(?P<webhook>[^"]+)" denied the request:? ?(?P<why>.*)', re.DOTALL)
WEBHOOK_BROKEN = re.compile(r'failed calling webhook "(?P<webhook>[^"]+)"')
CONFLICT, INVALID = 409, 422


def said(error: ClusterError) -> str:
    """Return the server's own words where there are any."""
    return str(getattr(error, "api_message", "") or error.message)


def field_conflicts(error: Conflict) -> tuple[tuple[str, str], ...]:
    """Return the (manager, field) pairs of a field conflict."""
    return tuple(getattr(error, "conflicts", ()))


def already_exists(error: ClusterError) -> bool:
    """Whether somebody else made the object first."""
    return getattr(error, "reason", "") == "AlreadyExists"


def explain(error: ClusterError) -> tuple[str, str, str]:
    """Return code, reason and hint for people."""
    words = said(error)
    causes = getattr(error, "causes", ())
    if match := QUOTA.search(words):
        hint = "ask for less in sindri.yaml, or free something: kubectl describe resourcequota"
        return "SND-K8S-206", f"the quota {match['quota']} leaves no room: {match['amounts']}", hint
    if any(cause.reason == "NamespaceTerminating" for cause in causes):
        return "SND-K8S-107", "the namespace is being deleted", "wait until it is gone, or choose another namespace"
    if match := WEBHOOK_DENIED.search(words):
        reason = f"the admission webhook {match['webhook']} refuses it: {match['why'].strip() or 'no reason given'}"
        return "SND-K8S-109", reason, "this is a rule of the cluster: ask whoever runs it"
    if match := WEBHOOK_BROKEN.search(words):
        reason = f"the admission webhook {match['webhook']} does not answer"
        return "SND-K8S-109", reason, "ask whoever runs the cluster to repair or remove the webhook"
    immutable = [cause.field for cause in causes if "immutable" in cause.message.lower()]
    if immutable:
        reason = f"{', '.join(immutable)} cannot be changed on an object that exists"
        hint = "delete the object yourself after saving what you need, then deploy again; the home volume is apart"
        return "SND-K8S-104", reason, hint
    return error.code, words, error.hint


def retold(error: ClusterError, code: str, message: str, hint: str) -> ClusterError:
    """Make an error of the same class with other words."""
    if code == error.code:
        return error
    return ClusterError(code, message, hint=hint, details=error.details)
