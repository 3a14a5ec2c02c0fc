"""Public keys: from files or texts, and the signatures that they check."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sindri_core.files import read_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    PublicKey: TypeAlias = "EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey"

LARGEST = 64 << 10
LEAST_RSA = 2048
CURVES = {"secp256r1", "secp384r1", "secp521r1"}
SERVICES = ("k8s://", "awskms://", "gcpkms://", "azurekms://", "hashivault://", "pkcs11:")


class BadKey(ValueError):
    """A key that cannot be used; the message says why, and holds nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key with its PEM text and the name that people know it by."""

    name: str
    pem: bytes = field(repr=False)
    public: PublicKey = field(repr=False)

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this key made the signature over exactly this content."""
        return _verified(self.public, content, signature)


def is_service(text: str) -> bool:
    """Whether the key lies in a service that only cosign speaks to."""
    return text.startswith(SERVICES)


def load(text: str) -> Key:
    """Read a key: PEM text, or the file that holds it. Raises ``BadKey``."""
    if "-----BEGIN" in text:
        return _read(text.encode(), "written in the settings")
    file = Path(text)
    try:
        content = read_regular(file, LARGEST)
    except OSError as error:
        raise BadKey(f"{file} cannot be read: {error.strerror}") from None
    return _read(content, file.name)


def _read(pem: bytes, name: str) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in pem:
        raise BadKey(f"{name} holds a private key: give it to nobody, and name the public one")
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey(f"{name} is no public key in PEM form") from None
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < LEAST_RSA:
            raise BadKey(f"{name} is an RSA key of {public.key_size} bits: at least {LEAST_RSA} are safe")
    elif isinstance(public, ec.EllipticCurvePublicKey):
        if public.curve.name not in CURVES:
            raise BadKey(f"{name} is a key on the curve {public.curve.name}: P-256, P-384 and P-521 are known")
    elif not isinstance(public, ed25519.Ed25519PublicKey):
        raise BadKey(f"{name} is of a kind that signs no images")
    return Key(name=name, pem=pem, public=public)


def _verified(public: PublicKey, content: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, content)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        else:
            public.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
