"""Key pairs of tests, and what the makers of Sigstore material sign with them."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

Kind = Literal["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048", "rsa-1024"]
Document = dict[str, Any]
"""A JSON object."""
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

DETAILS: dict[Kind, str] = {
    "ecdsa-p256": "PKIX_ECDSA_P256_SHA_256",
    "ed25519": "PKIX_ED25519",
    "rsa-2048": "PKIX_RSA_PKCS1V15_2048_SHA256",
}
"""What a trusted root calls a log's key with its digest (``PublicKeyDetails`` of sigstore's protobuf-specs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key pair of a kind, and how signatures are made with it.

    ``digest`` is what ECDSA signs over: SHA-256 with every curve where cosign is given a key.
    """

    kind: Kind
    private: PrivateKey
    digest: Literal["sha256", "sha384"] = "sha256"

    @classmethod
    def new(cls, kind: Kind = "ecdsa-p256") -> Key:
        """Make a key pair; RSA takes a tenth of a second, the others none."""
        match kind:
            case "ecdsa-p256":
                return cls(kind=kind, private=ec.generate_private_key(ec.SECP256R1()))
            case "ecdsa-p384":
                return cls(kind=kind, private=ec.generate_private_key(ec.SECP384R1()))
            case "ed25519":
                return cls(kind=kind, private=ed25519.Ed25519PrivateKey.generate())
            case "rsa-2048":
                return cls(kind=kind, private=rsa.generate_private_key(65537, 2048))
            case "rsa-1024":
                return cls(kind=kind, private=rsa.generate_private_key(65537, 1024))  # noqa: S505 - to be refused

    @property
    def der(self) -> bytes:
        """The public key as DER (SubjectPublicKeyInfo)."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def pem(self) -> str:
        """The public key as PEM, as it stands in ``cosign.pub``."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()  # fmt: skip

    @property
    def private_pem(self) -> str:
        """The private key as PEM (PKCS#8), which no verifier must take for a public one."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def identifier(self) -> bytes:
        """The SHA-256 of the public key's DER, 32 bytes: a log's id, and the hint in cosign's bundles."""
        return hashlib.sha256(self.der).digest()

    def sign(self, message: bytes) -> bytes:
        """Sign as cosign does: ECDSA over ``digest``, RSA PKCS#1 v1.5 over SHA-256, Ed25519 over the message."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(hashes.SHA384() if self.digest == "sha384" else hashes.SHA256()))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(message)


def base64_of(data: bytes) -> str:
    """Encode as JSON forms of protobuf do: standard alphabet, padded."""
    return base64.b64encode(data).decode()


def canonical(document: Document) -> bytes:
    """Encode as RFC 8785 does, for documents of ASCII strings, integers, lists and objects."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return what a DSSE signature covers: the PAE of the payload and its type."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type.encode()), payload_type.encode(), len(payload), payload)
