"""What ``doctor`` says: which engines are here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sindri_core.types import Check
from sindri_image_verify.engines.answers import NoCosign
from sindri_image_verify.engines.choosing import INSTALL, KEYLESS

if TYPE_CHECKING:
    from sindri_core.context import Context


def checks(ctx: Context) -> Sequence[Check]:
    """Look for cosign and for the package ``sigstore``. Neither is needed for signatures by bare keys."""
    return [_cosign(ctx), _keyless()]


def _cosign(ctx: Context) -> Check:
    from sindri_image_verify.engines import finding

    try:
        found = finding.found(ctx)
    except NoCosign as missing:
        return Check(title="cosign", ok=None, detail=f"{missing.reason}; keys are checked without it", fix=INSTALL)
    return Check(title="cosign", ok=True, detail=f"{found.version} at {found.path}")


def _keyless() -> Check:
    title = "keyless signatures in this process"
    if find_spec(KEYLESS) is None:
        fix = "pip install 'sindri-image-verify[keyless]'"
        return Check(title=title, ok=None, detail="the package sigstore is not installed", fix=fix)
    from importlib.metadata import version

    return Check(title=title, ok=True, detail=f"sigstore {version(KEYLESS)}")
