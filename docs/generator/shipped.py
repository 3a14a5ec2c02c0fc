"""The plugins of this repository, read from its project files: no page depends on what else is installed."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sindri_core import HookSpecs
    from sindri_core.types import ConfigSection

REPOSITORY = Path(__file__).resolve().parents[2]


def plugins() -> dict[str, HookSpecs]:
    """Import the plugins of this repository, by id."""
    found = {}
    for project in sorted(REPOSITORY.glob("plugins/*/pyproject.toml")):
        document = tomllib.loads(project.read_text(encoding="utf-8"))
        for plugin, value in document["project"]["entry-points"]["sindri.plugins"].items():
            module, _, attribute = value.partition(":")
            found[plugin] = getattr(import_module(module), attribute)
    return dict(sorted(found.items()))


def sections() -> list[tuple[str, ConfigSection]]:
    """List the parts of sindri.yaml that these plugins own."""
    return [(plugin, section) for plugin, it in plugins().items() for section in it.sindri_config_sections() or ()]
