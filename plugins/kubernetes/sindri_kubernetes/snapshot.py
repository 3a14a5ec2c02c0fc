"""Everything that tells how an environment is, read at one moment.

What always matters is read first, all at once; what only explains a trouble is read when there is one. What may not
be read is left empty and named in ``unreadable``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from sindri_core.errors import Forbidden
from sindri_kubernetes import pods as reading
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import annotation, label, metadata
from sindri_kubernetes.resources import path

if TYPE_CHECKING:
    from datetime import datetime

    from sindri_kubernetes.api import Api
    from sindri_kubernetes.pods import Thing

PARALLEL = 6
REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_HASH = "pod-template-hash"
EVENTS = "events "
"""What the keys of reads of events begin with; the UID of the object follows."""
Reads: TypeAlias = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One environment as the API shows it.

    ``replica_set`` is the one that the Deployment wants now, ``pods`` are its own that are not being deleted, newest
    first; ``old_pods`` are all others. ``events`` holds those about the objects in question by UID, newest first.
    ``foreign`` is true when a Deployment of this name is there and not ours: then it is left out.
    """

    name: str
    namespace: str
    taken_at: datetime
    space: Thing | None = None
    deployment: Thing | None = None
    foreign: bool = False
    replica_set: Thing | None = None
    pods: tuple[Thing, ...] = ()
    old_pods: tuple[Thing, ...] = ()
    claim: Thing | None = None
    inventory: Thing | None = None
    account: Thing | None = None
    volume: Thing | None = None
    classes: tuple[Thing, ...] = ()
    quotas: tuple[Thing, ...] = ()
    limit_ranges: tuple[Thing, ...] = ()
    nodes: tuple[Thing, ...] = ()
    events: Mapping[str, tuple[Thing, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @property
    def pod(self) -> Thing | None:
        """The pod that counts: the newest that has not ended for good, else the newest."""
        alive = [pod for pod in self.pods if not reading.is_over(pod)]
        return next(iter(alive or self.pods), None)

    @property
    def replicas(self) -> int:
        """How many pods the Deployment shall have; 0 without a Deployment."""
        wanted = reading.part(self.deployment, "spec").get("replicas")
        return (1 if wanted is None else int(wanted)) if self.deployment else 0

    def events_of(self, thing: Thing | None) -> tuple[Thing, ...]:
        """Return the events about an object, the newest first."""
        return self.events.get(str(metadata(thing).get("uid")), ()) if thing else ()

    def settled(self) -> bool:
        """Whether the controller has seen the Deployment as it is now; before that, pods tell of the past."""
        if self.deployment is None:
            return False
        seen = reading.status(self.deployment).get("observedGeneration") or 0
        return bool(seen >= (metadata(self.deployment).get("generation") or 0))


def take(api: Api, namespace: str, name: str) -> Snapshot:
    """Read the environment. Raises ``ClusterError`` when the server is not there, not when a right is missing."""
    labels = f"instance={name},{names.MANAGED_BY}=sindri"
    with ThreadPoolExecutor(PARALLEL) as pool:
        first, hidden = _read(
            pool,
            {
                "namespaces": partial(api.get, path("Namespace", namespace)),
                "deployments": partial(api.get, path("Deployment", name, namespace)),
                "replicasets": partial(api.list, path("ReplicaSet", namespace=namespace), labels=labels),
                "pods": partial(api.list, path("Pod", namespace=namespace), labels=labels),
                "persistentvolumeclaims": partial(
                    api.get, path("PersistentVolumeClaim", names.home_claim(name), namespace)
                ),
                "configmaps": partial(api.get, path("ConfigMap", names.inventory(name), namespace)),
            },
        )
        there = first["deployments"]
        deployment = there if there and label(there, names.MANAGED_BY) == "sindri" else None
        wanted = _wanted(first["replicasets"] or (), deployment)
        pods, old_pods = _divided(first["pods"] or (), wanted)
        taken = Snapshot(
            name=name,
            namespace=namespace,
            taken_at=api.now(),
            space=first["namespaces"],
            deployment=deployment,
            foreign=there is not None and deployment is None,
            replica_set=wanted,
            pods=pods,
            old_pods=old_pods,
            claim=first["persistentvolumeclaims"],
            inventory=first["configmaps"],
            unreadable=hidden,
        )
        return _explained(taken, *_read(pool, _explaining(api, taken)))


def _explained(taken: Snapshot, more: Mapping[str, Any], hidden: tuple[str, ...]) -> Snapshot:
    events = {key.removeprefix(EVENTS): found for key, found in more.items() if key.startswith(EVENTS)}
    return replace(
        taken,
        account=more.get("serviceaccounts"),
        volume=more.get("persistentvolumes"),
        classes=tuple(more.get("storageclasses") or ()),
        quotas=tuple(more.get("resourcequotas") or ()),
        limit_ranges=tuple(more.get("limitranges") or ()),
        nodes=tuple(more.get("nodes") or ()),
        events={uid: tuple(sorted(found or (), key=_when, reverse=True)) for uid, found in events.items()},
        unreadable=tuple(dict.fromkeys((*taken.unreadable, *(key.partition(" ")[0] for key in hidden)))),
    )


def _explaining(api: Api, taken: Snapshot) -> Reads:
    """Name what would explain a trouble of the snapshot: nothing when the environment runs or shall not run."""
    pod, claim, where = taken.pod, taken.claim, taken.namespace
    if taken.replicas == 0 or (pod and reading.is_ready(pod)):
        return {}
    reads: dict[str, Callable[[], Any]] = {}
    for thing in filter(None, (pod, claim, taken.replica_set)):
        uid = str(metadata(thing).get("uid"))
        reads[EVENTS + uid] = partial(api.list, path("Event", namespace=where), fields=f"involvedObject.uid={uid}")
    if pod is None:
        reads["serviceaccounts"] = partial(api.get, path("ServiceAccount", taken.name, where))
        reads["resourcequotas"] = partial(api.list, path("ResourceQuota", namespace=where))
        reads["limitranges"] = partial(api.list, path("LimitRange", namespace=where))
    elif not reading.has_node(pod):
        reads["nodes"] = partial(api.list, path("Node"))
    if claim and reading.status(claim).get("phase") != "Bound":
        reads["storageclasses"] = partial(api.list, path("StorageClass"))
    if claim and (volume := reading.part(claim, "spec").get("volumeName")):
        reads["persistentvolumes"] = partial(api.get, path("PersistentVolume", volume))
    return reads


def _read(pool: ThreadPoolExecutor, wanted: Reads) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read everything at once; return what was found, and the keys of what may not be read."""
    running = {key: pool.submit(_allowed, call) for key, call in wanted.items()}
    answers = {key: future.result() for key, future in running.items()}
    hidden = tuple(key for key, (_, allowed) in answers.items() if not allowed)
    return {key: found for key, (found, _) in answers.items()}, hidden


def _allowed(call: Callable[[], Any]) -> tuple[Any, bool]:
    try:
        return call(), True
    except Forbidden:
        return None, False


def _wanted(sets: Iterable[Thing], deployment: Thing | None) -> Thing | None:
    """Find the ReplicaSet of the Deployment's present template, as its controller does.

    Before the controller has made it there is none: the newest that exists still runs what was wanted before.
    """
    if deployment is None:
        return None
    uid, template = metadata(deployment).get("uid"), _without_hash(reading.part(deployment, "spec", "template"))
    ours = [f for f in sets if _owned_by(f, uid) and _without_hash(reading.part(f, "spec", "template")) == template]
    return max(ours, key=_revision, default=None)


def _revision(found: Thing) -> int:
    written = annotation(found, REVISION)
    return int(written) if written.isdecimal() else 0


def _without_hash(template: Thing) -> Thing:
    marks = reading.part(template, "metadata")
    labels = {key: value for key, value in reading.part(marks, "labels").items() if key != TEMPLATE_HASH}
    return {**template, "metadata": {**marks, "labels": labels}}


def _owned_by(thing: Thing, uid: object) -> bool:
    return any(owner.get("uid") == uid for owner in reading.parts(thing, "metadata", "ownerReferences"))


def _divided(pods: Iterable[Thing], wanted: Thing | None) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    """Tell the pods of the wanted ReplicaSet that are there to stay from all others, the newest first."""
    pods = sorted(pods, key=lambda pod: str(metadata(pod).get("creationTimestamp")), reverse=True)
    uid = metadata(wanted).get("uid") if wanted else ""
    current = [pod for pod in pods if _owned_by(pod, uid) and not reading.is_going(pod)]
    return tuple(current), tuple(pod for pod in pods if pod not in current)


def _when(event: Thing) -> str:
    """When an event was seen last; both kinds of timestamps sort as texts."""
    series = event.get("series") or {}
    seen = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return str(seen or metadata(event).get("creationTimestamp") or "")
