"""sindri-image-verify: cosign signatures and SLSA provenance of exactly one digest.

This module is imported at every start: it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sindri_core import HookSpecs, hookimpl

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import CheckRequest, InspectRequest, ValidateRequest, VerifyRequest
    from sindri_core.types import Attachment, Check, Issue, PluginInfo, Verification

__version__ = "0.1.0"


class ImageVerifyPlugin(HookSpecs):
    """Judges what is attached to an image; imports its parts only when they are needed."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        from sindri_core.types import Capability, PluginInfo

        return PluginInfo(
            id="image-verify",
            version=__version__,
            summary="cosign signatures and SLSA provenance of images",
            capabilities=(Capability.IMAGE_VERIFICATION, Capability.CHECKS),
        )

    @hookimpl
    def sindri_validate_config(self, ctx: Context, request: ValidateRequest) -> Sequence[Issue]:
        demands = [(name, policy) for name, policy in request.demands if "image-verify" in policy.verifiers]
        if not any(policy.claims for _, policy in demands):
            return ()
        from sindri_image_verify.validation import issues

        return [issue for name, policy in demands if policy.claims for issue in issues(policy, name)]

    @hookimpl
    def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification]:
        from sindri_image_verify.verify import verify

        return verify(ctx, request)

    @hookimpl
    def sindri_inspect_image(self, ctx: Context, request: InspectRequest) -> Sequence[Attachment]:
        from sindri_image_verify.attachments import inspect

        return inspect(request)

    @hookimpl
    def sindri_check(self, ctx: Context, request: CheckRequest) -> Sequence[Check]:
        from sindri_image_verify.doctor import checks

        return checks(ctx)


plugin = ImageVerifyPlugin()
