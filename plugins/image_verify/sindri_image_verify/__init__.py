"""sindri-image-verify: image signatures and provenance. This module is imported at every start: nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.requests import CheckRequest, InspectRequest, ValidateRequest, VerifyRequest
    from sindri_core.types import Attachment, Check, Issue, PluginInfo, Verification

__version__ = "0.1.0"
ID = "image-verify"


class ImageVerifyPlugin(HookSpecs):
    """Vouches for images whose signature and provenance satisfy the trust settings."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import Capability, PluginInfo

        return PluginInfo(
            id=ID,
            version=__version__,
            summary="image signatures and provenance, checked before anything is deployed",
            capabilities=(Capability.IMAGE_VERIFICATION, Capability.CHECKS),
        )

    @hookimpl
    def sindri_validate_config(self, ctx: Context, request: ValidateRequest) -> Sequence[Issue] | None:
        if not request.demands:
            return None
        from sindri_image_verify.validating import issues

        return list(issues(request.demands, ID))

    @hookimpl
    def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification]:
        from sindri_image_verify.judging import verify

        return verify(ctx, request)

    @hookimpl
    def sindri_inspect_image(self, ctx: Context, request: InspectRequest) -> Sequence[Attachment]:
        from sindri_image_verify.inspecting import inspect

        return inspect(request)

    @hookimpl
    def sindri_check(self, ctx: Context, request: CheckRequest) -> Sequence[Check]:
        from sindri_image_verify.checking import checks

        return checks(ctx)


plugin = ImageVerifyPlugin()
