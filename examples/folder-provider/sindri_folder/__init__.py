"""sindri-folder: environments that are folders. This module is imported at every start: it imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core import Context, Target
    from sindri_core.requests import BuildRequest, DetectRequest, FindImagesRequest, LocateRequest, TargetRequest
    from sindri_core.types import ClusterCandidate, ConfigSection, Destination, ImageUse, Manifest, PluginInfo

__version__ = "0.1.0"


class FolderPlugin(HookSpecs):
    """Each hook imports what it needs when it is called, so that a run without this provider pays nothing."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import Capability, PluginInfo

        return PluginInfo(
            id="folder",
            version=__version__,
            summary="deploys to a folder",
            capabilities=(Capability.PROVIDER, Capability.DETECTION),
        )

    @hookimpl
    def sindri_config_sections(self) -> Sequence[ConfigSection]:
        from sindri_core.types import ConfigSection

        return [
            ConfigSection(
                path="providers.folder", model="sindri_folder.settings:FolderSettings", summary="Where folders go."
            )
        ]

    @hookimpl
    def sindri_locate(self, ctx: Context, request: LocateRequest) -> Destination:
        from sindri_folder.manifests import locate

        return locate(ctx)

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        if request.destination.provider != "folder":
            return None
        from sindri_core.types import ClusterCandidate

        root = request.destination.server
        return [ClusterCandidate(kind="folder", name=root, rank=100, evidence=("the configuration says so",))]

    @hookimpl
    def sindri_build_manifests(self, ctx: Context, request: BuildRequest) -> Sequence[Manifest]:
        from sindri_folder.manifests import build

        return build(ctx.config, request.image)

    @hookimpl
    def sindri_find_images(self, ctx: Context, request: FindImagesRequest) -> Sequence[ImageUse]:
        from sindri_folder.manifests import images

        return images(request.manifests)

    @hookimpl
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> Target:
        from pathlib import Path

        from sindri_folder.target import FolderTarget

        return FolderTarget(ctx, request.destination, Path(request.destination.server), frozenset(request.adopt))


plugin = FolderPlugin()
