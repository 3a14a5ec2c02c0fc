"""What the models cannot say about the configuration of this provider."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sindri_core.types import Issue, Severity
from sindri_kubernetes.settings import SECTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sindri_core.settings import Config

LONGEST_NAME = 63 - len("-home-pvc")
RESERVED = re.compile(r"^(kube|openshift)-|^openshift$")


def reserved(namespace: str) -> bool:
    """Whether the namespace belongs to the cluster itself."""
    return bool(RESERVED.search(namespace))


def issues(config: Config, document: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Return what is wrong with the name and the namespace, and what nothing uses yet."""
    section = config.sections.get(SECTION)
    found = [_name(config.name), _namespace(section) if section is not None else None, _unused(document)]
    return tuple(issue for issue in found if issue)


def _unused(document: Mapping[str, Any]) -> Issue | None:
    """Warn of the section about local clusters: whoever writes it expects a cluster of it."""
    providers = document.get("providers")
    if not isinstance(providers, dict) or not providers.get("k8s"):
        return None
    return Issue(
        code="SND-K8S-120",
        severity=Severity.WARNING,
        path="providers.k8s",
        message="no cluster is made of this section yet; the environment goes to the context of the kubeconfig",
        hint="make the cluster with its own tool, such as: kind create cluster --name NAME",
    )


def _name(name: str) -> Issue | None:
    if re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) and len(name) <= LONGEST_NAME:
        return None
    return Issue(
        code="SND-K8S-117",
        severity=Severity.ERROR,
        path="name",
        message=f"{name!r} cannot name Kubernetes objects",
        hint=f"small letters, digits and -, starting with a letter, at most {LONGEST_NAME} characters",
    )


def _namespace(section: Mapping[str, Any]) -> Issue | None:
    namespace = str(section["namespace"] or "")
    if not reserved(namespace):
        return None
    return Issue(
        code="SND-K8S-108",
        severity=Severity.ERROR,
        path="providers.kubernetes.namespace",
        message=f"{namespace} belongs to the cluster itself",
        hint="choose another namespace; it is made when it is missing",
    )
