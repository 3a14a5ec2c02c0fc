"""The objects of an environment, built as plain data by pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes.manifests.objects import claim, deployment, namespace, service, service_account

if TYPE_CHECKING:
    from sindri_core.settings import Config
    from sindri_core.types import Manifest, ResolvedImage
    from sindri_kubernetes.settings import KubernetesSettings

__all__ = ["build"]


def build(config: Config, settings: KubernetesSettings, where: str, image: ResolvedImage) -> tuple[Manifest, ...]:
    """Make all objects of the environment in the namespace ``where``, in the order in which they are applied."""
    name = config.name
    return (
        namespace(where),
        service_account(name, where),
        claim(name, where, config.workspace_size, settings.storage_class),
        service(name, where),
        deployment(config, settings, where, image),
    )
