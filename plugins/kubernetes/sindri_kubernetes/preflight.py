"""What will probably go wrong after the writes succeed: warnings of a plan."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sindri_core.errors import Forbidden
from sindri_core.types import Body, Issue, Manifest, Severity
from sindri_kubernetes import quantities, resources
from sindri_kubernetes.manifests.names import metadata

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.settings import KubernetesSettings

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
ALIASES = {"cpu": "requests.cpu", "memory": "requests.memory"}


def warning(code: str, path: str, message: str, hint: str) -> Issue:
    """Make a warning."""
    return Issue(code=code, severity=Severity.WARNING, path=path, message=message, hint=hint)


def demand(pod: Body, replicas: int) -> dict[str, Fraction]:
    """Add up what a pod spec counts against a quota, in the names of a ResourceQuota."""
    total: dict[str, Fraction] = {"pods": Fraction(replicas)}
    for container in pod.get("containers") or ():
        for side in ("requests", "limits"):
            for resource, amount in ((container.get("resources") or {}).get(side) or {}).items():
                key = f"{side}.{resource}"
                total[key] = total.get(key, Fraction(0)) + quantities.parse(amount) * replicas
    return total


def objects_demand(manifests: Iterable[Manifest], live: Mapping[str, Body | None]) -> dict[str, Fraction]:
    """Add up what the objects count that are not there yet, or grow."""
    total: dict[str, Fraction] = {}

    def add(key: str, amount: Fraction) -> None:
        total[key] = total.get(key, Fraction(0)) + amount

    for manifest in manifests:
        there = live.get(manifest.id)
        if manifest.kind == "PersistentVolumeClaim":
            before = quantities.parse(_storage(there)) if there else Fraction(0)
            add("requests.storage", max(Fraction(0), quantities.parse(_storage(manifest.body)) - before))
        if manifest.kind == "Deployment":
            for key, amount in _pods(manifest.body, there).items():
                add(key, amount)
        if there is None:
            group = resources.group(manifest.kind)
            plural = resources.plural(manifest.kind)
            add(f"count/{plural}.{group}" if group else f"count/{plural}", Fraction(1))
            if not group:
                add(plural, Fraction(1))
    return total


def _pods(wanted: Body, there: Body | None) -> dict[str, Fraction]:
    """Say what the pods need more than those that they replace."""
    replicas = int(there["spec"].get("replicas", 1)) if there else 1
    after = demand(wanted["spec"]["template"]["spec"], replicas)
    before = demand(there["spec"]["template"]["spec"], replicas) if there else {}
    return {key: max(Fraction(0), amount - before.get(key, Fraction(0))) for key, amount in after.items()}


def _storage(claim: Body) -> str:
    return str(((claim.get("spec") or {}).get("resources") or {}).get("requests", {}).get("storage", "0"))


def quota_issues(quotas: Iterable[Body], needs: Mapping[str, Fraction]) -> tuple[Issue, ...]:
    """Warn about every quota that leaves too little room."""
    found: list[Issue] = []
    for quota in quotas:
        status = quota.get("status") or {}
        if (quota.get("spec") or {}).get("scopes") or (quota.get("spec") or {}).get("scopeSelector"):
            continue  # counts only some pods; the server decides
        for resource, limit in (status.get("hard") or {}).items():
            need = needs.get(ALIASES.get(resource, resource), Fraction(0))
            left = quantities.parse(limit) - quantities.parse((status.get("used") or {}).get(resource, "0"))
            if need > max(left, Fraction(0)) and need > 0:
                name = metadata(quota).get("name")
                text = f"the quota {name} leaves {quantities.write(max(left, Fraction(0)), resource)} of {resource}"
                found.append(
                    warning(
                        "SND-K8S-110",
                        "deployment.resources",
                        f"{text}, this needs {quantities.write(need, resource)} more",
                        "ask for less in sindri.yaml, or stop another environment: sindri list",
                    )
                )
    return tuple(found)


def pod_security_issues(warnings: Iterable[str], *, restricted: bool) -> tuple[Issue, ...]:
    """Turn the server's Pod Security warnings into issues."""
    remedy = "write providers.kubernetes.security.profile: restricted"
    if restricted:
        remedy = "ask an administrator for a namespace with a weaker Pod Security level"
    return tuple(
        warning("SND-K8S-114", "providers.kubernetes.security", f"the namespace refuses such pods: {text}", remedy)
        for text in dict.fromkeys(warnings)
        if "violate PodSecurity" in text
    )


def other_warnings(warnings: Iterable[str]) -> tuple[Issue, ...]:
    """Pass on what else the server warns of."""
    return tuple(
        warning("SND-K8S-118", "", f"the server warns: {text}", "")
        for text in dict.fromkeys(warnings)
        if "violate PodSecurity" not in text
    )


def storage_class_issues(classes: Sequence[Body], wanted: str) -> tuple[Issue, ...]:
    """Warn about a class that does not exist, and about none where no default is set."""
    known = sorted(str(metadata(item)["name"]) for item in classes)
    if wanted:
        if wanted in known:
            return ()
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known) or 'none'}"
        message = f"there is no StorageClass {wanted}; the home volume stays pending"
        return (warning("SND-K8S-112", "providers.kubernetes.storageClass", message, hint),)
    if any((metadata(item).get("annotations") or {}).get(DEFAULT_CLASS) == "true" for item in classes):
        return ()
    message = "the cluster has no default StorageClass; the home volume stays pending"
    hint = f"set providers.kubernetes.storageClass to one of: {', '.join(known) or '(the cluster has none)'}"
    return (warning("SND-K8S-112", "providers.kubernetes.storageClass", message, hint),)


def secret_issues(missing: Iterable[str], namespace: str) -> tuple[Issue, ...]:
    """Warn about named Secrets that are not there."""
    return tuple(
        warning(
            "SND-K8S-113",
            "providers.kubernetes.secrets",
            f"there is no Secret {name} in the namespace {namespace}; the environment cannot start without it",
            f"kubectl create secret generic {name} -n {namespace} --from-env-file=FILE",
        )
        for name in missing
    )


def look(  # noqa: PLR0913 - one question per argument
    api: Api,
    namespace: str,
    settings: KubernetesSettings,
    manifests: Sequence[Manifest],
    live: Mapping[str, Body | None],
    *,
    exists: bool,
) -> tuple[Issue, ...]:
    """Gather the warnings that need questions of their own. What may not be read is left out."""
    issues: list[Issue] = []
    if exists:
        quotas = _readable(lambda: api.list(resources.path("ResourceQuota", namespace=namespace)))
        issues += quota_issues(quotas or (), objects_demand(manifests, live))
    claims = [m for m in manifests if m.kind == "PersistentVolumeClaim"]
    if any(live.get(claim.id) is None for claim in claims):
        classes = _readable(lambda: api.list(resources.path("StorageClass")))
        if classes is not None:
            issues += storage_class_issues(classes, settings.storage_class or "")
    issues += secret_issues(
        _missing_secrets(api, namespace, settings.secrets) if exists else settings.secrets, namespace
    )
    return tuple(issues)


def _missing_secrets(api: Api, namespace: str, wanted: Iterable[str]) -> list[str]:
    """Find the Secrets that are not there. Their values are dropped at once."""

    def there(name: str) -> bool:
        found = _readable(lambda: [api.get(resources.path("Secret", name, namespace))])
        return found is None or found[0] is not None

    return [name for name in wanted if not there(name)]


def _readable(ask: Callable[[], Iterable[Any]]) -> list[Any] | None:
    try:
        return list(ask())
    except Forbidden:
        return None
