"""Checks with ``cryptography``: a bare key, and no transparency log asked for.

Like cosign 3, an ECDSA or RSA signature is over SHA-256, whatever the size of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sindri_image_verify.candidates import Signed
    from sindri_image_verify.keys import Key


def signed_by(key: Key, signed: Signed) -> bool:
    """Whether the candidate's signature is this key's, over exactly the bytes that it claims to be over."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        match key.public:
            case EllipticCurvePublicKey():
                key.public.verify(signed.signature, signed.signed, ECDSA(SHA256()))
            case Ed25519PublicKey():
                key.public.verify(signed.signature, signed.signed)
            case RSAPublicKey():
                key.public.verify(signed.signature, signed.signed, PKCS1v15(), SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
