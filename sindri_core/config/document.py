"""The file as plain data that knows where each value stands."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.config.plain import KeyPath, taken
from sindri_core.errors import ConfigError
from sindri_core.files import read_regular

if TYPE_CHECKING:
    from sindri_core.types import Issue

NAMES = ("sindri.yaml", "sindri.yml")
PLUGIN_ID = r"^[a-z][a-z0-9-]*$"
LARGEST = 256 * 1024
"""Bytes that a configuration may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A configuration as plain data. ``positions`` maps the path of each value to its (line, column), from 1."""

    data: Mapping[str, Any]
    file: Path | None = None
    positions: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def position(self, path: KeyPath) -> tuple[int, int]:
        """Where the value stands, or the nearest thing around it; (0, 0) for a configuration made in memory."""
        for length in range(len(path), -1, -1):
            if found := self.positions.get(path[:length]):
                return found
        return (0, 0)

    def located(self, issue: Issue) -> Issue:
        """Say where the key of an issue stands, when the plugin that found it could not know."""
        if issue.line or (issue.file and issue.file != str(self.file or "")):
            return issue  # it is known where, or it is in another file
        steps = re.findall(r"[^.\[\]]+", issue.path)
        line, column = self.position(tuple(int(step) if step.isdigit() else step for step in steps))
        return replace(issue, file=issue.file or str(self.file or ""), line=line, column=column)


def find_config(start: Path) -> Path | None:
    """Look for sindri.yaml or sindri.yml in this folder and upwards; folders that may not be read are passed over."""
    here = start.absolute()
    candidates = (folder / name for folder in (here, *here.parents) for name in NAMES)
    return next((file for file in candidates if os.path.isfile(file)), None)  # noqa: PTH113 - never raises


def read_document(source: Path | Mapping[str, Any]) -> Document:
    """Read a file, or take a mapping over. Raises ``ConfigError`` with line and column."""
    if isinstance(source, Mapping):
        return Document(data=taken(source))
    from sindri_core.config.reader import parse

    try:
        content = read_regular(source, LARGEST)
    except (OSError, ValueError) as error:
        raise ConfigError(
            "SND-CFG-002",
            f"{source} cannot be read: {getattr(error, 'strerror', '') or error}",
            hint="sindri config init   writes a new one; --config FILE uses another",
        ) from error
    if len(content) > LARGEST:
        raise ConfigError(
            "SND-CFG-003",
            f"{source}:1:1 the file is larger than {LARGEST // 1024} KiB",
            hint="a sindri.yaml has a few dozen lines: is this the right file?",
        )
    data, positions = parse(content, source)
    return Document(data=data, file=source, positions=positions)


def disabled_plugins(document: Document) -> tuple[str, ...]:
    """Read ``plugins.disabled`` before anything is validated; what is malformed there is reported later."""
    plugins = document.data.get("plugins")
    names = plugins.get("disabled") if isinstance(plugins, Mapping) else None
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list | tuple) else ()


def provider_of(document: Document) -> str:
    """Read ``deployment.provider`` before anything is validated; ``kubernetes`` where there is none that could be."""
    deployment = document.data.get("deployment")
    provider = deployment.get("provider") if isinstance(deployment, Mapping) else None
    return provider if isinstance(provider, str) and re.fullmatch(PLUGIN_ID, provider) else "kubernetes"
