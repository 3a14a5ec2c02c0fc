"""Whether what a resolver answered can be deployed as it says: nobody looks at the image again after this."""

from __future__ import annotations

from sindri_core.errors import ImageError
from sindri_core.oci.reference import DIGEST, parse
from sindri_core.types import Origin, ResolvedImage


def unusable(image: ResolvedImage) -> str:
    """Say what is wrong with a resolved image, or nothing.

    What is deployed is a reference by the grammar; an image of a registry is deployed by exactly its digest.
    """
    texts: tuple[object, ...] = (image.deployed, image.digest)  # a plugin may have written anything
    if not all(isinstance(text, str) for text in texts):
        return "deployed and digest are texts"
    try:
        deployed = parse(image.deployed)
    except ImageError as error:
        return error.message
    if image.digest and not DIGEST.fullmatch(image.digest):
        return f"the digest {image.digest[:80]!r} is not sha256: and 64 lower-case hexadecimal digits"
    if image.origin == Origin.ENGINE:
        return ""
    if deployed.digest != image.digest:
        return f"{image.deployed} is deployed, which is not the digest {image.digest or '(none)'} that was resolved"
    return ""
