"""sindri-k3d: clusters made by k3d; loading and creation are not there yet.

This module is imported at every start: it imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from sindri_core.types import PluginInfo

__version__ = "0.1.0"


class K3dPlugin(HookSpecs):
    """Says who it is, and so far nothing else."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import PluginInfo

        return PluginInfo(
            id="k3d",
            version=__version__,
            summary="clusters made by k3d; loading and creation are not there yet",
        )


plugin = K3dPlugin()
