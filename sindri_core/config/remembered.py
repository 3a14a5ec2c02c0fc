"""Configurations that were validated before, so that commands that only look need not import and build all models.

Kept by the file's content, the plugins' sections and the source files of every model, under the file's own path.
What writes anything, anywhere, never uses it, and neither does who asks whether an image is to be trusted: both are
decided by the file itself, validated anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sindri_core import cache

if TYPE_CHECKING:
    from sindri_core.config.convert import Validated
    from sindri_core.config.document import Document
    from sindri_core.settings import Config
    from sindri_core.types import ConfigSection

FILE = "configurations"
MOST = 32
"""Configurations that are kept; the one that was kept first goes first."""


def recall(
    document: Document, sections: Sequence[tuple[str, ConfigSection]], name: str, environ: Mapping[str, str]
) -> Config | None:
    """Return the configuration if exactly this was validated before."""
    if document.file is None:
        return None
    kept = cache.read(environ, FILE).get(str(document.file.resolve()))
    if not isinstance(kept, dict) or kept.get("key") != _key(document, sections, name):
        return None
    text = kept.get("validated")
    if not isinstance(text, str) or kept.get("check") != crc32(text.encode()):
        return None  # not what was written
    from sindri_core.config.convert import Validated, to_config

    return to_config(Validated(**json.loads(text)), document.file)


def remember(
    document: Document,
    sections: Sequence[tuple[str, ConfigSection]],
    name: str,
    environ: Mapping[str, str],
    validated: Validated,
) -> None:
    """Keep a configuration that was accepted without a warning."""
    key = _key(document, sections, name)
    if document.file is None or key is None:
        return
    text = json.dumps(validated._asdict())
    entry = {"key": key, "validated": text, "check": crc32(text.encode())}
    at, content = str(document.file.resolve()), cache.read(environ, FILE)
    if content.pop(at, None) != entry:
        newest = dict(list(content.items())[1 - MOST :])
        cache.write(environ, FILE, {**newest, at: entry})


def _key(document: Document, sections: Sequence[tuple[str, ConfigSection]], name: str) -> list[Any] | None:
    """What the result depends on, or None where that cannot be said."""
    folders = {str(Path(__file__).parent)}
    for _, section in sections:
        module = section.model.partition(":")[0]
        package = sys.modules.get(module.rpartition(".")[0])
        if package is None or not package.__file__:
            return None
        folders.add(str(Path(package.__file__).parent))
    try:
        stamps = [[folder, cache.stamps(folder)] for folder in sorted(folders)]
    except OSError:
        return None
    listed = [[plugin, section.path, section.model] for plugin, section in sections]
    return [sys.version, name, document.data, listed, stamps]
