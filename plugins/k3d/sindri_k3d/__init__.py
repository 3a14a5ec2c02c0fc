"""sindri-k3d: clusters made by k3d: recognised, and given images of the local engine.

This module is imported at every start: it imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.requests import DetectRequest, LoadRequest
    from sindri_core.types import ClusterCandidate, LoadOutcome, PluginInfo

__version__ = "0.1.0"


class K3dPlugin(HookSpecs):
    """Recognises clusters of k3d and loads images into them."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import Capability, PluginInfo

        return PluginInfo(
            id="k3d",
            version=__version__,
            summary="clusters made by k3d: recognised, and given images of the local engine",
            capabilities=(Capability.DETECTION, Capability.IMAGE_LOADING),
        )

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        if request.destination.provider != "kubernetes":
            return None
        from sindri_k3d.detect import detect

        return detect(request)

    @hookimpl
    def sindri_load_image(self, ctx: Context, request: LoadRequest) -> LoadOutcome | None:
        if request.cluster.kind != "k3d":
            return None
        from sindri_k3d.load import load

        return load(ctx, request)


plugin = K3dPlugin()
