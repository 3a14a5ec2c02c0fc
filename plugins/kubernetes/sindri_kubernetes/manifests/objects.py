"""The objects of an environment, the pod left aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_core.types import Manifest
from sindri_kubernetes.manifests import names, pod

if TYPE_CHECKING:
    from sindri_core.settings import Config, Size
    from sindri_core.types import ResolvedImage
    from sindri_kubernetes.settings import KubernetesSettings

LONGEST_START = 3600
"""Seconds until Kubernetes itself gives up on a start: a large image takes long to pull, and we judge by causes."""


def manifest(api_version: str, kind: str, name: str, where: str, rest: dict[str, Any]) -> Manifest:
    """Make an object of an environment: its kind, its metadata with our labels, and the rest."""
    metadata = {"name": name, "namespace": where, "labels": names.labels(rest.pop("instance"))}
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
    return Manifest(kind=kind, name=name, scope=where, body=body)


def namespace(name: str) -> Manifest:
    """The namespace, in case it has to be made. One that exists is used as it is."""
    metadata = {"name": name, "labels": {names.MANAGED_BY: "sindri"}}
    return Manifest(kind="Namespace", name=name, body={"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def service_account(name: str, where: str) -> Manifest:
    """An identity without rights, whose token is not mounted."""
    return manifest("v1", "ServiceAccount", name, where, {"instance": name, "automountServiceAccountToken": False})


def claim(name: str, where: str, size: Size, storage_class: str | None) -> Manifest:
    """The home volume, which outlives the environment."""
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": str(size)}},
    }
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return manifest("v1", "PersistentVolumeClaim", names.home_claim(name), where, {"instance": name, "spec": spec})


def service(name: str, where: str) -> Manifest:
    """The port where the environment's SSH server listens."""
    port = {"name": "ssh", "port": names.SSH_PORT, "targetPort": names.SSH_PORT, "protocol": "TCP"}
    spec = {"selector": {"instance": name}, "ports": [port]}
    return manifest("v1", "Service", name, where, {"instance": name, "spec": spec})


def deployment(config: Config, settings: KubernetesSettings, where: str, image: ResolvedImage) -> Manifest:
    """The workload. Power is no part of it: ``spec.replicas`` belongs to start, stop and ``kubectl scale``."""
    spec = {
        "selector": {"matchLabels": {"instance": config.name}},
        "strategy": {"type": "Recreate"},
        "progressDeadlineSeconds": LONGEST_START,
        "template": pod.template(config, settings, image),
    }
    return manifest("apps/v1", "Deployment", config.name, where, {"instance": config.name, "spec": spec})
