"""The server's refusals of a write, as code, reason and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, Conflict

if TYPE_CHECKING:
    from sindri_core.types import Manifest

QUOTA = re.compile(r"exceeded quota: (?P<quota>\S+), (?P<amounts>.*)")
WEBHOOK_DENIED = re.compile(r'admission webhook "(?P<webhook>[^"]+)" denied the request:? ?(?P<why>.*)', re.DOTALL)
WEBHOOK_BROKEN = re.compile(r'failed calling webhook "(?P<webhook>[^"]+)":? ?(?P<why>.*)', re.DOTALL)
POLICY_DENIED = re.compile(
    r"ValidatingAdmissionPolicy '(?P<policy>[^']+)' with binding '[^']+' denied request:? ?(?P<why>.*)", re.DOTALL
)
WEBHOOKS = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
RULE = "this is a rule of the cluster: do as it says, or ask whoever runs it"
CONFLICT = 409
OTHER_OBJECT = "uid mismatch"
"""What the server says to a write that names the uid of an object which is not there any more."""


def said(error: ClusterError) -> str:
    """Return the server's own words where there are any."""
    return str(getattr(error, "api_message", "") or error.message)


def field_conflicts(error: Conflict) -> tuple[tuple[str, str], ...]:
    """Return the (manager, field) pairs of a field conflict."""
    return tuple(getattr(error, "conflicts", ()))


def already_exists(error: ClusterError) -> bool:
    """Whether somebody else made the object first."""
    return getattr(error, "reason", "") == "AlreadyExists"


def explain(error: ClusterError, manifest: Manifest) -> tuple[str, str, str]:
    """Return code, reason and hint for people, when the server refused this object."""
    words = said(error)
    causes = getattr(error, "causes", ())
    if match := QUOTA.search(words):
        hint = "ask for less in sindri.yaml, or free something: kubectl describe resourcequota"
        return "SND-K8S-206", f"the quota {match['quota']} leaves no room: {match['amounts']}", hint
    if any(cause.reason == "NamespaceTerminating" for cause in causes):
        return "SND-K8S-107", "the namespace is being deleted", "wait until it is gone, or choose another namespace"
    if ruled := _ruled(words):
        return ("SND-K8S-109", *ruled)
    if getattr(error, "status", 0) == CONFLICT and OTHER_OBJECT in words:
        reason = "somebody else deleted or replaced it while this command ran"
        return "SND-K8S-121", reason, "wait until that is over, then run the command again"
    immutable = [cause.field for cause in causes if "immutable" in cause.message.lower()]
    if immutable:
        reason = f"{', '.join(immutable)} cannot be changed on an object that exists"
        delete = f"kubectl delete {manifest.kind.lower()} {manifest.name} -n {manifest.scope}"
        hint = f"make it anew: {delete}   then sindri deploy; the home volume is apart and stays"
        if manifest.kind == "PersistentVolumeClaim":
            hint = "use another name in sindri.yaml: a volume keeps what it was made with, and is deleted with its data"
        return "SND-K8S-104", reason, hint
    return error.code, words, error.hint


def _ruled(words: str) -> tuple[str, str] | None:
    """Return reason and hint when a rule of the cluster's owner is the cause."""
    if match := WEBHOOK_DENIED.search(words):
        reason = f"the admission webhook {match['webhook']} refuses it: {match['why'].strip() or 'no reason given'}"
        return reason, f"{RULE}; kubectl get {WEBHOOKS}   tells whose it is"
    if match := POLICY_DENIED.search(words):
        reason = f"the policy {match['policy']} refuses it: {match['why'].strip() or 'no reason given'}"
        return reason, f"{RULE}; kubectl get validatingadmissionpolicy {match['policy']} -o yaml   shows it"
    if match := WEBHOOK_BROKEN.search(words):
        reason = f"the admission webhook {match['webhook']} does not answer, and nothing is written without it"
        reason += f" ({match['why'].strip()})" if match["why"].strip() else ""
        return (
            reason,
            f"ask whoever runs the cluster to repair or remove it; kubectl get {WEBHOOKS}   tells whose it is",
        )
    return None


def retold(error: ClusterError, code: str, message: str, hint: str) -> ClusterError:
    """Make an error of the same class with other words."""
    if code == error.code:
        return error
    return ClusterError(code, message, hint=hint, details=error.details)
