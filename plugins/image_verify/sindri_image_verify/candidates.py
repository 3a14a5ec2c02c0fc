"""What is attached to an image and might vouch for it, read strictly but not believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sindri_image_verify import bundle, envelope, simplesigning, statement
from sindri_image_verify.refusals import Refused, Stage, printable
from sindri_image_verify.strictjson import decoded, mapping

if TYPE_CHECKING:
    from sindri_image_verify.certificate import Certificate
    from sindri_image_verify.statement import Statement

BUNDLE, SIGNATURE, ATTESTATION = "bundle", "legacy signature", "legacy attestation"
SIGN_TYPE = "https://sigstore.dev/cosign/sign/v1"
_PREFIX = "dev.sigstore.cosign/"
SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
CERTIFICATE_ANNOTATION = f"{_PREFIX}certificate"
LOG_ANNOTATION = f"{_PREFIX}bundle"
TIME_ANNOTATION = f"{_PREFIX}rfc3161timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Content that was fetched: a whole bundle, or one layer of a ``.sig`` or ``.att`` image with its annotations.

    ``digest`` is the content's own; ``problem`` says why it could not be fetched or cannot be used at all.
    """

    form: str
    digest: str
    content: bytes = field(default=b"", repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A candidate taken apart. ``signed`` are the bytes that ``signature`` must be over.

    ``certificate`` is None where a bare key signed. ``statement`` is None for a signature in the older format, whose
    ``repository`` is what the signer named. ``logged`` and ``stamped`` tell that proof of a log, or a timestamp, is
    there; ``logged_at`` is when the log says it was, for a bundle.
    """

    candidate: Candidate
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    predicate_type: str
    certificate: Certificate | None = None
    statement: Statement | None = None
    repository: str = ""
    logged: bool = False
    logged_at: tuple[int, ...] = ()
    stamped: bool = False


def read(candidate: Candidate, digest: str) -> Signed:
    """Take a candidate apart and make sure that it is about the image. Raises ``Refused``."""
    if candidate.problem:
        raise Refused(Stage.MALFORMED, candidate.problem)
    try:
        signed = _READERS[candidate.form](candidate)
        about, others = _about(signed, digest)
    except ValueError as error:
        raise Refused(Stage.MALFORMED, printable(str(error), 400)) from None
    if not about:
        raise Refused(
            Stage.OTHER,
            "what was signed is another image",
            found=[f"signed digest: {printable(other)}" for other in others[:3]],
            wanted=[f"digest: {digest}"],
        )
    return signed


def _about(signed: Signed, digest: str) -> tuple[bool, list[str]]:
    if signed.statement:
        return signed.statement.about(digest), [f"sha256:{each}" for each in signed.statement.digests]
    claimed = simplesigning.parse(signed.signed).digest
    return claimed == digest, [claimed]


def _bundle(candidate: Candidate) -> Signed:
    parsed = bundle.parse(candidate.content)
    said = statement.parse(parsed.envelope.payload)
    return Signed(
        candidate=candidate,
        signed=parsed.envelope.signed,
        signature=parsed.envelope.signature,
        predicate_type=said.predicate_type,
        certificate=_certificate(parsed.certificate),
        statement=said,
        logged=bool(parsed.logged_at),
        logged_at=parsed.logged_at,
        stamped=parsed.timestamps > 0,
    )


def _simple(candidate: Candidate) -> Signed:
    claim = simplesigning.parse(candidate.content)
    return Signed(
        candidate=candidate,
        signed=candidate.content,
        signature=decoded(candidate.annotations.get(SIGNATURE_ANNOTATION, ""), "the signature"),
        predicate_type=SIGN_TYPE,
        repository=claim.repository,
        certificate=_annotated_certificate(candidate),
        logged=bool(candidate.annotations.get(LOG_ANNOTATION)),
        stamped=bool(candidate.annotations.get(TIME_ANNOTATION)),
    )


def _attestation(candidate: Candidate) -> Signed:
    parsed = envelope.parse(mapping(candidate.content, "envelope"))
    said = statement.parse(parsed.payload)
    return Signed(
        candidate=candidate,
        signed=parsed.signed,
        signature=parsed.signature,
        predicate_type=said.predicate_type,
        statement=said,
        certificate=_annotated_certificate(candidate),
        logged=bool(candidate.annotations.get(LOG_ANNOTATION)),
        stamped=bool(candidate.annotations.get(TIME_ANNOTATION)),
    )


def _annotated_certificate(candidate: Candidate) -> Certificate | None:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    pem = candidate.annotations.get(CERTIFICATE_ANNOTATION, "").strip()
    if not pem:
        return None
    if pem.count("-----BEGIN") > 1:
        raise ValueError("the annotation holds several certificates, not one")
    return _certificate(load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER))


def _certificate(der: bytes | None) -> Certificate | None:
    from sindri_image_verify import certificate

    return certificate.parse(der) if der is not None else None


_READERS = {BUNDLE: _bundle, SIGNATURE: _simple, ATTESTATION: _attestation}
