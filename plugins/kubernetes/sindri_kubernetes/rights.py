"""What sindri may do in the namespace, what it lacks, and the Role to ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError, Forbidden

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api

PARALLEL = 6


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A verb on a resource. ``namespace`` is empty for a resource of the whole cluster."""

    group: str
    resource: str
    verb: str
    namespace: str = ""

    def __str__(self) -> str:
        """Write it as ``patch deployments.apps in namespace dev``."""
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {name}" + (f" in namespace {self.namespace}" if self.namespace else "")


RESOURCES = (
    ("", "configmaps"),
    ("", "serviceaccounts"),
    ("", "persistentvolumeclaims"),
    ("", "services"),
    ("apps", "deployments"),
)

ROLE = (
    ("", ("configmaps",), ("get", "list", "create", "patch", "delete")),
    ("", ("serviceaccounts", "persistentvolumeclaims", "services"), ("get", "list", "create", "patch", "delete")),
    ("apps", ("deployments",), ("get", "list", "watch", "create", "patch", "delete")),
    ("apps", ("deployments/scale",), ("get", "patch")),
    ("apps", ("replicasets",), ("get", "list", "watch")),
    ("", ("pods", "events", "resourcequotas"), ("get", "list", "watch")),
)
"""All that plan, deploy, status, stop, start and destroy use in a namespace that exists."""


def needed(namespace: str, *, create_namespace: bool) -> tuple[Right, ...]:
    """List what a deploy cannot do without."""
    rights = [
        Right(group, resource, verb, namespace) for group, resource in RESOURCES for verb in ("get", "create", "patch")
    ]
    rights.append(Right("", "pods", "list", namespace))
    if create_namespace:
        rights.append(Right("", "namespaces", "create"))
    return tuple(rights)


def missing(api: Api, rights: Sequence[Right]) -> tuple[Right, ...]:
    """Ask the server about each right. One that cannot even be asked about is left to the server's own answer."""

    def allowed(right: Right) -> bool:
        resource, _, subresource = right.resource.partition("/")
        try:
            return api.review(right.verb, right.group, resource, right.namespace, subresource=subresource)
        except Forbidden:
            return True

    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(allowed, rights))
    return tuple(right for right, answer in zip(rights, answers, strict=True) if not answer)


def refusal(lacking: Iterable[Right], namespace: str, user: str) -> Forbidden:
    """Make the error that lists what is missing and shows the Role to ask an administrator for."""
    lacking = tuple(lacking)
    details = [("missing", str(right)) for right in lacking]
    if any(right.namespace for right in lacking):
        details.append(("role", role_text(namespace, user)))
    cluster_wide = [right for right in lacking if not right.namespace]
    hint = "ask an administrator to apply the Role and RoleBinding shown above"
    if cluster_wide:
        hint = f"ask an administrator for the namespace {namespace} (kubectl create namespace {namespace})" + (
            " and the Role shown above" if len(cluster_wide) < len(lacking) else ""
        )
    count = "a permission" if len(lacking) == 1 else f"{len(lacking)} permissions"
    return Forbidden(
        "SND-K8S-111",
        f"{user or 'this user'} lacks {count} in the namespace {namespace}",
        hint=hint,
        details=details,
    )


def role_text(namespace: str, user: str) -> str:
    """Write the Role and RoleBinding as YAML."""
    import yaml

    documents = (_role(namespace), _binding(namespace, user or "USER"))
    return str(yaml.safe_dump_all(documents, sort_keys=False, default_flow_style=None, width=110)).rstrip()


def who_am_i(api: Api) -> str:
    """Ask the server for our user name; empty when it does not tell."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}}
    try:
        answer = api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    except ClusterError:
        return ""
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username", ""))


def _role(namespace: str) -> dict[str, Any]:
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} for group, resources, verbs in ROLE
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "sindri", "namespace": namespace},
        "rules": rules,
    }


def _binding(namespace: str, user: str) -> dict[str, Any]:
    parts = user.split(":")
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == len(("system", "serviceaccount", "ns", "name")):
        subject = {"kind": "ServiceAccount", "namespace": parts[2], "name": parts[3]}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "sindri", "namespace": namespace},
        "subjects": [subject],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "sindri"},
    }
