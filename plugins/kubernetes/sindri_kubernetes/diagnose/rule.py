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

SAME_TIME = 5.0
"""Seconds by which the times of an event and of a condition about the same attempt may differ."""
Judge: TypeAlias = Callable[["Snapshot"], Finding | None]


class Rank(IntEnum):
    """How early in the life of a pod a trouble stands. What comes first hides what would come after it.

    A claim that nobody will ever serve comes before the search for a node, which waits for it; a volume that is being
    made comes after. Last comes what is only quoted, because no rule knows it.
    """

    REMOVAL = 0
    ADMISSION = 1
    QUOTA = 2
    CLAIM = 3
    SCHEDULING = 4
    VOLUME = 5
    IMAGE = 6
    CONFIG = 7
    RUNTIME = 8
    PROBE = 9
    UNKNOWN = 10


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
    return f"{thing.get('kind') or kind}/{reading.name(thing)}"


def refusals(seen: Snapshot) -> Iterator[tuple[str, float]]:
    """Give the reasons why no pod can be made, each with the seconds since it was first so.

    They stand in the ReplicaSet, or in the Deployment when not even that can be made. A condition keeps the words of
    the first attempt that failed; an event tells those of the last.
    """
    if seen.pods or not seen.settled():
        return
    thing, kind = (seen.replica_set, "ReplicaFailure") if seen.replica_set else (seen.deployment, "Progressing")
    found = reading.condition(thing, kind)
    if found.get("reason") not in {"FailedCreate", "ReplicaSetCreateError"}:
        return
    since = reading.age(found.get("lastTransitionTime"), seen.taken_at) or 0.0
    for event in seen.events_of(thing):
        last = reading.age(last_seen(event), seen.taken_at)
        if event.get("reason") == "FailedCreate" and last is not None and last < since + SAME_TIME:
            first = reading.age(first_seen(event), seen.taken_at) or 0.0
            yield str(event.get("message") or "").rpartition("Error creating: ")[2], min(first, since)
            return
    yield str(found.get("message") or ""), since


def unscheduled(seen: Snapshot) -> tuple[Thing, Thing, str] | None:
    """Return the pod that finds no node, the condition that says so, and what it says."""
    pod = seen.pod
    found = reading.condition(pod, "PodScheduled")
    if pod is None or reading.has_node(pod) or found.get("status") != "False":
        return None
    return pod, found, str(found.get("message") or "")


def waiting(seen: Snapshot, *reasons: str) -> tuple[Thing, Waiting] | None:
    """Return the pod's first container that waits for one of these reasons."""
    if seen.pod is None:
        return None
    return next(((seen.pod, found) for found in reading.waiting(seen.pod) if found.reason in reasons), None)


def first_seen(event: Thing) -> object:
    """Return when an event was seen first. The two APIs of events write different fields."""
    return event.get("firstTimestamp") or event.get("eventTime")


def last_seen(event: Thing) -> object:
    """Return when an event was seen last."""
    again = reading.part(event, "series").get("lastObservedTime")
    return again or event.get("lastTimestamp") or event.get("eventTime")


def times(event: Thing) -> int:
    """Return how often an event was seen."""
    return int(event.get("count") or reading.part(event, "series").get("count") or 1)


def say(thing: Thing) -> str:
    """Quote an event or a condition: its reason and its message."""
    return ": ".join(str(thing[key]).strip() for key in ("reason", "message") if thing.get(key))
