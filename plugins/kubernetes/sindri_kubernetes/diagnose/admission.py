"""The cluster lets no pod be made: Pod Security, quota, limits, service account, webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_core.types import Finding
from sindri_kubernetes.diagnose.rule import Rule, kubectl, refusals

if TYPE_CHECKING:
    from sindri_kubernetes.snapshot import Snapshot

QUOTA = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: (?P<hard>.+)"
)
SECURITY = re.compile(r'violates PodSecurity "(?P<level>[^"]+)": (?P<controls>.*)', re.DOTALL)
WEBHOOK = re.compile(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<why>.*)', re.DOTALL)
BROKEN_WEBHOOK = re.compile(r'failed calling webhook "(?P<name>[^"]+)"')
ACCOUNT = re.compile(r"error looking up service account (?P<name>\S+?):")


def pod_security(seen: Snapshot) -> Finding | None:
    """The namespace enforces a Pod Security level that the pod does not satisfy."""
    for message in refusals(seen):
        if match := SECURITY.search(message):
            return Finding(
                code="SND-K8S-205",
                message=f"the Pod Security level {match['level']} of namespace {seen.namespace} refuses the pod",
                object=f"Deployment/{seen.name}",
                seen=tuple(match["controls"].split("), ")),
                cause="the namespace admits only pods with fewer rights than this one asks for",
                fix=("providers.kubernetes.security.profile: restricted", "or ask whoever runs the namespace"),
            )
    return None


def quota_exceeded(seen: Snapshot) -> Finding | None:
    """A ResourceQuota is used up."""
    for message in refusals(seen):
        if match := QUOTA.search(message):
            return Finding(
                code="SND-K8S-206",
                message=f"the quota of namespace {seen.namespace} leaves no room for this environment",
                object=f"ResourceQuota/{match['name']}",
                seen=(f"requested {match['asked']}", f"used {match['used']}", f"hard {match['hard']}"),
                cause="what the environment asks for counts against the quota, and too little is left",
                fix=(
                    "ask for less in sindri.yaml: deployment.resources",
                    "or stop another environment: sindri list, then sindri stop --name NAME",
                ),
            )
    return None


def limits_needed(seen: Snapshot) -> Finding | None:
    """A quota demands amounts that the pod does not name."""
    for message in refusals(seen):
        if "must specify" in message:
            return Finding(
                code="SND-K8S-207",
                message=f"a quota of namespace {seen.namespace} demands amounts that the pod does not name",
                object=f"Deployment/{seen.name}",
                seen=(message,),
                cause="every container needs these requests or limits, also those that other plugins add",
                fix=(kubectl(seen, "describe limitrange,resourcequota"),),
            )
    return None


def limit_range(seen: Snapshot) -> Finding | None:
    """A LimitRange bounds what one container may ask for."""
    for message in refusals(seen):
        if re.search(r"(maximum|minimum) (cpu|memory|storage) usage per|limit to request ratio", message):
            return Finding(
                code="SND-K8S-208",
                message=f"a LimitRange of namespace {seen.namespace} refuses the amounts",
                object=f"Deployment/{seen.name}",
                seen=(message.rpartition("forbidden: ")[2],),
                cause="the namespace bounds what one container may ask for",
                fix=("change deployment.resources in sindri.yaml", kubectl(seen, "describe limitrange")),
            )
    return None


def service_account(seen: Snapshot) -> Finding | None:
    """The pod's service account is gone."""
    for message in refusals(seen):
        if match := ACCOUNT.search(message):
            return Finding(
                code="SND-K8S-209",
                message=f"the service account {match['name']} is missing",
                object=f"ServiceAccount/{match['name']}",
                seen=(message,),
                cause="somebody deleted it after the environment was deployed",
                fix=("sindri deploy   makes it again",),
                heals=True,
            )
    return None


def webhook(seen: Snapshot) -> Finding | None:
    """An admission webhook says no, or does not answer."""
    for message in refusals(seen):
        match = WEBHOOK.search(message) or BROKEN_WEBHOOK.search(message)
        if match:
            denied = match.re is WEBHOOK
            verb = "refuses the pod" if denied else "does not answer"
            return Finding(
                code="SND-K8S-210",
                message=f"the admission webhook {match['name']} {verb}",
                object=f"Deployment/{seen.name}",
                seen=(message,),
                cause="a rule of this cluster" if denied else "the service behind the webhook is down",
                fix=("ask whoever runs the cluster",),
                heals=not denied,
            )
    return None


RULES: tuple[Rule, ...] = (pod_security, quota_exceeded, limits_needed, limit_range, service_account, webhook)
