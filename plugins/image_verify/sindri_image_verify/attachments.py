"""What is attached to an image, as it describes itself, for ``sindri image inspect``. Nothing here is checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sindri_core.oci.reference import Reference, parse
from sindri_core.types import Attachment
from sindri_image_verify import identity, material
from sindri_image_verify.candidates import BUNDLE, SIGN_TYPE, SIGNATURE, Candidate, read
from sindri_image_verify.refusals import Refused, printable

if TYPE_CHECKING:
    from sindri_core.requests import InspectRequest


def inspect(request: InspectRequest) -> Sequence[Attachment]:
    """List what is attached, in both ways of attaching. Raises ``RegistryError``."""
    named = parse(request.image.deployed)
    image = Reference(host=named.host, path=named.path, digest=request.image.digest)
    if not image.digest:
        return ()
    try:
        candidates = material.gather(request.registry, image).candidates
    except Refused as refusal:
        return [Attachment(kind="other", format="", digest="", problem=refusal.reason)]
    return [_described(candidate, image.digest) for candidate in candidates]


def _described(candidate: Candidate, digest: str) -> Attachment:
    form = "bundle" if candidate.form == BUNDLE else "legacy"
    kind = "signature" if candidate.form == SIGNATURE else "attestation"
    try:
        signed = read(candidate, digest)
    except Refused as refusal:
        return Attachment(
            kind="other", format=form, digest=candidate.digest, problem=refusal.reason, claims=refusal.found
        )
    claims = ["not verified: as it describes itself"]
    claims += identity.described(signed.certificate) if signed.certificate else ["signer: a key that it does not name"]
    if signed.repository:
        claims.append(f"signed repository: {printable(signed.repository)}")
    claims.append(f"transparency log: {'an entry' if signed.logged else 'no entry'}")
    return Attachment(
        kind="signature" if signed.predicate_type == SIGN_TYPE else kind,
        format=form,
        digest=candidate.digest,
        predicate_type=printable(signed.predicate_type),
        claims=tuple(claims),
    )
