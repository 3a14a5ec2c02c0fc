"""sindri-image-verify: image signatures and provenance; no check is there yet.

This module is imported at every start: it imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from sindri_core.types import PluginInfo

__version__ = "0.1.0"


class ImageVerifyPlugin(HookSpecs):
    """Says who it is, and so far nothing else."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import PluginInfo

        return PluginInfo(
            id="image-verify",
            version=__version__,
            summary="image signatures and provenance; no check is there yet, so a required claim is refused",
        )


plugin = ImageVerifyPlugin()
