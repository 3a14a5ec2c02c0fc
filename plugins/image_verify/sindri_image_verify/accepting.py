"""The setting that would accept what was found, to be written by somebody who decides that it should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.certificate import Signer


def settings(signer: Signer | None, terms: TrustPolicy) -> tuple[str, ...]:
    """Lines of YAML for the policy that refused. Empty where no setting would be right."""
    if signer is None:
        return ()
    rows = [("certificate_identity", signer.identity), ("certificate_oidc_issuer", signer.issuer)]
    if signer.source_repository:
        rows.append(("source_repository", signer.source_repository))
    where = terms.path or terms.source
    return (f"if that signer is right, in {where}:", *(f"  {name}: {json.dumps(text)}" for name, text in rows))
