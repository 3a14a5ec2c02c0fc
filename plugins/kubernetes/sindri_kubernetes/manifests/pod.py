"""The pod of an environment: its container, its environment variables, its confinement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sindri_kubernetes.manifests import names

if TYPE_CHECKING:
    from sindri_core.settings import Config, Gpu, Resources
    from sindri_core.types import ResolvedImage
    from sindri_kubernetes.settings import KubernetesSettings

DEVELOPER = 1001
"""User and group of the image's ``developer``."""

GPU_RESOURCE = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "intel": "gpu.intel.com/i915"}


def template(config: Config, settings: KubernetesSettings, image: ResolvedImage) -> dict[str, Any]:
    """Return the pod template."""
    spec: dict[str, Any] = {
        "serviceAccountName": config.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": pod_security(restricted=settings.restricted),
        "containers": [container(config, settings, image)],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": names.home_claim(config.name)}}],
    }
    if config.resources.gpu:
        spec["nodeSelector"] = {"gpu": config.resources.gpu.type}
    if settings.tolerations:
        spec["tolerations"] = [dict(one) for one in settings.tolerations]
    return {"metadata": {"labels": names.labels(config.name)}, "spec": spec}


def container(config: Config, settings: KubernetesSettings, image: ResolvedImage) -> dict[str, Any]:
    """Return the one container."""
    result: dict[str, Any] = {
        "name": names.CONTAINER,
        "image": image.deployed,
        "imagePullPolicy": image.pull_policy or "IfNotPresent",
        "env": [{"name": name, "value": value} for name, value in environment(config).items()],
        "ports": [{"name": "ssh", "containerPort": names.SSH_PORT, "protocol": "TCP"}],
        "resources": resources(config.resources),
        "volumeMounts": [{"name": "home", "mountPath": names.HOME}],
    }
    if settings.secrets:
        result["envFrom"] = [{"secretRef": {"name": name}} for name in settings.secrets]
    if settings.restricted:
        result["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return result


def environment(config: Config) -> dict[str, str]:
    """Return the variables that tell the image where home is and what to install at its first start."""
    extensions = config.extensions
    variables = {
        "HOME": names.HOME,
        "WORKSPACE": config.workspace_path,
        "INIT_WORKSPACE": "true",
        "INSTALL_PROFILE": extensions.profile,
        "CUSTOM_EXTENSIONS": ",".join(extensions.active),
        "ADDITIONAL_EXTENSIONS": ",".join(extensions.additional),
        "SKIP_AUTO_INSTALL": "" if extensions.auto_install else "true",
        "SINDRI_SOURCE_REF": config.source_ref,
    }
    return {name: value for name, value in variables.items() if value}


def resources(wanted: Resources) -> dict[str, dict[str, str]]:
    """Return limits as configured and requests of half of them; accelerators cannot be shared."""
    limits = {"cpu": str(wanted.cpus), "memory": str(wanted.memory)}
    requests = {"cpu": str(wanted.cpus.half()), "memory": str(wanted.memory.half())}
    if wanted.gpu:
        limits |= _accelerators(wanted.gpu)
    return {"limits": limits, "requests": requests}


def _accelerators(gpu: Gpu) -> dict[str, str]:
    return {GPU_RESOURCE[gpu.type]: str(gpu.count)}


def pod_security(*, restricted: bool) -> dict[str, Any]:
    """Return the pod's security context.

    The baseline profile leaves the user to the image, whose entry point starts as root and becomes ``developer``.
    """
    result: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if restricted:
        result |= {
            "runAsNonRoot": True,
            "runAsUser": DEVELOPER,
            "runAsGroup": DEVELOPER,
            "fsGroup": DEVELOPER,
            "fsGroupChangePolicy": "OnRootMismatch",
        }
    return result
