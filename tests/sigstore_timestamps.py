"""A timestamp authority (RFC 3161): signed statements that a signature existed at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from sigstore_certificates import END, Issuer, authority, der, distinguished, issuer_public, signed, started, usage
from sigstore_der import SET, TIME, identifier, integer, octets, sequence, tagged
from sigstore_keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPLICIT_0 = 0xA0
SHA256 = sequence(identifier("2.16.840.1.101.3.4.2.1"))
ECDSA_SHA256 = sequence(identifier("1.2.840.10045.4.3.2"))
SIGNED_DATA = identifier("1.2.840.113549.1.7.2")
STAMP = identifier("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = identifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = identifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = identifier("1.2.840.113549.1.9.16.2.47")
POLICY = identifier("1.3.6.1.4.1.57264.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampAuthority:
    """A root and the certificate that signs timestamps."""

    root: Issuer
    signer: Issuer

    @classmethod
    def new(cls, name: str = "timestamp.sigstore.test", *, until: datetime = END) -> TimestampAuthority:
        """Make an authority whose signing certificate is valid until then."""
        root_name, root_key, key = distinguished(name, "root"), Key.new("ecdsa-p384"), Key.new()
        root = signed(authority(root_name, root_name, root_key, until=END, depth=0), root_key)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = (
            started(distinguished(name, "signer"), root_name, key, root.not_valid_before_utc, until)
            .add_extension(usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public(root_key)), critical=False)
            .add_extension(purpose, critical=True)
        )
        return cls(
            root=Issuer(key=root_key, certificate=root), signer=Issuer(key=key, certificate=signed(builder, root_key))
        )

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """The signing certificate and the root."""
        return (self.signer.certificate, self.root.certificate)

    def stamp(self, signature: bytes, at: datetime) -> bytes:
        """Return a TimeStampResp (DER) which says that the signature existed at a time, to the second."""
        imprint = sequence(SHA256, octets(hashlib.sha256(signature).digest()))
        when = tagged(TIME, at.strftime("%Y%m%d%H%M%SZ").encode())
        info = sequence(integer(1), POLICY, imprint, integer(x509.random_serial_number()), when)
        data = sequence(
            integer(3),
            tagged(SET, SHA256),
            sequence(STAMP, tagged(EXPLICIT_0, octets(info))),
            tagged(EXPLICIT_0, der(self.signer.certificate)),
            tagged(SET, self.signer_info(info)),
        )
        granted = sequence(integer(0))
        return sequence(granted, sequence(SIGNED_DATA, tagged(EXPLICIT_0, data)))

    def signer_info(self, info: bytes) -> bytes:
        """Sign the TSTInfo and the certificate's hash as CMS SignedData does (RFC 5652, 5.3)."""
        certificate = self.signer.certificate
        fingerprint = sequence(sequence(sequence(octets(hashlib.sha256(der(certificate)).digest()))))
        attributes = sorted([
            attribute(CONTENT_TYPE, STAMP),
            attribute(MESSAGE_DIGEST, octets(hashlib.sha256(info).digest())),
            attribute(SIGNING_CERTIFICATE, fingerprint),
        ])  # fmt: skip
        serial = certificate.serial_number
        return sequence(
            integer(1),
            sequence(certificate.issuer.public_bytes(), integer(serial)),
            SHA256,
            tagged(EXPLICIT_0, *attributes),
            ECDSA_SHA256,
            octets(self.signer.key.sign(tagged(SET, *attributes))),
        )


def attribute(kind: bytes, value: bytes) -> bytes:
    """Write a signed attribute with one value."""
    return sequence(kind, tagged(SET, value))
