"""A validated file, as plain data, into the values that the rest of the program works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sindri_core.config.amounts import parse_cpus, parse_size
from sindri_core.config.trust_values import trust_of
from sindri_core.settings import Config, Extensions, Gpu, ImageSettings, Resources

if TYPE_CHECKING:
    from pathlib import Path


class Validated(NamedTuple):
    """What the models accepted, as plain data.

    ``effective`` has the keys of the file, every default filled in, amounts as text; ``sections`` are the paths in it
    that belong to plugins, ``written`` the paths that stand in the file itself. ``digest`` is a SHA-256 of
    ``effective``.
    """

    effective: Mapping[str, Any]
    sections: Sequence[str]
    written: Sequence[str]
    digest: str


def to_config(validated: Validated, file: Path | None) -> Config:
    """Make the configuration that stands in ``file``; warnings are the caller's."""
    core = validated.effective
    deployment, extensions = core["deployment"], core["extensions"]
    workspace = deployment["volumes"]["workspace"]
    return Config(
        name=core["name"],
        provider=deployment["provider"],
        resources=_resources(deployment["resources"]),
        workspace_size=parse_size(workspace["size"]),
        workspace_path=workspace["path"],
        image=_image(deployment),
        extensions=Extensions(
            profile=extensions["profile"],
            active=tuple(extensions["active"]),
            additional=tuple(extensions["additional"]),
            auto_install=extensions["auto_install"],
        ),
        source_ref=deployment["buildFromSource"]["gitRef"],
        trust=trust_of(core, file),
        disabled_plugins=tuple(core["plugins"]["disabled"]),
        sections={path: _at(core, path) for path in validated.sections},
        file=file,
        digest=validated.digest,
        effective=core,
        written=frozenset(validated.written),
    )


def _at(data: Mapping[str, Any], path: str) -> Any:
    at: Any = data
    for key in path.split("."):
        at = at[key]
    return at


def _resources(asked: Mapping[str, Any]) -> Resources:
    gpu = asked["gpu"]
    wanted = None
    if gpu["enabled"]:
        memory = parse_size(gpu["memory"]) if gpu["memory"] else None
        wanted = Gpu(type=gpu["type"], count=gpu["count"], memory=memory, tier=gpu["tier"])
    return Resources(memory=parse_size(asked["memory"]), cpus=parse_cpus(asked["cpus"]), gpu=wanted)


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
    )
