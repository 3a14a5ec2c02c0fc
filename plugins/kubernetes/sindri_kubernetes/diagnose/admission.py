"""The cluster lets no pod be made: Pod Security, limits, service account, webhooks and policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading
from sindri_kubernetes import quantities
from sindri_kubernetes.diagnose.rule import Rank, kubectl, refusals, rule, trouble, written
from sindri_kubernetes.manifests.names import label

if TYPE_CHECKING:
    from fractions import Fraction

    from sindri_core.types import Finding
    from sindri_kubernetes.snapshot import Snapshot

PATIENCE = 60.0
"""Seconds in which a webhook that does not answer may be one that is just being restarted."""
WEBHOOKS = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
ENFORCE = "pod-security.kubernetes.io/enforce"
SECURITY = re.compile(r'violates PodSecurity "(?P<level>[a-z]+)[^"]*": (?P<controls>.*)', re.DOTALL)
BOUND = re.compile(
    r"(?P<most>maximum|minimum) (?P<resource>\S+) usage per (?P<per>Container|Pod) is (?P<bound>[^,]+), but "
    r"(?P<which>limit|request) is (?P<amount>[^\s,\]]+)|(?P<ratio>\S+ max limit to request ratio per [^\]]+)"
)
ACCOUNT = re.compile(r"error looking up service account (?P<name>\S+?):")
DENIED = re.compile(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<why>.*)', re.DOTALL)
POLICY = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']+)' with binding '[^']+' denied request: (?P<why>.*)")
BROKEN = re.compile(r'failed calling webhook "(?P<name>[^"]+)": (?P<why>.*)', re.DOTALL)


@rule("SND-K8S-205", Rank.ADMISSION)
def pod_security(seen: Snapshot) -> Finding | None:
    """The namespace enforces a Pod Security level that the pod does not satisfy."""
    for message, _ in refusals(seen):
        if match := SECURITY.search(message):
            level, where = match["level"], seen.namespace
            ask = f"kubectl label namespace {where} {ENFORCE}=baseline --overwrite   if you run the namespace"
            mend = level == "restricted" and not _restricted(seen)
            return trouble(
                f"the Pod Security level {level} of namespace {where} refuses the pod",
                f"Deployment/{seen.name}",
                seen=tuple(re.split(r"(?<=\)), ", match["controls"])),
                cause="the namespace admits only pods with fewer rights than this one asks for",
                fix=((written("providers.kubernetes.security.profile", "restricted"),) if mend else ()) + (ask,),
                heals=label(seen.space or {}, ENFORCE) not in {"", level},
            )
    return None


def _restricted(seen: Snapshot) -> bool:
    """Whether the pod already asks for no more than the level restricted grants."""
    return bool(reading.part(seen.deployment, "spec", "template", "spec", "securityContext").get("runAsNonRoot"))


@rule("SND-K8S-208", Rank.ADMISSION)
def limit_range(seen: Snapshot) -> Finding | None:
    """A LimitRange bounds what one container or pod may ask for."""
    for message, _ in refusals(seen):
        if bounds := list(BOUND.finditer(message)):
            names = [reading.name(found) for found in seen.limit_ranges]
            fixes = tuple(filter(None, map(_within, bounds)))
            return trouble(
                f"a LimitRange of namespace {seen.namespace} refuses what the environment asks for",
                f"LimitRange/{names[0]}" if len(names) == 1 else f"Deployment/{seen.name}",
                seen=tuple(found[0] for found in bounds),
                cause="the namespace bounds what one container may ask for (requests are half of the limits)",
                fix=(*fixes, kubectl(seen, "describe limitrange   shows all bounds")),
                heals="limitranges" not in seen.unreadable and not names,
            )
    return None


def _within(found: re.Match[str]) -> str:
    """Say what to write so that one bound is kept."""
    key = {"cpu": "deployment.resources.cpus", "memory": "deployment.resources.memory"}.get(found["resource"] or "")
    if not key:
        return ""
    amount = amount_of(found["bound"]) * (2 if found["which"] == "request" else 1)
    return written(key, amount_for_people(key, amount)) if amount else ""


def amount_of(text: object) -> Fraction:
    """Read a quantity that somebody else wrote; what is none counts as nothing."""
    try:
        return quantities.parse(text)
    except ValueError:
        return quantities.NOTHING


def amount_for_people(key: str, amount: Fraction) -> str:
    """Write an amount as sindri.yaml takes it: cpus as a number, memory with its unit."""
    if key.endswith("cpus"):
        return f"{float(amount):g}"
    mebi = quantities.SUFFIXES["Mi"]
    return quantities.write(amount // mebi * mebi, "memory")


@rule("SND-K8S-209", Rank.ADMISSION)
def service_account(seen: Snapshot) -> Finding | None:
    """The pod's service account is gone."""
    for message, _ in refusals(seen):
        if match := ACCOUNT.search(message):
            name = match["name"].rpartition("/")[2]
            return trouble(
                f"the service account {name} is missing",
                f"ServiceAccount/{name}",
                seen=(message,),
                cause="it was deleted after the environment was deployed",
                fix=("sindri deploy   makes it again",),
                heals=seen.account is not None,
            )
    return None


@rule("SND-K8S-210", Rank.ADMISSION)
def webhook(seen: Snapshot) -> Finding | None:
    """An admission webhook or policy says no, or a webhook does not answer."""
    for message, since in refusals(seen):
        if match := DENIED.search(message) or POLICY.search(message):
            kind, listing = ("webhook", WEBHOOKS) if match.re is DENIED else ("policy", "validatingadmissionpolicies")
            return trouble(
                f"the admission {kind} {match['name']} refuses the pod",
                f"Deployment/{seen.name}",
                seen=(match["why"].strip() or message,),
                cause="a rule that whoever runs this cluster has set",
                fix=(f"kubectl get {listing}   shows it", "ask them what it wants"),
            )
        if match := BROKEN.search(message):
            return trouble(
                f"the admission webhook {match['name']} does not answer, so no pod can be made",
                f"Deployment/{seen.name}",
                seen=(match["why"].strip(),),
                cause="its program is down, or the API server cannot reach it; this is not sindri's doing",
                fix=(
                    f"kubectl get {WEBHOOKS}   tells whose it is",
                    "ask whoever runs the cluster to repair or remove it",
                ),
                heals=since < PATIENCE,
            )
    return None
