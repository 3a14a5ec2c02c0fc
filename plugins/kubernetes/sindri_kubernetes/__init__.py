"""sindri-kubernetes: the Kubernetes provider. This module is imported at every start: it imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.interfaces import Target
    from sindri_core.requests import (
        BuildRequest,
        DetectRequest,
        FindImagesRequest,
        LocateRequest,
        ReadRequest,
        TargetRequest,
        ValidateRequest,
    )
    from sindri_core.types import (
        Body,
        ClusterCandidate,
        ConfigSection,
        Destination,
        ImageUse,
        Issue,
        Manifest,
        PluginInfo,
    )

__version__ = "0.1.0"


class KubernetesPlugin(HookSpecs):
    """The provider ``kubernetes``: objects, plan, deploy, power, removal and observation."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import Capability, PluginInfo

        return PluginInfo(
            id="kubernetes",
            version=__version__,
            summary="deploys environments to Kubernetes with server-side apply",
            capabilities=(Capability.PROVIDER, Capability.DETECTION),
        )

    @hookimpl
    def sindri_config_sections(self) -> Sequence[ConfigSection]:
        from sindri_core.types import ConfigSection

        return (
            ConfigSection(
                path="providers.kubernetes",
                model="sindri_kubernetes.models:KubernetesSection",
                summary="where and how the environment runs in Kubernetes",
            ),
            ConfigSection(
                path="providers.k8s",
                model="sindri_kubernetes.models:LocalClusterSection",
                summary="the local cluster that sindri k8s create makes",
            ),
        )

    @hookimpl
    def sindri_validate_config(self, ctx: Context, request: ValidateRequest) -> Sequence[Issue] | None:
        if ctx.config.provider != "kubernetes":
            return None
        from sindri_kubernetes.validate import issues

        return issues(ctx.config, request.document)

    @hookimpl
    def sindri_locate(self, ctx: Context, request: LocateRequest) -> Destination:
        from sindri_kubernetes.locate import locate

        return locate(ctx)

    @hookimpl
    def sindri_read(self, ctx: Context, request: ReadRequest) -> Body:
        from sindri_kubernetes.locate import read

        return read(ctx, request)

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        if request.destination.provider != "kubernetes":
            return None
        from sindri_kubernetes.detect import detect

        return detect(request)

    @hookimpl
    def sindri_build_manifests(self, ctx: Context, request: BuildRequest) -> Sequence[Manifest]:
        from sindri_kubernetes.manifests import build
        from sindri_kubernetes.settings import KubernetesSettings

        settings = KubernetesSettings.of(ctx)
        return build(ctx.config, settings, request.destination.namespace, request.image)

    @hookimpl
    def sindri_find_images(self, ctx: Context, request: FindImagesRequest) -> Sequence[ImageUse]:
        from sindri_kubernetes.images import find_images

        return find_images(request.manifests)

    @hookimpl
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> Target:
        from sindri_kubernetes.target import open_target

        return open_target(ctx, request)


plugin = KubernetesPlugin()
