"""A Sigstore of tests: certificates, logs and timestamps that real verifiers accept, given its trusted root.

Nothing here touches the network or the clock. What each function makes is right; ``sigstore_forgeries`` makes it wrong
in one place at a time, ``sigstore_keyed`` signs with keys instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sigstore_certificates import END, MOMENT, CertificateAuthority, Profile, pem
from sigstore_identities import Identity, Workflow
from sigstore_keys import Key
from sigstore_log import TransparencyLog, dsse, hashed_record
from sigstore_material import (
    Envelope,
    Evidence,
    Layer,
    attestation_layer,
    bundle_of,
    encoded,
    message_bundle_of,
    signature_layer,
)
from sigstore_roots import trusted_root
from sigstore_statements import IN_TOTO, simple_signing
from sigstore_timestamps import TimestampAuthority

if TYPE_CHECKING:
    from cryptography import x509
    from sigstore_keys import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate with its key, as a signer holds them for ten minutes; ``chain`` starts with it."""

    key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> str:
        """The certificate as PEM, which logs write down as the verifier."""
        return pem(self.chain[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How something is signed: by whom, and when the log and the timestamp authority saw it (None: they did not).

    ``identity`` is the release workflow of acme/app unless given; ``profile`` says more of the certificate and wins.
    """

    identity: Identity = Workflow().identity
    profile: Profile | None = None
    logged_at: datetime | None = MOMENT
    stamped_at: datetime | None = None


USUAL = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Everything that a Sigstore instance signs with."""

    certificates: CertificateAuthority
    log: TransparencyLog
    ct_log: Key
    stamper: TimestampAuthority

    @classmethod
    def new(cls, name: str = "sigstore.test", *, intermediate_until: datetime = END) -> Authority:
        """Make an instance with keys of its own; two of the same name share nothing but the name."""
        return cls(
            certificates=CertificateAuthority.new(name, intermediate_until=intermediate_until),
            log=TransparencyLog(key=Key.new(), name=f"rekor.{name}"),
            ct_log=Key.new(),
            stamper=TimestampAuthority.new(f"timestamp.{name}"),
        )

    def trusted_root(self) -> Document:
        """Return the trusted root to verify with; ``sigstore_roots.trusted_root`` makes others from its parts."""
        return trusted_root(
            authorities=[self.certificates.chain],
            logs=[self.log.key],
            ct_logs=[self.ct_log],
            stampers=[self.stamper.chain],
        )

    def profile(self, identity: Identity = USUAL.identity) -> Profile:
        """Return what a right certificate for an identity is like, valid around MOMENT."""
        return Profile(identity=identity, scts=(self.ct_log,))

    def leaf(self, terms: Terms = USUAL) -> Leaf:
        """Issue a certificate for a new key."""
        key = Key.new()
        certificate = self.certificates.issue(key, terms.profile or self.profile(terms.identity))
        return Leaf(key=key, chain=(certificate, *self.certificates.chain))

    def bundle(
        self,
        statement: Document | bytes,
        terms: Terms = USUAL,
        *,
        payload_type: str = IN_TOTO,
        leaf: Leaf | None = None,
    ) -> Document:
        """Sign a statement: a v0.3 bundle (JSON) with a DSSE envelope. ``leaf`` signs instead of a new one."""
        leaf = leaf or self.leaf(terms)
        envelope = Envelope.signed(encoded(statement), payload_type, leaf.key)
        return bundle_of(
            envelope, self.evidence(envelope.signatures[0], leaf, terms, envelope_entry(envelope, leaf.pem))
        )

    def message_bundle(self, blob: bytes, terms: Terms = USUAL) -> Document:
        """Sign a blob, not a statement: a v0.3 bundle (JSON) with a message signature."""
        leaf = self.leaf(terms)
        signature = leaf.key.sign(blob)
        entry = hashed_record(blob, signature, leaf.pem)
        return message_bundle_of(hashlib.sha256(blob).digest(), signature, self.evidence(signature, leaf, terms, entry))

    def legacy_signature(
        self, digest: str, repository: str, terms: Terms = USUAL, *, annotations: Mapping[str, str] | None = None
    ) -> Layer:
        """Sign an image's digest as simple signing does: the layer of a ``.sig`` manifest."""
        leaf, payload = self.leaf(terms), encoded(simple_signing(digest, repository, annotations))
        signature = leaf.key.sign(payload)
        entry = hashed_record(payload, signature, leaf.pem)
        return signature_layer(payload, signature, self.evidence(signature, leaf, terms, entry))

    def legacy_attestation(self, statement: Document, terms: Terms = USUAL) -> Layer:
        """Sign a statement: the layer of an ``.att`` manifest."""
        leaf = self.leaf(terms)
        envelope = Envelope.signed(encoded(statement), IN_TOTO, leaf.key)
        evidence = self.evidence(envelope.signatures[0], leaf, terms, envelope_entry(envelope, leaf.pem))
        return attestation_layer(envelope, statement["predicateType"], evidence)

    def evidence(self, signature: bytes, leaf: Leaf, terms: Terms, entry: Document) -> Evidence:
        """Have a signature logged and timestamped as the terms say."""
        return Evidence(
            certificates=leaf.chain,
            entry=self.log.entry(entry, terms.logged_at) if terms.logged_at else None,
            stamps=(self.stamper.stamp(signature, terms.stamped_at),) if terms.stamped_at else (),
        )


def envelope_entry(envelope: Envelope, verifier: str) -> Document:
    """Return what a log writes down about an envelope; ``verifier`` is the PEM of a certificate or key."""
    return dsse(envelope.encoded, envelope.payload, envelope.signatures[0], verifier)
