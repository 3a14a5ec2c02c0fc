"""A validated file, as plain data, into the values that the rest of the program works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sindri_core.settings import Config, Cpus, Extensions, Gpu, ImageSettings, Resources, Size, Trust
from sindri_core.types import Claim


class Validated(NamedTuple):
    """What the models accepted, every default filled in, as plain data: sizes in bytes, processors in thousandths.

    ``core`` has the keys of the file, ``sections`` the plugins' sections by path. ``digest`` is a SHA-256 of both
    and of the name.
    """

    name: str
    core: Mapping[str, Any]
    sections: Mapping[str, Mapping[str, Any]]
    digest: str


def to_config(validated: Validated) -> Config:
    """Make the configuration; file and warnings are the caller's."""
    deployment, extensions = validated.core["deployment"], validated.core["extensions"]
    workspace = deployment["volumes"]["workspace"]
    return Config(
        name=validated.name,
        provider=deployment["provider"],
        resources=_resources(deployment["resources"]),
        workspace_size=Size(workspace["size"]),
        workspace_path=workspace["path"],
        image=_image(deployment),
        extensions=Extensions(
            profile=extensions["profile"],
            active=tuple(extensions["active"]),
            additional=tuple(extensions["additional"]),
            auto_install=extensions["auto_install"],
        ),
        source_ref=deployment["buildFromSource"]["gitRef"],
        trust=Trust(required=_required(deployment), verifiers=tuple(validated.core["trust"]["verifiers"])),
        disabled_plugins=tuple(validated.core["plugins"]["disabled"]),
        sections=dict(validated.sections),
        digest=validated.digest,
    )


def _resources(asked: Mapping[str, Any]) -> Resources:
    gpu = asked["gpu"]
    wanted = None
    if gpu["enabled"]:
        memory = Size(gpu["memory"]) if gpu["memory"] else None
        wanted = Gpu(type=gpu["type"], count=gpu["count"], memory=memory, tier=gpu["tier"])
    return Resources(memory=Size(asked["memory"]), cpus=Cpus(asked["cpus"]), gpu=wanted)


def _image(deployment: Mapping[str, Any]) -> ImageSettings:
    parts = deployment["image_config"]
    if parts is None:
        return ImageSettings(reference=deployment["image"])
    return ImageSettings(
        registry=parts["registry"],
        version=parts["version"],
        tag_override=parts["tag_override"],
        digest=parts["digest"],
        strategy=parts["resolution_strategy"],
        allow_prerelease=parts["allow_prerelease"],
        pull_policy=parts["pull_policy"],
        certificate_identity=parts["certificate_identity"],
        certificate_oidc_issuer=parts["certificate_oidc_issuer"],
    )


def _required(deployment: Mapping[str, Any]) -> frozenset[Claim]:
    parts = deployment["image_config"] or {}
    wanted = {Claim.SIGNATURE: parts.get("verify_signature"), Claim.PROVENANCE: parts.get("verify_provenance")}
    return frozenset(claim for claim, required in wanted.items() if required)
