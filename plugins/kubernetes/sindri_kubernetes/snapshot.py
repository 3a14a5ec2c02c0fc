"""Everything that tells how an environment is, read at one moment. What may not be read is left empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sindri_core.errors import Forbidden
from sindri_kubernetes.manifests import names
from sindri_kubernetes.resources import path

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api

Thing = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One environment as the API shows it. ``pods`` are those of the newest ReplicaSet, ``old_pods`` all others."""

    name: str
    namespace: str
    taken_at: datetime
    space: Thing | None = None
    deployment: Thing | None = None
    replica_set: Thing | None = None
    pods: tuple[Thing, ...] = ()
    old_pods: tuple[Thing, ...] = ()
    claim: Thing | None = None
    classes: tuple[Thing, ...] = ()
    quotas: tuple[Thing, ...] = ()
    inventory: Thing | None = None
    events: Mapping[str, tuple[Thing, ...]] = field(default_factory=dict)

    def events_of(self, thing: Thing | None) -> tuple[Thing, ...]:
        """The events about an object, the latest first."""
        return self.events.get(str(thing["metadata"]["uid"]), ()) if thing else ()

    def settled(self) -> bool:
        """Whether the controller has seen the Deployment as it is now; before that, pods tell of the past."""
        if self.deployment is None:
            return False
        seen = (self.deployment.get("status") or {}).get("observedGeneration", 0)
        return bool(seen >= self.deployment["metadata"].get("generation", 0))


def take(api: Api, namespace: str, name: str) -> Snapshot:
    """Read the environment with a handful of requests at once. Raises ``ClusterError`` when the server is not there."""
    labels = f"instance={name},{names.MANAGED_BY}=sindri"
    reads: dict[str, Callable[[], Any]] = {
        "space": lambda: api.get(path("Namespace", namespace)),
        "deployment": lambda: api.get(path("Deployment", name, namespace)),
        "sets": lambda: api.list(path("ReplicaSet", namespace=namespace), labels=labels),
        "pods": lambda: api.list(path("Pod", namespace=namespace), labels=labels),
        "claim": lambda: api.get(path("PersistentVolumeClaim", names.home_claim(name), namespace)),
        "inventory": lambda: api.get(path("ConfigMap", names.inventory(name), namespace)),
        "quotas": lambda: api.list(path("ResourceQuota", namespace=namespace)),
        "classes": lambda: api.list(path("StorageClass")),
        "events": lambda: api.list(path("Event", namespace=namespace)),
    }
    with ThreadPoolExecutor(max_workers=4) as pool:
        waiting = {key: pool.submit(_readable, read) for key, read in reads.items()}
        found = {key: future.result() for key, future in waiting.items()}
    deployment = found["deployment"]
    newest = _newest(found["sets"] or [], deployment)
    current, old = _divided(found["pods"] or [], newest)
    return Snapshot(
        name=name,
        namespace=namespace,
        taken_at=datetime.now(UTC),
        space=found["space"],
        deployment=deployment,
        replica_set=newest,
        pods=current,
        old_pods=old,
        claim=found["claim"],
        classes=tuple(found["classes"] or ()),
        quotas=tuple(found["quotas"] or ()),
        inventory=found["inventory"],
        events=_by_object(found["events"] or []),
    )


def _readable(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Forbidden:
        return None


def _newest(sets: list[Thing], deployment: Thing | None) -> Thing | None:
    """The ReplicaSet that the Deployment wants now: ours by owner, with the highest revision."""
    if deployment is None:
        return None
    uid = deployment["metadata"]["uid"]
    ours = [s for s in sets if any(o.get("uid") == uid for o in s["metadata"].get("ownerReferences") or ())]
    return max(ours, key=lambda s: int((s["metadata"].get("annotations") or {}).get(REVISION, 0)), default=None)


def _divided(pods: list[Thing], newest: Thing | None) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    uid = newest["metadata"]["uid"] if newest else None
    pods = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
    current = []
    for pod in pods:
        owners = pod["metadata"].get("ownerReferences") or ()
        if any(o.get("uid") == uid for o in owners) and not pod["metadata"].get("deletionTimestamp"):
            current.append(pod)
    return tuple(current), tuple(pod for pod in pods if pod not in current)


def _by_object(events: list[Thing]) -> dict[str, tuple[Thing, ...]]:
    grouped: dict[str, list[Thing]] = {}
    for event in sorted(events, key=_when, reverse=True):
        grouped.setdefault(str((event.get("involvedObject") or {}).get("uid")), []).append(event)
    return {uid: tuple(those) for uid, those in grouped.items()}


def _when(event: Thing) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
