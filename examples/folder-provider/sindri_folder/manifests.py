"""What an environment consists of, as plain data: pure functions of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.errors import UsageError
from sindri_core.types import Destination, ImageUse, Manifest, ResolvedImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core import Context
    from sindri_core.settings import Config

OWNER = "sindri-folder"


def locate(ctx: Context) -> Destination:
    """Resolve the folder once; nobody looks at the configuration again to find it."""
    path = Path(ctx.section("providers.folder")["path"])
    if not path.is_absolute():
        if ctx.config.file is None:
            raise UsageError(
                "FOLDER-001",
                f"the folder {path} is relative, and the configuration is no file that it could start from",
                hint="write an absolute folder: providers.folder.path",
            )
        path = ctx.config.file.parent / path
    return Destination(provider="folder", context="folder", server=str(path.resolve()))


def build(config: Config, image: ResolvedImage) -> list[Manifest]:
    """Make the home, which outlives the environment, and the environment."""
    home = {"kind": "Home", "metadata": {"name": config.name, "owner": OWNER}, "size": str(config.workspace_size)}
    environment = {
        "kind": "Environment",
        "metadata": {"name": config.name, "owner": OWNER},
        "image": image.deployed,
        "memory": str(config.resources.memory),
        "cpus": str(config.resources.cpus),
    }
    return [Manifest(kind=body["kind"], name=config.name, body=body) for body in (home, environment)]  # type: ignore[arg-type] # a literal


def images(manifests: Sequence[Manifest]) -> list[ImageUse]:
    """Find the one image of each environment."""
    return [
        ImageUse(manifest=manifest.id, path="/image", reference=str(manifest.body["image"]))
        for manifest in manifests
        if "image" in manifest.body
    ]
