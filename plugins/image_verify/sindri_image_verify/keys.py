"""Public keys that settings name: a file, the text of a key, or the address of one in a key service."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.settings import KEY_SERVICES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

LARGEST = 16 << 10
SMALLEST_RSA = 2048
CURVES = {"secp256r1", "secp384r1", "secp521r1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key. ``uri`` is set for one that lies in a key service, which only cosign can ask; else ``pem`` is."""

    name: str
    uri: str = ""
    pem: bytes = field(default=b"", repr=False)
    public: PublicKeyTypes | None = field(default=None, repr=False)


def load(text: str) -> Key:
    """Load one entry of ``public_keys``. Raises ``ValueError`` that says what is wrong with it."""
    if "pin-value=" in text:
        raise ValueError("the address of a key holds a PIN, which would be shown: use pin-source")
    if text.startswith(KEY_SERVICES):
        return Key(name=text, uri=text)
    if "-----BEGIN" in text:
        pem = text.encode()
        return _parsed(f"SHA256:{hashlib.sha256(pem.strip()).hexdigest()[:12]}", pem)
    if text.startswith("-"):
        raise ValueError(f"{text!r} starts with a hyphen")
    if "://" in text:
        raise ValueError(f"{text!r} is of no key service that is known: {', '.join(KEY_SERVICES)}")
    return _parsed(Path(text).name, read(Path(text), LARGEST))


def read(file: Path, largest: int) -> bytes:
    """Read a whole file that settings name. Raises ``ValueError`` where that cannot be, or it is larger."""
    try:
        if not file.is_file():
            raise ValueError(f"{file} is not a file that exists")
        with file.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > largest:
        raise ValueError(f"{file} is larger than {largest >> 10} KiB")
    return content


def _parsed(name: str, pem: bytes) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if b"PRIVATE KEY" in pem:
        raise ValueError(f"{name} is a private key: name the public one, and keep this one secret")
    if pem.count(b"-----BEGIN") != 1:
        raise ValueError(f"{name} holds not exactly one public key")
    if not pem.strip().startswith(b"-----BEGIN PUBLIC KEY-----"):
        raise ValueError(f"{name} is no public key in PEM form (-----BEGIN PUBLIC KEY-----)")
    try:
        public = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{name} is no public key that can be read") from None
    _require_strong(name, public)
    return Key(name=name, pem=pem, public=public)


def _require_strong(name: str, public: PublicKeyTypes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    match public:
        case RSAPublicKey() if public.key_size < SMALLEST_RSA:
            raise ValueError(f"{name} is an RSA key of {public.key_size} bits; it must have {SMALLEST_RSA}")
        case EllipticCurvePublicKey() if public.curve.name not in CURVES:
            raise ValueError(f"{name} is on the curve {public.curve.name}; it must be P-256, P-384 or P-521")
        case RSAPublicKey() | EllipticCurvePublicKey() | Ed25519PublicKey():
            return
        case _:
            raise ValueError(f"{name} is of a kind that signs no images; use ECDSA, Ed25519 or RSA")
