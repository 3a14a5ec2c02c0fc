"""What is attached to an image, as it describes itself. Nothing is checked here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.oci.reference import Reference, parse
from sindri_core.types import Attachment
from sindri_image_verify import certificate, provenance
from sindri_image_verify.material import Candidate, gather
from sindri_image_verify.statement import COSIGN_SIGN, Malformed

if TYPE_CHECKING:
    from sindri_core.requests import InspectRequest


def inspect(request: InspectRequest) -> tuple[Attachment, ...]:
    """List the signatures and attestations of an image."""
    reference = parse(request.image.deployed)
    if not request.image.digest:
        return ()
    repository = Reference(host=reference.host, path=reference.path)
    return tuple(map(_attachment, gather(request.registry, repository, request.image.digest).candidates))


def _attachment(candidate: Candidate) -> Attachment:
    stated = candidate.statement
    is_signature = candidate.signed or (stated and stated.predicate_type == COSIGN_SIGN)
    claims: tuple[str, ...] = ()
    problem = candidate.problem
    try:
        signer = certificate.read(candidate.certificate) if candidate.certificate else None
        claims = signer.lines() if signer else () if problem else ("signed by a key",)
        if stated and stated.predicate_type in provenance.TYPES:
            claims = (*claims, *provenance.read(stated).lines())
    except Malformed as error:
        problem = str(error)
    return Attachment(
        kind="signature" if is_signature else "attestation" if stated else "other",
        format=candidate.form,
        digest=candidate.digest,
        predicate_type=stated.predicate_type if stated else "",
        claims=claims,
        problem=problem,
    )
