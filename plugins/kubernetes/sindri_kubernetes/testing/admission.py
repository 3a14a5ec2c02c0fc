"""Who may come in: namespaces that exist and live, quotas with room, pods as secure as their namespace demands."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import answers, pod_security, quantities
from sindri_kubernetes.testing.answers import Cause
from sindri_kubernetes.testing.kinds import BY_NAME, Kind

if TYPE_CHECKING:
    from sindri_kubernetes.testing.store import Store

Body = dict[str, Any]
DENY = "testbed/deny"
PREFIX = "pod-security.kubernetes.io/"
IMMUTABLE_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})


def check_namespace(store: Store, kind: Kind, namespace: str, name: str) -> None:
    """Refuse to create something where nothing can be created."""
    found = store.get("Namespace", "", namespace)
    if found is None:
        raise answers.not_found(BY_NAME["Namespace"], namespace)
    if found["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        message = f"namespace {namespace} is being terminated"
        raise answers.forbidden(kind, name, why, [Cause("metadata.namespace", "NamespaceTerminating", message)])


def check_pod_security(store: Store, kind: Kind, body: Body) -> list[str]:
    """Refuse a pod that its namespace forbids; return the warnings for workloads."""
    spec = body["spec"] if kind.name == "Pod" else body["spec"]["template"]["spec"]
    namespace = store.get("Namespace", "", body["metadata"]["namespace"]) or {"metadata": {}}
    labels = namespace["metadata"].get("labels", {})
    enforced, warned = labels.get(f"{PREFIX}enforce", ""), labels.get(f"{PREFIX}warn", "")
    found = pod_security.violations(spec, enforced)
    if found and kind.name == "Pod":
        version = labels.get(f"{PREFIX}enforce-version", "latest")
        raise answers.forbidden(kind, body["metadata"]["name"], f'violates PodSecurity "{enforced}:{version}": {found}')
    found = pod_security.violations(spec, warned)
    version = labels.get(f"{PREFIX}warn-version", "latest")
    return [f'would violate PodSecurity "{warned}:{version}": {found}'] if found else []


def check_webhook(store: Store, body: Body) -> None:
    """Refuse a pod as a webhook would, where the namespace says so: ``testbed/deny: TEXT``."""
    namespace = store.get("Namespace", "", body["metadata"]["namespace"]) or {"metadata": {}}
    if text := namespace["metadata"].get("annotations", {}).get(DENY):
        raise answers.denied(f'admission webhook "webhook.testbed" denied the request: {text}')


def check_service_account(store: Store, body: Body) -> None:
    """Refuse a pod whose service account is not there."""
    metadata, account = body["metadata"], body["spec"]["serviceAccountName"]
    if store.get("ServiceAccount", metadata["namespace"], account) is None:
        why = f"error looking up service account {metadata['namespace']}/{account}: "
        why += f'serviceaccount "{account}" not found'
        raise answers.forbidden(BY_NAME["Pod"], metadata["name"], why)


def check_quota(store: Store, kind: Kind, body: Body, before: Body | None = None) -> None:
    """Refuse what a quota has no room for."""
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    asked = usage(body)
    for quota in store.list("ResourceQuota", namespace):
        hard = quota["spec"].get("hard", {})
        if kind.name == "Pod":
            _check_named(quota, hard, kind, body)
        past = usage(before) if before is not None else {}
        used = {key: quantities.parse(amount) for key, amount in used_in(store, namespace, hard).items()}
        over = [
            key
            for key in sorted(hard)
            if key in asked
            and asked[key] > past.get(key, Fraction(0))
            and used[key] + asked[key] - past.get(key, Fraction(0)) > quantities.parse(hard[key])
        ]
        if over:
            requested = ",".join(f"{key}={_asked(body, key)}" for key in over)
            taken = ",".join(f"{key}={used_in(store, namespace, hard)[key]}" for key in over)
            limited = ",".join(f"{key}={hard[key]}" for key in over)
            what = f"exceeded quota: {quota['metadata']['name']}"
            why = f"{what}, requested: {requested}, used: {taken}, limited: {limited}"
            raise answers.forbidden(kind, name, why)


def _check_named(quota: Body, hard: Body, kind: Kind, body: Body) -> None:
    """A quota on a resource demands that every container says how much it takes."""
    lacking = []
    for key in sorted(hard):
        which, _, resource = key.partition(".") if "." in key else ("requests", ".", key)
        if which not in {"requests", "limits"} or resource not in {"cpu", "memory"}:
            continue
        without = [
            container["name"]
            for container in body["spec"]["containers"]
            if resource not in container.get("resources", {}).get(which, {})
        ]
        if without:
            lacking.append(f"{key} for: {','.join(sorted(without))}")
    if lacking:
        why = f"failed quota: {quota['metadata']['name']}: must specify {'; '.join(lacking)}"
        raise answers.forbidden(kind, body["metadata"]["name"], why)


def used_in(store: Store, namespace: str, hard: Body) -> dict[str, str]:
    """Add up what a namespace uses of the resources that a quota limits."""
    amounts: dict[str, list[str]] = {key: [] for key in hard}
    for kind in ("Pod", "PersistentVolumeClaim", "Service", "ConfigMap", "Secret"):
        for body in store.list(kind, namespace):
            for key in usage(body).keys() & amounts.keys():
                amounts[key].append(_asked(body, key))
    return {key: quantities.total(found) if found else "0" for key, found in amounts.items()}


def usage(body: Body) -> dict[str, Fraction]:
    """Return what an object takes of the resources that quotas count."""
    return {key: quantities.parse(_asked(body, key)) for key in _amounts(body)}


def _asked(body: Body, key: str) -> str:
    return quantities.total(_amounts(body)[key])


def _amounts(body: Body) -> dict[str, list[str]]:
    kind = body["kind"]
    found: dict[str, list[str]] = {f"count/{BY_NAME[kind].resource}": ["1"], BY_NAME[kind].plural: ["1"]}
    if kind == "PersistentVolumeClaim":
        found["requests.storage"] = [body["spec"]["resources"]["requests"]["storage"]]
    if kind == "Pod":
        if body.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
            return {}
        for container in body["spec"]["containers"]:
            for which, amounts in container.get("resources", {}).items():
                for name, amount in amounts.items():
                    found.setdefault(f"{which}.{name}", []).append(str(amount))
                    if which == "requests" and name in {"cpu", "memory"}:
                        found.setdefault(name, []).append(str(amount))
    return found


def check_expansion(store: Store, body: Body, before: Body) -> None:
    """Refuse a larger claim where its class does not allow expansion."""
    new = body["spec"]["resources"]["requests"]["storage"]
    if new == before["spec"]["resources"]["requests"]["storage"]:
        return
    storage_class = store.get("StorageClass", "", body["spec"].get("storageClassName", ""))
    if not (storage_class or {}).get("allowVolumeExpansion"):
        why = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support "
            "resize"
        )
        raise answers.forbidden(BY_NAME["PersistentVolumeClaim"], body["metadata"]["name"], why)


def default_class(store: Store) -> str | None:
    """Return the storage class that claims get that name none."""
    for found in store.list("StorageClass"):
        marks = found["metadata"].get("annotations", {})
        if marks.get("storageclass.kubernetes.io/is-default-class") == "true":
            return str(found["metadata"]["name"])
    return None
