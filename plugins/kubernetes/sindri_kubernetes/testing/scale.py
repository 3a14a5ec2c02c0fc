"""The subresource ``scale``: the number of replicas and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import answers, decoding, operations, patches
from sindri_kubernetes.testing.operations import Write

if TYPE_CHECKING:
    from sindri_kubernetes.testing.requests import Request, Target
    from sindri_kubernetes.testing.store import Store

Body = dict[str, Any]
APPLY = "application/apply-patch+yaml"


def respond(store: Store, target: Target, request: Request) -> Body:
    """Read or write the scale of an object."""
    live = store.get(target.kind.name, target.namespace, target.name)
    if live is None:
        raise answers.not_found(target.kind, target.name)
    if request.method == "GET":
        return view(live)
    how = Write(
        manager=request.manager,
        dry_run=request.dry_run,
        force=request.query.get("force") == "true",
        subresource="scale",
    )
    change = decoding.decode(request.body, applying=request.content_type == APPLY)
    if request.method == "PATCH" and request.content_type == APPLY:
        wanted = _skeleton(live, _replicas(change))
        result, _ = operations.apply_object(store, target.kind, target.namespace, target.name, wanted, how)
        return view(result)
    if request.method == "PATCH" and request.content_type == patches.MERGE:
        replicas = _replicas(patches.merge(view(live), change))
    elif request.method == "PUT":
        replicas = _replicas(change)
    else:
        raise answers.not_modelled(f"{request.method} of a scale with the type {request.content_type}")

    def edit(body: Body) -> Body:
        body["spec"]["replicas"] = replicas
        return body

    return view(operations.patch(store, target.kind, target.namespace, target.name, how, edit))


def view(live: Body) -> Body:
    """Return the scale of an object."""
    metadata = live["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = ",".join(f"{key}={value}" for key, value in sorted(live["spec"]["selector"]["matchLabels"].items()))
    spec = {"replicas": live["spec"]["replicas"]} if live["spec"]["replicas"] else {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept},
        "spec": spec,
        "status": {"replicas": live.get("status", {}).get("replicas", 0), "selector": selector},
    }


def _replicas(body: Body) -> int:
    replicas = body.get("spec", {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise answers.bad_request("spec.replicas must be a number")
    return replicas


def _skeleton(live: Body, replicas: int) -> Body:
    metadata = {"name": live["metadata"]["name"]}
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": metadata,
        "spec": {"replicas": replicas},
    }
