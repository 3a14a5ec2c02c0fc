"""The place of one environment in Kubernetes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, Forbidden
from sindri_core.types import Action, Applied, Change, Changes, Issue, Manifest, Removal, Severity, Status
from sindri_kubernetes import apply, compare, destroy, identity, ownership, power, preflight, resources, rights, seen
from sindri_kubernetes.apply import Prepared
from sindri_kubernetes.client import access_of, connect
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import label, metadata
from sindri_kubernetes.settings import KubernetesSettings
from sindri_kubernetes.validate import reserved

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import TargetRequest
    from sindri_kubernetes.compare import Compared
    from sindri_kubernetes.identity import Identity
    from sindri_kubernetes.seen import Seen

PARALLEL = 6
CLAIM = "PersistentVolumeClaim"
ORDER = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    CLAIM,
    "Service",
    "Deployment",
)


def open_target(ctx: Context, request: TargetRequest) -> KubernetesTarget:
    """Connect, and make sure that it is the right cluster."""
    return KubernetesTarget(ctx, request)


class KubernetesTarget:
    """Implements ``sindri_core.interfaces.Target``."""

    def __init__(self, ctx: Context, request: TargetRequest) -> None:
        self._ctx = ctx
        self._request = request
        self._settings = KubernetesSettings.of(ctx)
        self._where = request.destination.namespace
        self._name = ctx.config.name
        self._warnings: list[str] = []
        self._prepared: Prepared | None = None
        self._missing: tuple[rights.Right, ...] = ()
        access = access_of(request.destination)
        self._api = connect(ctx, request.destination, self._warnings.append)
        self._key = f"{request.destination.context}/{self._where}/{self._name}"
        with ExitStack() as failing:
            failing.callback(self._api.close)
            self._identity: Identity = identity.identify(self._api, access.fingerprint)
            identity.check_pin(self._settings, self._identity, request.destination.server)
            if not request.accept_cluster:
                identity.check(ctx.state_dir, self._key, self._identity)
            elif not ctx.dry_run:
                identity.record(ctx.state_dir, self._key, self._identity)
            failing.pop_all()

    def diff(self, manifests: Sequence[Manifest]) -> Changes:
        """Compare by dry runs on the server."""
        self._prepared = None
        _know(manifests, self._where)
        objects = sorted((m for m in manifests if m.kind != "Namespace"), key=_rank)
        if reserved(self._where):
            reason = "it belongs to the cluster itself"
            return self._hopeless(objects, "SND-K8S-108", reason, "choose another namespace")
        found = self._look(objects)
        if found.namespace and (since := metadata(found.namespace).get("deletionTimestamp")):
            hint = "wait until it is gone (kubectl get namespace shows what it waits for), or choose another namespace"
            return self._hopeless(objects, "SND-K8S-107", f"it is being deleted since {since}", hint)
        if not found.env_uid:
            found = replace(found, env_uid=uuid.uuid4().hex)
        self._missing = rights.missing(self._api, rights.needed(self._where, create_namespace=not found.exists))
        compared = self._compare(objects, found)
        leftovers = self._leftovers(objects, found)
        space = next((m for m in manifests if m.kind == "Namespace" and m.name == self._where), None)
        new_space = None if found.exists or space is None else compare.stamped(space, self._name, found.env_uid)
        self._prepared = Prepared(
            namespace=self._where,
            env_uid=found.env_uid,
            created=found.created,
            namespace_body=new_space,
            compared=tuple(zip(objects, compared, strict=True)),
            leftovers=leftovers,
            recorded=found.recorded,
            begun=found.inventory is not None,
        )
        first = Change(action=Action.SAME if found.exists else Action.CREATE, kind="Namespace", name=self._where)
        items = (first, *self._foreign_inventory(found), *(c.change for c in compared), *leftovers)
        return Changes(
            items=items, identity=str(self._identity), issues=self._issues(objects, found), data=_data(items)
        )

    def apply(self, manifests: Sequence[Manifest], changes: Changes) -> Applied:
        """Carry out what ``diff`` found. Refuses as a whole before the first write."""
        apply.refuse(changes)
        if self._missing:
            raise rights.refusal(self._missing, self._where, rights.who_am_i(self._api))
        if self._prepared is None:
            self.diff(manifests)
        assert self._prepared is not None  # noqa: S101 - diff sets it unless it refuses, and that was raised above
        identity.record(self._ctx.state_dir, self._key, self._identity)
        return apply.carry_out(self._api, self._ctx, self._prepared, self._name)

    def observe(self) -> Status:
        """Look once."""
        from sindri_kubernetes import observe, snapshot

        taken = snapshot.take(self._api, self._where, self._name)
        return observe.status(taken, self._request.destination, cluster=self._request.cluster.kind)

    def await_change(self, seconds: float) -> None:
        """Wait for an event of the environment's objects."""
        from sindri_kubernetes import observe

        observe.await_change(self._api, self._where, self._name, seconds)

    def scale(self, replicas: int) -> bool:
        """Set the power."""
        found = seen.look(self._api, self._where, self._name, ())
        return power.scale(self._api, self._where, self._name, found.env_uid, replicas)

    def remove(self, *, delete_data: bool, dry_run: bool) -> Removal:
        """Take the environment away."""
        found = seen.look(self._api, self._where, self._name, ())
        work = destroy.Demolition(
            api=self._api, ctx=self._ctx, name=self._name, seen=found, delete_data=delete_data, dry_run=dry_run
        )
        return destroy.remove(work)

    def environments(self) -> Sequence[Status]:
        """List all environments of ours."""
        from sindri_kubernetes.environments import environments

        return environments(self._api, self._request.destination, self._request.cluster.kind)

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()

    def _look(self, objects: Sequence[Manifest]) -> Seen:
        """Read what is there; where that is forbidden, say what is missing altogether."""
        try:
            return seen.look(self._api, self._where, self._name, [(m.kind, m.name, m.scope) for m in objects])
        except Forbidden as error:
            missing = rights.missing(self._api, rights.needed(self._where, create_namespace=False))
            if not missing:
                raise
            raise rights.refusal(missing, self._where, rights.who_am_i(self._api)) from error

    def _compare(self, objects: Sequence[Manifest], found: Seen) -> list[Compared]:
        if self._missing:
            reason = "not compared: permissions are missing"
            return [compare.Compared(change=_unknown(m, reason), body=m.body) for m in objects]
        if not found.exists:
            note = "the server's own checks run once the namespace exists"
            return [
                compare.Compared(
                    change=replace(_unknown(m, ""), action=Action.CREATE, note=note),
                    body=compare.stamped(m, self._name, found.env_uid),
                )
                for m in objects
            ]

        def one(manifest: Manifest) -> Compared:
            recorded = found.recorded.entry(manifest.kind, manifest.name) if found.recorded else None
            wanted = compare.Wanted(
                manifest=manifest,
                live=found.objects[manifest.kind, manifest.name, manifest.scope],
                body=compare.stamped(manifest, self._name, found.env_uid),
                env_uid=found.env_uid,
                recorded=recorded,
                adopt=ownership.adoptable(manifest.kind, manifest.name, self._request.adopt),
                force=self._request.force_conflicts,
            )
            return compare.compare(self._api, wanted, self._expandable)

        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(one, objects))

    def _expandable(self, storage_class: str) -> bool | None:
        """Whether the class lets volumes grow; None where that may not be read."""
        if not storage_class:
            return False
        try:
            live = self._api.get(resources.path("StorageClass", storage_class))
        except Forbidden:
            return None
        return bool(live and live.get("allowVolumeExpansion"))

    def _leftovers(self, objects: Sequence[Manifest], found: Seen) -> tuple[Change, ...]:
        """Find what an earlier deploy wrote and nobody wants any more. Never data, never a namespace."""
        wanted = {(m.kind, m.name, m.scope) for m in objects}
        recorded = [(e.kind, e.name, e.namespace) for e in found.recorded.objects] if found.recorded else []
        changes = []
        for wanted_id in recorded:
            live = found.objects.get(wanted_id)
            kind, name, scope = wanted_id
            if live is None or wanted_id in wanted or kind in {CLAIM, "Namespace"}:
                continue
            if ownership.is_ours(live, found.env_uid):
                changes.append(compare.removal(kind, name, live, scope))
        return tuple(changes)

    def _foreign_inventory(self, found: Seen) -> tuple[Change, ...]:
        """Refuse where somebody else has a ConfigMap of the inventory's name."""
        live, name = found.inventory, names.inventory(self._name)
        if live is None or label(live, names.MANAGED_BY) == "sindri":
            return ()
        return (
            Change(
                action=Action.REFUSED,
                kind="ConfigMap",
                name=name,
                scope=self._where,
                reason=f"it exists and belongs to {ownership.owner(live)}",
                hint="choose another name in sindri.yaml, or rename that ConfigMap",
                error="SND-K8S-102",
            ),
        )

    def _hopeless(self, objects: Sequence[Manifest], code: str, reason: str, hint: str) -> Changes:
        """Refuse the namespace as a whole."""
        first = Change(action=Action.REFUSED, kind="Namespace", name=self._where, reason=reason, hint=hint, error=code)
        rest = (_unknown(manifest, "not compared: the namespace cannot be used") for manifest in objects)
        return Changes(items=(first, *rest), identity=str(self._identity))

    def _issues(self, objects: Sequence[Manifest], found: Seen) -> tuple[Issue, ...]:
        issues: list[Issue] = []
        if self._missing:
            refusal = rights.refusal(self._missing, self._where, rights.who_am_i(self._api))
            lacking = ", ".join(map(str, self._missing))
            issues.append(
                Issue(
                    code=refusal.code,
                    severity=Severity.WARNING,
                    path="providers.kubernetes.namespace",
                    message=f"{refusal.message}: {lacking}",
                    hint="sindri deploy shows the Role to ask for, and writes nothing",
                )
            )
        live = {f"{kind}/{name}": body for (kind, name, _), body in found.objects.items()}
        issues += preflight.look(self._api, self._where, self._settings, objects, live, exists=found.exists)
        issues += preflight.pod_security_issues(self._warnings, restricted=self._settings.restricted)
        issues += preflight.other_warnings(self._warnings)
        return tuple(issues)


def _know(manifests: Sequence[Manifest], where: str) -> None:
    """Raise ``ClusterError`` for objects that a plugin added and nobody here can plan, apply or remove."""
    for manifest in manifests:
        place = manifest.name if manifest.kind == "Namespace" else str(metadata(manifest.body).get("namespace", ""))
        if place != where:
            raise ClusterError(
                "SND-K8S-119",
                f"{manifest.id} belongs to the namespace {place or '(none)'}, and the environment lives in {where}",
                hint="leave out the plugin that adds it: an environment consists of objects of its own namespace",
            )
        if manifest.kind not in resources.KINDS:
            raise ClusterError(
                "SND-K8S-119",
                f"{manifest.id} is of a kind that this provider does not know",
                hint=f"leave out the plugin that adds it; known are {', '.join(sorted(resources.KINDS))}",
            )


def _rank(manifest: Manifest) -> tuple[int, str]:
    """Sort by dependency: what others need comes first."""
    known = manifest.kind in ORDER
    return (ORDER.index(manifest.kind) if known else ORDER.index("Service"), manifest.kind if not known else "")


def _unknown(manifest: Manifest, reason: str) -> Change:
    return Change(action=Action.UNKNOWN, kind=manifest.kind, name=manifest.name, scope=manifest.scope, reason=reason)


def _data(items: Sequence[Change]) -> str:
    """Say in one sentence what happens to the home volume."""
    claim = next((change for change in items if change.kind == CLAIM), None)
    if claim is None:
        return ""
    if claim.action is Action.CREATE:
        return "A new home volume is made."
    if claim.action is Action.CHANGE and claim.note.startswith("the volume"):
        return f"{claim.note[:1].upper()}{claim.note[1:]}."
    return "The home volume is not touched."
