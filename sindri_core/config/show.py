"""The configuration as it is understood, every default filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sindri_core.settings import Config


def show(config: Config) -> dict[str, Any]:
    """Return the meaning of the file as plain data, in the keys of the file."""
    image, resources, gpu = config.image, config.resources, config.resources.gpu
    return {
        "name": config.name,
        "deployment": {
            "provider": config.provider,
            "image": image.reference,
            "image_config": {
                "registry": image.registry,
                "version": image.version,
                "tag_override": image.tag_override,
                "digest": image.digest,
                "resolution_strategy": image.strategy,
                "allow_prerelease": image.allow_prerelease,
                "pull_policy": image.pull_policy,
            },
            "resources": {
                "memory": str(resources.memory),
                "cpus": str(resources.cpus),
                "gpu": {"enabled": True, "type": gpu.type, "count": gpu.count} if gpu else {"enabled": False},
            },
            "volumes": {"workspace": {"size": str(config.workspace_size), "path": config.workspace_path}},
        },
        "extensions": {
            "profile": config.extensions.profile,
            "active": list(config.extensions.active),
            "additional": list(config.extensions.additional),
            "auto_install": config.extensions.auto_install,
        },
        "trust": {"required": sorted(config.trust.required), "verifiers": list(config.trust.verifiers)},
        "plugins": {"disabled": list(config.disabled_plugins)},
        "sections": {path: dict(section) for path, section in sorted(config.sections.items())},
        "file": str(config.file or ""),
        "digest": config.digest,
    }
