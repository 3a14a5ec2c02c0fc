"""What rules are made of: a pure function of a snapshot, with the code of its finding and its place in causality."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from sindri_core.types import Finding
from sindri_kubernetes import pods as reading

if TYPE_CHECKING:
    from sindri_kubernetes.pods import Thing, Waiting
    from sindri_kubernetes.snapshot import Snapshot

Judge: TypeAlias = Callable[["Snapshot"], Finding | None]


class Rank(IntEnum):
    """How early in the life of a pod a trouble stands. What comes first hides what would come after it."""

    REMOVAL = 0
    ADMISSION = 1
    QUOTA = 2
    SCHEDULING = 3
    VOLUME = 4
    IMAGE = 5
    CONFIG = 6
    RUNTIME = 7
    PROBE = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """A function that looks for one trouble, and the code under which it is found."""

    code: str
    rank: Rank
    judge: Judge

    def __call__(self, seen: Snapshot) -> Finding | None:
        """Return what is wrong, or None."""
        found = self.judge(seen)
        return replace(found, code=self.code) if found else None


def rule(code: str, rank: Rank) -> Callable[[Judge], Rule]:
    """Make a rule of a function; its finding gets the code."""
    return lambda judge: Rule(code, rank, judge)


def trouble(  # noqa: PLR0913 - the parts of a finding, by keyword
    message: str, about: str, *, seen: tuple[str, ...], cause: str, fix: tuple[str, ...], heals: bool = False
) -> Finding:
    """Make a finding without a code, which is the rule's."""
    facts = tuple(fact for fact in seen if fact)
    return Finding(code="", message=message, object=about, seen=facts, cause=cause, fix=fix, heals=heals)


def kubectl(snapshot: Snapshot, words: str) -> str:
    """Write a kubectl command for the environment's namespace."""
    return f"kubectl -n {snapshot.namespace} {words}"


def written(key: str, value: str) -> str:
    """Say what to write in sindri.yaml."""
    return f"in sindri.yaml: {key}: {value}   then: sindri deploy"


def name_of(thing: Thing, kind: str = "Pod") -> str:
    """Name an object for people: ``Pod/sindri-k8s-6c9f8``. Objects of a list do not say their kind."""
    return f"{thing.get('kind') or kind}/{thing['metadata']['name']}"


def refusals(seen: Snapshot) -> Iterator[tuple[str, float]]:
    """Give the reasons why no pod can be made, each with the seconds since it was first so.

    They stand in the ReplicaSet, or in the Deployment when not even that can be made.
    """
    if seen.pods:
        return
    thing, kind = (seen.replica_set, "ReplicaFailure") if seen.replica_set else (seen.deployment, "Progressing")
    found = reading.condition(thing, kind)
    if found.get("reason") in {"FailedCreate", "ReplicaSetCreateError"}:
        since = reading.age(found.get("lastTransitionTime"), seen.taken_at)
        yield str(found.get("message") or ""), since or 0.0


def unscheduled(seen: Snapshot) -> tuple[Thing, Thing, str] | None:
    """Return the pod that finds no node, the condition that says so, and what it says."""
    pod = seen.pod
    found = reading.condition(pod, "PodScheduled")
    if pod is None or found.get("status") != "False":
        return None
    return pod, found, str(found.get("message") or "")


def waiting(seen: Snapshot, *reasons: str) -> tuple[Thing, Waiting] | None:
    """Return the pod's first container that waits for one of these reasons."""
    if seen.pod is None:
        return None
    return next(((seen.pod, found) for found in reading.waiting(seen.pod) if found.reason in reasons), None)


def say(thing: Thing) -> str:
    """Quote an event or a condition: its reason and its message."""
    return ": ".join(str(thing[key]).strip() for key in ("reason", "message") if thing.get(key))
