"""What the simulated API server answers to a request, HTTP left aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import answers, decoding, discovery, operations, patches, requests, scale, selection
from sindri_kubernetes.testing.operations import Write
from sindri_kubernetes.testing.requests import VERBS, Request, Target

if TYPE_CHECKING:
    from sindri_kubernetes.testing.store import Store

Body = dict[str, Any]
APPLY = "application/apply-patch+yaml"
REVIEWS = {
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": "SelfSubjectAccessReview",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews": "SelfSubjectReview",
}


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. ``admin`` may do everything, anybody else only ask who they are and what they may."""

    name: str
    admin: bool


@dataclass(slots=True)
class Answer:
    """What goes back: a status code, an object, and warnings."""

    code: int
    body: Body
    warnings: list[str] = field(default_factory=list)


def respond(store: Store, request: Request, user: User) -> Answer:
    """Answer a request that is no watch."""
    try:
        return _respond(store, request, user)
    except answers.Refused as refusal:
        return Answer(refusal.code, refusal.status())


def _respond(store: Store, request: Request, user: User) -> Answer:
    found = discovery.answer(request.path.rstrip("/") or "/") if request.method == "GET" else None
    if found is not None:
        return Answer(200, found)
    if request.path in REVIEWS and request.method == "POST":
        return Answer(201, _review(request, user))
    return _serve(store, request, user)


def _serve(store: Store, request: Request, user: User) -> Answer:
    target = requests.target(request.path)
    authorise(target, request, user)
    if target.subresource == "scale":
        return Answer(200, scale.respond(store, target, request))
    if target.subresource:
        raise answers.not_modelled(f"{request.method} {request.path}")
    match request.method:
        case "GET":
            return Answer(200, _read(store, target, request))
        case "POST":
            return _create(store, target, request)
        case "PATCH":
            return _patch(store, target, request)
        case "DELETE" if target.name:
            options = decoding.decode(request.body, applying=False) if request.body else {}
            # like the real server: where there is a body, the options of the query are not read, dryRun included
            options = options or {k: v for k, v in request.query.items() if k == "propagationPolicy"}
            dry_run = options.get("dryRun") == ["All"] if request.body else request.dry_run
            body = operations.delete(store, target.kind, target.namespace, target.name, options, dry_run=dry_run)
            return Answer(200, body)
    raise answers.not_modelled(f"{request.method} {request.path}")


def authorise(target: Target, request: Request, user: User) -> None:
    """Refuse everything to users without rights."""
    if user.admin:
        return
    verb = VERBS.get(request.method, request.method.lower())
    if verb == "get" and not target.name:
        verb = "watch" if "watch" in request.query else "list"
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    resource = "/".join(filter(None, (target.kind.plural, target.subresource)))
    why = f'User "{user.name}" cannot {verb} resource "{resource}" in API group "{target.kind.group}" {where}'
    raise answers.forbidden(target.kind, target.name, why)


def _review(request: Request, user: User) -> Body:
    body = {"metadata": {}} | decoding.decode(request.body, applying=False)
    if REVIEWS[request.path] == "SelfSubjectReview":
        return body | {"status": {"userInfo": {"username": user.name, "groups": ["system:authenticated"]}}}
    return body | {"status": {"allowed": user.admin}}


def _read(store: Store, target: Target, request: Request) -> Body:
    if target.name:
        found = store.get(target.kind.name, target.namespace, target.name)
        if found is None:
            raise answers.not_found(target.kind, target.name)
        return found
    chosen = selection.chosen(request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""))
    with store.lock:
        version = str(store.version)
        items = [body for body in store.list(target.kind.name, target.namespace) if chosen(body)]
    metadata: Body = {"resourceVersion": version}
    start, limit = int(request.query.get("continue") or 0), int(request.query.get("limit") or 0)
    page = items[start : start + limit] if limit else items[start:]
    if limit and start + limit < len(items):
        metadata |= {"continue": str(start + limit), "remainingItemCount": len(items) - start - limit}
    for body in page:
        body.pop("apiVersion")
        body.pop("kind")
    kind, version = f"{target.kind.name}List", target.kind.api_version
    return {"kind": kind, "apiVersion": version, "metadata": metadata, "items": page}


def _how(request: Request) -> Write:
    return Write(manager=request.manager, dry_run=request.dry_run, force=request.query.get("force") == "true")


def _create(store: Store, target: Target, request: Request) -> Answer:
    body = _decoded(target, request)
    metadata = body.setdefault("metadata", {})
    if target.kind.namespaced and metadata.setdefault("namespace", target.namespace) != target.namespace:
        raise answers.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if not metadata.get("name") and not metadata.get("generateName"):
        causes = [answers.required("metadata.name", "Required value: name or generateName is required")]
        raise answers.invalid(target.kind, "", causes)
    how = _how(request)
    return Answer(201, operations.create(store, target.kind, body, how), how.warnings)


def _decoded(target: Target, request: Request) -> Body:
    if request.content_type not in {"application/json", ""}:
        raise answers.not_modelled(f"bodies of the type {request.content_type}")
    body = decoding.decode(request.body, applying=False)
    _check_kind(target, body)
    if request.query.get("fieldValidation") != "Ignore":
        decoding.check_strictly(body, target.kind.name)
    return body


def _check_kind(target: Target, body: Body) -> None:
    seen, wanted = (body.get("apiVersion"), body.get("kind")), (target.kind.api_version, target.kind.name)
    if seen != wanted:
        raise answers.bad_request(
            f"the object provided is unrecognized (must be of type {wanted[1]}): {seen[0]}/{seen[1]} in the body"
        )


def _patch(store: Store, target: Target, request: Request) -> Answer:
    how, kind = _how(request), target.kind
    if request.content_type == APPLY:
        check_manager(request)
        body = decoding.decode(request.body, applying=True)
        _check_kind(target, body)
        decoding.check_applied(body, kind.name)
        check_address(target, body)
        result, new = operations.apply_object(store, kind, target.namespace, target.name, body, how)
        return Answer(201 if new else 200, result, how.warnings)
    change = decoding.decode(request.body, applying=False)
    if request.content_type == patches.MERGE:
        edited = operations.patch(
            store, kind, target.namespace, target.name, how, lambda live: dict(patches.merge(live, change))
        )
    elif request.content_type == patches.STRATEGIC:
        edited = operations.patch(
            store, kind, target.namespace, target.name, how, lambda live: patches.strategic(live, change, kind.name)
        )
    else:
        raise answers.not_modelled(f"patches of the type {request.content_type}")
    return Answer(200, edited, how.warnings)


def check_manager(request: Request) -> None:
    """Refuse an apply by nobody."""
    if request.query.get("fieldManager"):
        return
    cause = answers.required("fieldManager", "Required value: is required for apply patch")
    message = f'PatchOptions.meta.k8s.io "" is invalid: {cause.field}: {cause.message}'
    details = {"group": "meta.k8s.io", "kind": "PatchOptions"}
    causes = [{"reason": cause.reason, "message": cause.message, "field": cause.field}]
    raise answers.Refused(422, "Invalid", message, details | {"causes": causes})


def check_address(target: Target, body: Body) -> None:
    """Refuse a body that is about another object than its address."""
    metadata = body.get("metadata", {})
    if metadata.get("name", target.name) != target.name:
        why = f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        raise answers.bad_request(why)
    if metadata.get("namespace", target.namespace) != target.namespace:
        raise answers.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
