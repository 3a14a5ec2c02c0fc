"""What this verifier needs, for ``doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.types import Check
from sindri_image_verify.engines import keyless
from sindri_image_verify.engines.cosign import Cosign, Unusable

if TYPE_CHECKING:
    from sindri_core.context import Context


def checks(ctx: Context) -> tuple[Check, ...]:
    """Say which engines there are. Signatures by keys need none of them."""
    try:
        cosign = Check(title="cosign", ok=True, detail=Cosign(ctx).name())
    except Unusable as error:
        cosign = Check(title="cosign", ok=None, detail=str(error), fix="needed for certificates and transparency logs")
    package = keyless.version()
    detail = package or "not installed: certificates are checked by cosign alone"
    return (
        cosign,
        Check(title="package sigstore", ok=True if package else None, detail=detail),
    )
