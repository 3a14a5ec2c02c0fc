"""A certificate authority like Fulcio's: root, intermediate, leaves that a certificate transparency log has seen."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sigstore_der import UTF8_STRING, octets, tagged
from sigstore_keys import Key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from sigstore_identities import Claim, Identity

MOMENT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When everything is signed unless a test says otherwise: a fixed past, so that no test depends on the clock."""
BEGINNING = MOMENT - timedelta(days=365)
"""From when on authorities and logs exist."""
END = MOMENT + timedelta(days=3650)
FULCIO_ARC = "1.3.6.1.4.1.57264.1"
FIRST_DER_CLAIM = 8
TIMESTAMP_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a leaf certificate is to be. ``scts`` are the logs that promise to know it (RFC 6962), normally one."""

    identity: Identity
    valid_from: datetime = MOMENT - timedelta(minutes=1)
    valid_until: datetime = MOMENT + timedelta(minutes=9)
    code_signing: bool = True
    is_authority: bool = False
    scts: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A certificate that signs others, with its key."""

    key: Key
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """A root and the intermediate that issues leaves."""

    root: Issuer
    intermediate: Issuer

    @classmethod
    def new(cls, name: str = "sigstore.test", *, intermediate_until: datetime = END) -> CertificateAuthority:
        """Make a root valid from BEGINNING to END, and an intermediate that may end earlier."""
        root_name, root_key = distinguished(name, "root"), Key.new("ecdsa-p384")
        root = signed(authority(root_name, root_name, root_key, until=END, depth=1), root_key)
        key = Key.new("ecdsa-p384")
        builder = authority(distinguished(name, "intermediate"), root_name, key, until=intermediate_until, depth=0)
        return cls(
            root=Issuer(key=root_key, certificate=root),
            intermediate=Issuer(key=key, certificate=signed(builder, root_key)),
        )

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuing certificates, from the intermediate to the root."""
        return (self.intermediate.certificate, self.root.certificate)

    def issue(self, key: Key, profile: Profile) -> x509.Certificate:
        """Issue a leaf for a key, with an embedded promise of each log in ``profile.scts``."""
        builder = leaf(key, profile, issuer=self.intermediate)
        if not profile.scts:
            return signed(builder, self.intermediate.key)
        body = signed(builder, self.intermediate.key).tbs_certificate_bytes
        seen = [promise(log, self.intermediate.key, body, profile.valid_from) for log in profile.scts]
        vector = b"".join(struct.pack("!H", len(sct)) + sct for sct in seen)
        listed = octets(struct.pack("!H", len(vector)) + vector)
        complete = builder.add_extension(x509.UnrecognizedExtension(TIMESTAMP_LIST, listed), critical=False)
        return signed(complete, self.intermediate.key)


def distinguished(organization: str, common_name: str) -> x509.Name:
    """Return the name that Fulcio's certificates have: organisation and common name."""
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])  # fmt: skip


def authority(
    subject: x509.Name, issuer: x509.Name, key: Key, *, until: datetime, depth: int
) -> x509.CertificateBuilder:
    """Describe a certificate that may sign others, ``depth`` authorities deep."""
    return (
        started(subject, issuer, key, BEGINNING, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(usage(signs_certificates=True), critical=True)
    )


def leaf(key: Key, profile: Profile, *, issuer: Issuer) -> x509.CertificateBuilder:
    """Describe a leaf as Fulcio does: empty subject, the identity in the alternative names and extensions."""
    builder = (
        started(x509.Name([]), issuer.certificate.subject, key, profile.valid_from, profile.valid_until)
        .add_extension(usage(signs_certificates=profile.is_authority), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public(issuer.key)), critical=False)
        .add_extension(alternative_names(profile.identity), critical=True)
    )
    if profile.is_authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    purpose = ExtendedKeyUsageOID.CODE_SIGNING if profile.code_signing else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    for claim, text in profile.identity.claims.items():
        builder = builder.add_extension(fulcio_extension(claim, text), critical=False)
    return builder


def started(
    subject: x509.Name, issuer: x509.Name, key: Key, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    """Describe what every certificate has: names, key, number, time and the key's identifier."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.private.public_key()), critical=False)
    )


def usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what the key may do: sign certificates and revocation lists, or documents."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def alternative_names(identity: Identity) -> x509.SubjectAlternativeName:
    """Return the identity's names: URIs first, then e-mail addresses."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in identity.uris]
    return x509.SubjectAlternativeName([*names, *(x509.RFC822Name(email) for email in identity.emails)])


def fulcio_extension(claim: Claim, text: str) -> x509.UnrecognizedExtension:
    """Write a claim as Fulcio does: raw text in the old extensions, a DER UTF8String in the others."""
    value = text.encode() if claim < FIRST_DER_CLAIM else tagged(UTF8_STRING, text.encode())
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{FULCIO_ARC}.{int(claim)}"), value)


def promise(log: Key, issuer: Key, body: bytes, at: datetime) -> bytes:
    """Return a log's signed certificate timestamp over a precertificate (RFC 6962, 3.2)."""
    milliseconds = int(at.timestamp() * 1000)
    entry = issuer.identifier + struct.pack("!I", len(body))[1:] + body
    signature = log.sign(struct.pack("!BBQH", 0, 0, milliseconds, 1) + entry + struct.pack("!H", 0))
    sha256_with_ecdsa = bytes([4, 3])
    head = struct.pack("!B32sQH", 0, log.identifier, milliseconds, 0)
    return head + sha256_with_ecdsa + struct.pack("!H", len(signature)) + signature


def signed(builder: x509.CertificateBuilder, issuer: Key) -> x509.Certificate:
    """Sign a certificate with an authority's key."""
    return builder.sign(cast("ec.EllipticCurvePrivateKey", issuer.private), hashes.SHA384())


def issuer_public(key: Key) -> ec.EllipticCurvePublicKey:
    """Return the public half of an authority's key."""
    return cast("ec.EllipticCurvePrivateKey", key.private).public_key()


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    """Return a certificate as DER."""
    return certificate.public_bytes(Encoding.DER)
