"""Everything that is attached to an image and may vouch for it, fetched and read, and believed in nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sindri_core.oci import documents
from sindri_image_verify import bundle as bundles
from sindri_image_verify import simplesigning
from sindri_image_verify.statement import Envelope, Malformed, Statement, decoded, envelope, statement

if TYPE_CHECKING:
    from sindri_core.oci.client import RegistryClient
    from sindri_core.oci.documents import Descriptor, Document
    from sindri_core.oci.reference import Reference
    from sindri_image_verify.bundle import Bundle
    from sindri_image_verify.simplesigning import Signed

DSSE = "application/vnd.dsse.envelope.v1+json"
SIGNATURE, CERTIFICATE = "dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate"
CHAIN, LOG = "dev.sigstore.cosign/chain", "dev.sigstore.cosign/bundle"
MOST_LAYERS = 100
AT_ONCE = 6
PEM = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing that may vouch for the image. Exactly one of ``bundle``, ``signed`` and ``attested`` is there.

    ``digest`` names it in the registry; ``payload`` and ``layer`` are the content and the descriptor of an older
    signature, ``certificate`` is the leaf's DER, None where a key signed. ``problem`` says why it cannot be read.
    """

    digest: str
    form: str
    problem: str = ""
    bundle: Bundle | None = None
    signed: Signed | None = None
    attested: Statement | None = None
    envelope: Envelope | None = None
    signature: bytes = field(default=b"", repr=False)
    payload: bytes = field(default=b"", repr=False)
    layer: Descriptor | None = None
    certificate: bytes | None = field(default=None, repr=False)

    @property
    def statement(self) -> Statement | None:
        """What is stated, unless it is a signature of the older kind."""
        return self.bundle.statement if self.bundle else self.attested


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The image's own document, and what is attached to it."""

    image: Document
    candidates: tuple[Candidate, ...]


def gather(registry: RegistryClient, repository: Reference, digest: str) -> Material:
    """Fetch all of it from both places where tools put signatures.

    A registry that fails at any of it raises: what could not be read is not taken for missing.
    """
    pinned = type(repository)(host=repository.host, path=repository.path, digest=digest)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sindri-material") as pool:
        image = pool.submit(registry.manifest, pinned)
        listed = pool.submit(registry.referrers, repository, digest)
        older = [pool.submit(registry.attached, repository, digest, suffix) for suffix in (".sig", ".att")]
        referring = pool.map(lambda each: _referring(registry, repository, each, digest), listed.result())
        candidates = [each for found in referring for each in found]
        for future in older:
            if (document := future.result()) is not None:
                candidates += _layers(pool.map, registry, repository, document)
        return Material(image=image.result(), candidates=tuple(candidates))


def _referring(
    registry: RegistryClient, repository: Reference, listed: Descriptor, image: str
) -> tuple[Candidate, ...]:
    """Read what refers to the image: a bundle, or something that is none of our business."""
    named = type(repository)(host=repository.host, path=repository.path, digest=listed.digest)
    document = registry.manifest(named)
    bundled = [layer for layer in document.layers if bundles.is_bundle(layer.media_type)]
    if not bundled:
        return ()
    if document.subject is None or document.subject.digest != image:
        return (Candidate(digest=listed.digest, form="bundle", problem="it is attached to another image"),)
    if len(document.layers) != 1:
        return (Candidate(digest=listed.digest, form="bundle", problem="it is not alone in its manifest"),)
    content = registry.blob(repository, bundled[0].digest, limit=bundles.LARGEST)
    try:
        found = bundles.read(content)
    except Malformed as error:
        return (Candidate(digest=listed.digest, form="bundle", problem=str(error)),)
    return (Candidate(digest=listed.digest, form="bundle", bundle=found, certificate=found.certificate),)


Mapped = Callable[[Callable[["Descriptor"], Candidate], Iterable["Descriptor"]], Iterable[Candidate]]


def _layers(mapped: Mapped, registry: RegistryClient, repository: Reference, document: Document) -> list[Candidate]:
    """Read every signature or attestation of the older kind that a manifest holds."""
    if len(document.layers) > MOST_LAYERS:
        raise documents.untrusted(f"{repository.repository} has more than {MOST_LAYERS} signatures for one image")
    known = [each for each in document.layers if each.media_type in {simplesigning.MEDIA_TYPE, DSSE}]
    return list(mapped(lambda layer: _older(registry, repository, layer), known))


def _older(registry: RegistryClient, repository: Reference, layer: Descriptor) -> Candidate:
    payload = registry.blob(repository, layer.digest, limit=bundles.LARGEST)
    form = "legacy"
    try:
        certificate = _certificate(layer.annotations.get(CERTIFICATE, ""))
        if layer.media_type == DSSE:
            signed = envelope(documents.strict_json(payload))
            return Candidate(
                digest=layer.digest,
                form=form,
                attested=statement(signed.payload),
                envelope=signed,
                payload=payload,
                layer=layer,
                certificate=certificate,
            )
        return Candidate(
            digest=layer.digest,
            form=form,
            signed=simplesigning.read(payload),
            signature=decoded(layer.annotations.get(SIGNATURE)),
            payload=payload,
            layer=layer,
            certificate=certificate,
        )
    except (ValueError, RecursionError) as error:
        return Candidate(digest=layer.digest, form=form, problem=str(error))


def _certificate(pem: str) -> bytes | None:
    if not pem:
        return None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    except ValueError:
        raise Malformed("its certificate cannot be read") from None
