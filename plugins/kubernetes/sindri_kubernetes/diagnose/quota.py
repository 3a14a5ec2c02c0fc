"""The quota of the namespace lets no pod be made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from sindri_kubernetes import pods, quantities
from sindri_kubernetes.diagnose.admission import amount_for_people, amount_of
from sindri_kubernetes.diagnose.rule import Rank, kubectl, refusals, rule, trouble, written

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.snapshot import Snapshot

EXCEEDED = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: (?P<hard>\S+)"
)
NEEDED = re.compile(r"failed quota: (?P<name>[^:]+): must specify (?P<what>.+)")
SMALLEST = {"cpu": Fraction(1, 10), "memory": quantities.parse("256Mi")}
"""What an environment cannot do without; less is not proposed."""
Amounts = Mapping[str, Fraction]


@rule("SND-K8S-206", Rank.QUOTA)
def quota_exceeded(seen: Snapshot) -> Finding | None:
    """A ResourceQuota is used up."""
    for message, _ in refusals(seen):
        if match := EXCEEDED.search(message):
            asked, used, hard = (_amounts(match[key]) for key in ("asked", "used", "hard"))
            left = {name: hard[name] - used.get(name, Fraction(0)) for name in hard}
            fits = _fits_now(seen, match["name"], asked)
            again = ("there is room again; sindri stop, then sindri start   tries at once",) if fits else ()
            return trouble(
                f"the quota of namespace {seen.namespace} leaves no room for this environment",
                f"ResourceQuota/{match['name']}",
                seen=tuple(f"{word:<10} {_listed(part)}" for word, part in _rows(asked, used, hard, left)),
                cause="every pod of the namespace counts against the quota, and this one asks for more than is left",
                fix=again
                or (
                    *_smaller(left),
                    "or stop another environment of the namespace: sindri list, then sindri stop --name NAME",
                ),
                heals=fits,
            )
    return None


def _amounts(text: str) -> dict[str, Fraction]:
    return {name: amount_of(amount) for name, _, amount in (part.partition("=") for part in text.split(","))}


def _rows(asked: Amounts, used: Amounts, hard: Amounts, left: Amounts) -> tuple[tuple[str, Amounts], ...]:
    return (("requested", asked), ("used", used), ("hard", hard), ("left", left))


def _listed(amounts: Amounts) -> str:
    return ", ".join(f"{name} {quantities.write(amount, name)}" for name, amount in sorted(amounts.items()))


def _smaller(left: Amounts) -> tuple[str, ...]:
    """Say what to write to fit into what is left; nothing when that is too little to work with."""
    fixes = []
    for resource, key in (("cpu", "deployment.resources.cpus"), ("memory", "deployment.resources.memory")):
        asked_as = {resource: 2, f"requests.{resource}": 2, f"limits.{resource}": 1}
        bounds = [left[name] * times for name, times in asked_as.items() if name in left]
        if bounds and min(bounds) >= SMALLEST[resource]:
            fixes.append(written(key, amount_for_people(key, min(bounds))))
        elif bounds:
            return ()
    return tuple(fixes)


def _fits_now(seen: Snapshot, name: str, asked: Amounts) -> bool:
    """Whether the quota, as it is now, has room: the refusal stays written until the next attempt."""
    live = next((found for found in seen.quotas if pods.name(found) == name), None)
    if live is None:
        return "resourcequotas" not in seen.unreadable
    hard, used = (pods.part(live, "status", key) for key in ("hard", "used"))
    counted = {key: amount for key, amount in asked.items() if key in hard}
    return all(amount_of(used.get(key)) + amount <= amount_of(hard[key]) for key, amount in counted.items())


@rule("SND-K8S-207", Rank.QUOTA)
def amounts_needed(seen: Snapshot) -> Finding | None:
    """A quota demands amounts that the pod does not name."""
    for message, _ in refusals(seen):
        if match := NEEDED.search(message):
            resources = re.findall(r"(?:requests|limits)\.([^\s;,]+)", match["what"]) or ["cpu", "memory"]
            default = ", ".join(f"{name}: AMOUNT" for name in dict.fromkeys(resources))
            limits = f"{{limits: [{{type: Container, default: {{{default}}}, defaultRequest: {{{default}}}}}]}}"
            return trouble(
                f"a quota of namespace {seen.namespace} demands amounts that the pod does not name",
                f"ResourceQuota/{match['name']}",
                seen=(f"must specify {match['what']}",),
                cause="where a quota counts a resource, every container has to say how much of it it needs",
                fix=(
                    "give the namespace defaults, in a file limits.yaml:",
                    f"{{apiVersion: v1, kind: LimitRange, metadata: {{name: defaults}}, spec: {limits}}}",
                    kubectl(seen, "apply -f limits.yaml"),
                ),
                heals=_gone(seen, match["name"]),
            )
    return None


def _gone(seen: Snapshot, name: str) -> bool:
    if "resourcequotas" in seen.unreadable:
        return False
    return all(pods.name(found) != name for found in seen.quotas)
