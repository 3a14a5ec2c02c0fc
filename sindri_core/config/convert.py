"""The validated models as the values that the rest of the program works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sindri_core.settings import Config, Extensions, Gpu, ImageSettings, Resources, Trust
from sindri_core.types import Claim

if TYPE_CHECKING:
    from sindri_core.config.models import DeploymentModel, FileModel


def to_config(model: FileModel, name: str, sections: Mapping[str, object]) -> Config:
    """Make the configuration; file, digest and warnings are the caller's."""
    deployment, extensions = model.deployment, model.extensions
    return Config(
        name=name,
        provider=deployment.provider,
        resources=_resources(deployment),
        workspace_size=deployment.volumes.workspace.size,
        workspace_path=deployment.volumes.workspace.path,
        image=_image(deployment),
        extensions=Extensions(
            profile=extensions.profile,
            active=tuple(extensions.active),
            additional=tuple(extensions.additional),
            auto_install=extensions.auto_install,
        ),
        source_ref=deployment.buildFromSource.gitRef,
        trust=Trust(required=_required(deployment), verifiers=tuple(model.trust.verifiers)),
        disabled_plugins=tuple(model.plugins.disabled),
        sections=dict(sections),
    )


def _resources(deployment: DeploymentModel) -> Resources:
    asked = deployment.resources
    gpu = asked.gpu
    wanted = Gpu(type=gpu.type, count=gpu.count, memory=gpu.memory, tier=gpu.tier) if gpu.enabled else None
    return Resources(memory=asked.memory, cpus=asked.cpus, gpu=wanted)


def _image(deployment: DeploymentModel) -> ImageSettings:
    parts = deployment.image_config
    if parts is None:
        return ImageSettings(reference=deployment.image)
    return ImageSettings(
        registry=parts.registry,
        version=parts.version,
        tag_override=parts.tag_override,
        digest=parts.digest,
        strategy=parts.resolution_strategy,
        allow_prerelease=parts.allow_prerelease,
        pull_policy=parts.pull_policy,
        certificate_identity=parts.certificate_identity,
        certificate_oidc_issuer=parts.certificate_oidc_issuer,
    )


def _required(deployment: DeploymentModel) -> frozenset[Claim]:
    parts = deployment.image_config
    wanted = {
        Claim.SIGNATURE: bool(parts and parts.verify_signature),
        Claim.PROVENANCE: bool(parts and parts.verify_provenance),
    }
    return frozenset(claim for claim, required in wanted.items() if required)
