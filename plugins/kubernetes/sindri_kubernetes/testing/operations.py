"""The verbs of the API: what a request does to the store."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import (
    admission,
    answers,
    apply,
    defaulting,
    managed_fields,
    quantities,
    schema,
    validation,
)
from sindri_kubernetes.testing.managed_fields import SERVER_OWNED, Entry
from sindri_kubernetes.testing.store import claim, timestamp

if TYPE_CHECKING:
    from sindri_kubernetes.testing.kinds import Kind
    from sindri_kubernetes.testing.store import Store

Body = dict[str, Any]
COUNTED = {"Deployment", "ReplicaSet", "NetworkPolicy", "Pod", "EndpointSlice"}
"""Kinds whose ``metadata.generation`` the real server keeps."""
FOREGROUND = "foregroundDeletion"
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """How a write is meant. ``warnings`` gathers what the server says beside its answer."""

    manager: str = "unknown"
    dry_run: bool = False
    force: bool = False
    subresource: str = ""
    warnings: list[str] = field(default_factory=list)


def create(store: Store, kind: Kind, body: Body, how: Write) -> Body:
    """Create an object."""
    metadata = body.setdefault("metadata", {})
    if metadata.get("generateName") and not metadata.get("name"):
        metadata["name"] = metadata["generateName"] + "".join(random.choices(LETTERS, k=5))  # noqa: S311 - a name
    body = _canonical(body, schema.of_kind(kind.name))
    with store.lock:
        name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
        if kind.namespaced:
            admission.check_namespace(store, kind, namespace, name)
        if store.get(kind.name, namespace, name) is not None:
            raise answers.exists(kind, name)
        body["metadata"] = _clean(body["metadata"])
        fresh = copy.deepcopy(body)
        _complete(store, kind, fresh)
        claim({"apiVersion": body["apiVersion"], "kind": kind.name, "metadata": {}}, fresh, how.manager)
        return _keep_new(store, kind, fresh, how)


def apply_object(store: Store, kind: Kind, namespace: str, name: str, wanted: Body, how: Write) -> tuple[Body, bool]:
    """Apply on the server's side. Returns the object and whether it is new."""
    spec = schema.of_kind(kind.name)
    wanted = _canonical(wanted, spec)
    given = wanted.setdefault("metadata", {})
    if given.get("managedFields"):
        raise answers.bad_request("metadata.managedFields must be nil")
    uid = given.get("uid")
    wanted["metadata"] = _clean(given) | {"name": name} | ({"namespace": namespace} if kind.namespaced else {})
    wanted.pop("status", None)
    with store.lock:
        live = store.get(kind.name, namespace, name)
        writer = Entry(how.manager, "Apply", wanted["apiVersion"], frozenset(), how.subresource, timestamp())
        if live is None:
            if kind.namespaced:
                admission.check_namespace(store, kind, namespace, name)
            if uid:
                raise answers.precondition(kind, name, uid, "")
            fresh, entries = apply.server_side_apply({}, wanted, spec, writer, force=True)
            _complete(store, kind, fresh)
            fresh["metadata"]["managedFields"] = managed_fields.write(entries)
            return _keep_new(store, kind, fresh, how), True
        result, entries = apply.server_side_apply(live, wanted, spec, writer, force=how.force)
        result["metadata"]["managedFields"] = managed_fields.write(entries)
        if uid:
            result["metadata"]["uid"] = uid
        return _keep_changed(store, kind, result, live, how), False


def patch(store: Store, kind: Kind, namespace: str, name: str, how: Write, edit: Callable[[Body], Body]) -> Body:
    """Change an object by an update, as the given function does."""
    with store.lock:
        live = _existing(store, kind, namespace, name)
        result = _canonical(edit(copy.deepcopy(live)), schema.of_kind(kind.name))
        result["metadata"] |= {key: value for key, value in live["metadata"].items() if key in KEPT}
        before = copy.deepcopy(live)
        _complete(store, kind, result)
        if result != before:
            claim(before, result, how.manager, how.subresource)
        return _keep_changed(store, kind, result, live, how)


def delete(store: Store, kind: Kind, namespace: str, name: str, options: Body, *, dry_run: bool) -> Body:
    """Delete an object, or mark it where others must finish first."""
    with store.lock:
        live = _existing(store, kind, namespace, name)
        metadata = live["metadata"]
        wanted = options.get("preconditions", {}).get("uid")
        if wanted and wanted != metadata["uid"]:
            raise answers.precondition(kind, name, wanted, metadata["uid"])
        if kind.name == "Namespace" and name in admission.IMMUTABLE_NAMESPACES:
            raise answers.forbidden(kind, name, "this namespace may not be deleted")
        if options.get("propagationPolicy") == "Foreground" and kind.name != "Pod":
            metadata["finalizers"] = sorted({*metadata.get("finalizers", []), FOREGROUND})
        if options.get("propagationPolicy") == "Orphan":
            raise answers.not_modelled("the propagation policy Orphan")
        graceful = kind.name == "Pod" and bool(live["spec"].get("nodeName"))
        if metadata.get("finalizers") or graceful or kind.name == "Namespace":
            _mark_deleted(live, options, graceful=graceful)
            return live if dry_run else store.replace(live)
        if not dry_run:
            store.remove(live)
        details = {"name": name, "kind": kind.plural, "uid": metadata["uid"]}
        details |= {"group": kind.group} if kind.group else {}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _mark_deleted(live: Body, options: Body, *, graceful: bool) -> None:
    """Let others finish with it first."""
    metadata = live["metadata"]
    if not metadata.get("deletionTimestamp"):
        metadata["deletionTimestamp"] = timestamp()
        grace = live["spec"].get("terminationGracePeriodSeconds", 30) if graceful else 0
        if live["kind"] != "Namespace":
            metadata["deletionGracePeriodSeconds"] = options.get("gracePeriodSeconds", grace)
        if "generation" in metadata:
            metadata["generation"] += 1
    if live["kind"] == "Namespace":
        live["status"] = {"phase": "Terminating"}


KEPT = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")


def _existing(store: Store, kind: Kind, namespace: str, name: str) -> Body:
    live = store.get(kind.name, namespace, name)
    if live is None:
        raise answers.not_found(kind, name)
    return live


def _complete(store: Store, kind: Kind, body: Body) -> None:
    """Set defaults, and what the server alone decides."""
    defaulting.fill(body, admission.default_class(store))
    spec = body.get("spec", {})
    if kind.name == "PersistentVolumeClaim" and not body["metadata"].get("uid"):
        body["metadata"]["finalizers"] = sorted(
            {*body["metadata"].get("finalizers", []), "kubernetes.io/pvc-protection"}
        )
    if kind.name == "Service" and not spec.get("clusterIP") and spec["type"] != "ExternalName":
        taken = {service["spec"].get("clusterIP") for service in store.list("Service")}
        spec["clusterIP"] = next(ip for n in range(256, 65000) if (ip := f"10.96.{n // 256}.{n % 256}") not in taken)
    if kind.name == "Service" and spec.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def _keep_new(store: Store, kind: Kind, body: Body, how: Write) -> Body:
    if kind.name in COUNTED:
        body["metadata"]["generation"] = 1
    validation.check(body, None)
    _admit(store, kind, body, None, how)
    if how.dry_run:
        body["metadata"] |= {"uid": "00000000-0000-4000-8000-000000000000", "creationTimestamp": timestamp()}
        return body
    return store.add(body)


def _keep_changed(store: Store, kind: Kind, body: Body, live: Body, how: Write) -> Body:
    _complete(store, kind, body)
    validation.check(body, live)
    _admit(store, kind, body, live, how)
    if kind.name in COUNTED and body.get("spec") != live.get("spec"):
        body["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1
    if how.dry_run or body == live:
        return body
    return store.replace(body)


def _admit(store: Store, kind: Kind, body: Body, live: Body | None, how: Write) -> None:
    if kind.name in {"Pod", "Deployment", "ReplicaSet"}:
        how.warnings.extend(admission.check_pod_security(store, kind, body))
    if kind.name == "Pod" and live is None:
        admission.check_service_account(store, body)
        admission.check_webhook(store, body)
    if kind.name == "PersistentVolumeClaim" and live is not None:
        admission.check_expansion(store, body, live)
    if kind.namespaced and kind.name != "ResourceQuota":
        admission.check_quota(store, kind, body, live)


def _clean(metadata: Body) -> Body:
    """Leave out what only the server writes."""
    owned = {path[1][2:] for path in SERVER_OWNED if len(path) > 1} - {"name", "namespace", "generateName"}
    return {key: value for key, value in metadata.items() if key not in owned}


def _canonical(value: Any, spec: schema.Spec) -> Any:
    """Write quantities as the server stores them and leave out nulls."""
    if spec == "q":
        return quantities.canonical(value)
    if isinstance(value, dict):
        known, below = schema.fields(spec), schema.map_value(spec)
        return {
            key: _canonical(child, known.get(key, "o") if known is not None else below)
            for key, child in value.items()
            if child is not None
        }
    if isinstance(value, list):
        return [_canonical(child, schema.item(spec)) for child in value]
    return value
