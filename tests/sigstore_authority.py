"""A Sigstore of tests: certificates, logs and timestamps that real verifiers accept, given its trusted root.

Nothing here touches the network or the clock. What each function makes is right; ``sigstore_forgeries`` makes it wrong
in one place at a time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sigstore_certificates import BEGINNING, END, MOMENT, CertificateAuthority, Profile, der, pem
from sigstore_identities import Identity, Workflow
from sigstore_keys import DETAILS, Document, Key, base64_of, pre_authentication
from sigstore_log import Entry, TransparencyLog, dsse
from sigstore_statements import IN_TOTO

if TYPE_CHECKING:
    from cryptography import x509

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate with its key, as a signer holds them for ten minutes."""

    key: Key
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of a legacy ``.sig`` or ``.att`` manifest: its bytes, media type and annotations."""

    content: bytes
    media_type: str
    annotations: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Everything that a Sigstore instance signs with."""

    certificates: CertificateAuthority
    log: TransparencyLog
    ct_log: Key

    @classmethod
    def new(cls, name: str = "sigstore.test", *, intermediate_until: datetime = END) -> Authority:
        """Make an instance with keys of its own; two of the same name share nothing but the name."""
        return cls(
            certificates=CertificateAuthority.new(name, intermediate_until=intermediate_until),
            log=TransparencyLog(key=Key.new(), name=f"rekor.{name}"),
            ct_log=Key.new(),
        )

    def trusted_root(self) -> Document:
        """Return the trusted root (a ``dev.sigstore.trustroot.v1.TrustedRoot``) to verify with."""
        return {
            "mediaType": TRUSTED_ROOT,
            "tlogs": [trusted_log(self.log.key, f"https://{self.log.name}")],
            "certificateAuthorities": [trusted_chain(self.certificates.chain, "https://fulcio.sigstore.test")],
            "ctlogs": [trusted_log(self.ct_log, "https://ctfe.sigstore.test")],
            "timestampAuthorities": [],
        }

    def profile(self, identity: Identity) -> Profile:
        """Return what a right certificate for an identity is like, valid around MOMENT."""
        return Profile(identity=identity, scts=(self.ct_log,))

    def leaf(self, profile: Profile) -> Leaf:
        """Issue a certificate for a new key."""
        key = Key.new()
        return Leaf(key=key, certificate=self.certificates.issue(key, profile))

    def bundle(
        self,
        statement: Document | bytes,
        *,
        identity: Identity | None = None,
        profile: Profile | None = None,
        payload_type: str = IN_TOTO,
        at: datetime = MOMENT,
    ) -> Document:
        """Sign a statement keylessly: a v0.3 bundle (JSON) with certificate and log entry.

        ``identity`` is the release workflow of acme/app unless given; ``profile`` says more of the certificate.
        ``at`` is when the log took the entry.
        """
        leaf = self.leaf(profile or self.profile(identity or Workflow().identity))
        payload = encoded(statement)
        signature = leaf.key.sign(pre_authentication(payload_type, payload))
        envelope = dsse_envelope(payload, payload_type, signature)
        entry = self.log.entry(dsse(encoded(envelope), payload, signature, pem(leaf.certificate)), at)
        return {
            "mediaType": BUNDLE,
            "verificationMaterial": material(leaf.certificate, entry),
            "dsseEnvelope": envelope,
        }


def material(certificate: x509.Certificate, entry: Entry) -> Document:
    """Return the verification material of a keyless bundle."""
    return {"certificate": {"rawBytes": base64_of(der(certificate))}, "tlogEntries": [entry.in_bundle()]}


def dsse_envelope(payload: bytes, payload_type: str, signature: bytes) -> Document:
    """Return a DSSE envelope with one signature."""
    return {
        "payload": base64_of(payload),
        "payloadType": payload_type,
        "signatures": [{"sig": base64_of(signature)}],
    }


def encoded(content: Document | bytes) -> bytes:
    """Return JSON as it is signed, or bytes that a test wrote itself."""
    return content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()


def period(since: datetime = BEGINNING, until: datetime | None = None) -> Document:
    """Return a time range of a trusted root."""
    written = {"start": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return written if until is None else {**written, "end": until.strftime("%Y-%m-%dT%H:%M:%SZ")}


def trusted_log(key: Key, address: str) -> Document:
    """Return a log's place in a trusted root."""
    return {
        "baseUrl": address,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": base64_of(key.der), "keyDetails": DETAILS[key.kind], "validFor": period()},
        "logId": {"keyId": base64_of(key.identifier)},
    }


def trusted_chain(chain: Sequence[x509.Certificate], address: str) -> Document:
    """Return an authority's place in a trusted root; ``chain`` ends with the root certificate."""
    return {
        "subject": {"organization": "sigstore.test", "commonName": "sigstore"},
        "uri": address,
        "certChain": {"certificates": [{"rawBytes": base64_of(der(one))} for one in chain]},
        "validFor": period(),
    }
