"""Everything that is attached to one image in its registry, in both ways of attaching, fetched within limits.

A registry that fails is an error, not an image without signatures. What one stranger attached is a candidate that is
of no use, and hinders nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound, RegistryError
from sindri_core.oci import documents
from sindri_image_verify.bundle import LAYER_TYPES
from sindri_image_verify.candidates import ATTESTATION, BUNDLE, SIGNATURE, Candidate
from sindri_image_verify.refusals import Refused, Stage

if TYPE_CHECKING:
    from sindri_core.oci.client import RegistryClient
    from sindri_core.oci.documents import Descriptor, Document
    from sindri_core.oci.reference import Reference

LARGEST = 1 << 20
"""Bytes of a manifest of signatures, of a bundle, or of one layer."""
MOST_LAYERS = 100
AT_ONCE = 8
_UNBELIEVABLE = "SND-IMG-008"
_LEGACY = {
    SIGNATURE: (".sig", "application/vnd.dev.cosign.simplesigning.v1+json"),
    ATTESTATION: (".att", "application/vnd.dsse.envelope.v1+json"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The image's own document, and all that might vouch for it."""

    document: Document
    candidates: tuple[Candidate, ...]


def gather(client: RegistryClient, image: Reference) -> Material:
    """Fetch what is attached to ``image``, which has a digest and no tag.

    Raises ``Refused`` when the repository no longer has the image or too much is attached, ``RegistryError`` when the
    registry fails.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sindri-signatures") as pool:
        document = pool.submit(client.manifest, image)
        referrers = pool.submit(client.referrers, image, image.digest)
        attached = {
            form: pool.submit(client.attached, image, image.digest, suffix) for form, (suffix, _) in _LEGACY.items()
        }
        try:
            found = document.result()
        except ImageNotFound:
            raise Refused(Stage.ABSENT, f"{image.repository} has no image {image.digest} any more") from None
        work: list[Callable[[], Candidate]] = [partial(_bundle, client, image, each) for each in referrers.result()]
        for form, answer in attached.items():
            work += _layers(client, image, form, answer.result())
        candidates = tuple(pool.map(lambda fetch: fetch(), work))
    return Material(document=found, candidates=tuple(c for c in candidates if c.form))


def _bundle(client: RegistryClient, image: Reference, referrer: Descriptor) -> Candidate:
    """Open what refers to the image: only the type of its layer tells a bundle, the artifact type does not."""
    nothing = Candidate(form="", digest=referrer.digest)
    if documents.KINDS.get(referrer.media_type) != documents.IMAGE:
        return nothing
    try:
        layer = _layer(client, image, referrer)
    except ValueError as error:
        return replace(nothing, form=BUNDLE, problem=str(error))
    return _content(client, image, BUNDLE, layer) if layer else nothing


def _layer(client: RegistryClient, image: Reference, referrer: Descriptor) -> Descriptor | None:
    """Find the layer that is a bundle; None where there is none. Raises ``ValueError`` for one that is of no use."""
    if referrer.size > LARGEST:
        raise ValueError(f"what refers to the image is larger than {LARGEST >> 20} MiB")
    try:
        manifest = client.manifest(_at(image, referrer.digest))
    except ImageNotFound:
        raise ValueError("the registry lists it among what refers to the image, and does not have it") from None
    except RegistryError as error:
        if error.code != _UNBELIEVABLE:
            raise
        raise ValueError(error.message) from None
    if not {layer.media_type for layer in manifest.layers} & LAYER_TYPES:
        return None
    if len(manifest.layers) != 1:
        raise ValueError(f"the bundle lies among {len(manifest.layers)} layers, not alone")
    if manifest.subject is None or manifest.subject.digest != image.digest:
        raise ValueError("the bundle is attached to another image")
    return manifest.layers[0]


def _layers(
    client: RegistryClient, image: Reference, form: str, manifest: Document | None
) -> Sequence[Callable[[], Candidate]]:
    if manifest is None:
        return ()
    suffix, media_type = _LEGACY[form]
    if len(manifest.layers) > MOST_LAYERS or len(manifest.content) > LARGEST:
        raise Refused(Stage.MALFORMED, f"the {suffix} tag has more than {MOST_LAYERS} layers or {LARGEST >> 20} MiB")
    fitting = [layer for layer in manifest.layers if layer.media_type == media_type]
    return [partial(_content, client, image, form, layer) for layer in fitting]


def _content(client: RegistryClient, image: Reference, form: str, layer: Descriptor) -> Candidate:
    if layer.size > LARGEST:
        return Candidate(form=form, digest=layer.digest, problem=f"it is larger than {LARGEST >> 20} MiB")
    try:
        content = client.blob(image, layer.digest, limit=LARGEST)
    except ImageNotFound:
        return Candidate(form=form, digest=layer.digest, problem="the registry does not have its content")
    return Candidate(form=form, digest=layer.digest, content=content, annotations=layer.annotations)


def _at(image: Reference, digest: str) -> Reference:
    return type(image)(host=image.host, path=image.path, digest=digest)
