"""The Sigstore of tests is believed by real verifiers, and each of its forgeries is not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509 import UnrecognizedExtension
from sigstore.errors import Error
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity as Named
from sigstore_authority import USUAL, Authority, Terms
from sigstore_certificates import MOMENT, CertificateAuthority
from sigstore_cosign import Cosign, NoCosign
from sigstore_forgeries import FORGERIES
from sigstore_identities import Claim, Identity, Workflow, person
from sigstore_keyed import key_attestation, key_bundle, key_message_bundle, key_signature
from sigstore_keys import Document, Key, Kind
from sigstore_layout import image
from sigstore_material import CERTIFICATE_ANNOTATION, LOG_ANNOTATION, SIGNATURE_ANNOTATION, Layer
from sigstore_statements import (
    COSIGN_SIGN,
    GENERATOR,
    PROVENANCE_V1,
    provenance,
    provenance_v02,
    signature_of,
)

IMAGE = image()
REPOSITORY = "registry.example/acme/app"
REUSED = Workflow(signer=GENERATOR)
STATEMENTS = {
    "signature": signature_of(IMAGE.digest, {"version": "1.4.2"}),
    "provenance": provenance(IMAGE.digest, Workflow()),
    "provenance v0.2": provenance_v02(IMAGE.digest, REUSED),
}
BELIEVED = {
    "workflow": USUAL,
    "reusable workflow": Terms(identity=REUSED.identity),
    "person": Terms(identity=person()),
    "stamped too": Terms(stamped_at=MOMENT),
}
STAMPED_ONLY = Terms(logged_at=None, stamped_at=MOMENT)
LEGACY_FORGERIES: dict[str, Callable[[Authority], Layer]] = {
    "of another image": lambda own: own.legacy_signature(image("another").digest, REPOSITORY),
    "payload altered": lambda own: changed(own, content=b"{}"),
    "signature of another": lambda own: changed(own, annotation=SIGNATURE_ANNOTATION),
    "certificate of another": lambda own: changed(own, annotation=CERTIFICATE_ANNOTATION),
    "entry of another": lambda own: changed(own, annotation=LOG_ANNOTATION),
    "of a stranger": lambda own: own.legacy_signature(IMAGE.digest, REPOSITORY, Terms(identity=person())),
    "of another authority": lambda own: replace(own, certificates=CertificateAuthority.new()).legacy_signature(
        IMAGE.digest, REPOSITORY
    ),
    "logged too late": lambda own: own.legacy_signature(
        IMAGE.digest, REPOSITORY, Terms(logged_at=MOMENT + timedelta(days=1))
    ),
    "logged nowhere": lambda own: own.legacy_signature(IMAGE.digest, REPOSITORY, Terms(logged_at=None)),
}
Sigstore = Callable[[Document, Document, Identity], str]
KINDS: tuple[Kind, ...] = ("ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One instance for all tests, which change nothing in it."""
    return Authority.new()


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    """The real cosign. Without one the test is skipped, or fails where SINDRI_TEST_REQUIRE=1 demands it."""
    try:
        return Cosign.found(tmp_path)
    except NoCosign as error:
        if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
            pytest.fail(f"the real cosign is required: {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def sigstore(tmp_path: Path) -> Sigstore:
    """The Python package: why it refuses a bundle under a trusted root for an identity, or nothing."""

    def refusal(bundle: Document, trusted_root: Document, identity: Identity) -> str:
        path = tmp_path / "trusted_root.json"
        path.write_text(json.dumps(trusted_root), encoding="utf-8")
        try:
            verifier = Verifier(trusted_root=TrustedRoot.from_file(str(path)))
            policy = Named(identity=identity.name, issuer=identity.issuer)
            verifier.verify_dsse(Bundle.from_json(json.dumps(bundle)), policy)
        except Error as error:
            return repr(error)
        return ""

    return refusal


def changed(authority: Authority, *, content: bytes | None = None, annotation: str = "") -> Layer:
    """Return a legacy signature of which the content, or one annotation, is another's."""
    layer, other = (authority.legacy_signature(IMAGE.digest, REPOSITORY) for _ in range(2))
    annotations = {**layer.annotations, annotation: other.annotations[annotation]} if annotation else layer.annotations
    return replace(layer, content=content or layer.content, annotations=annotations)


def asked(cosign: Cosign, bundle: Document, trusted_root: Document, identity: Identity, predicate_type: str) -> str:
    """Ask cosign about a keyless bundle, with timestamps where there are some. Returns why it refuses."""
    terms = cosign.keyless(identity, trusted_root)
    if "timestampVerificationData" in bundle["verificationMaterial"]:
        terms = (*terms, "--use-signed-timestamps")
    return cosign.bundle(bundle, IMAGE.digest, predicate_type, *terms)


@pytest.mark.parametrize("about", STATEMENTS)
@pytest.mark.parametrize("who", BELIEVED)
def test_sigstore_believes_what_is_right(authority: Authority, sigstore: Sigstore, who: str, about: str) -> None:
    """The Python package accepts each kind of statement by each kind of signer."""
    terms = BELIEVED[who]
    bundle = authority.bundle(STATEMENTS[about], terms)
    assert sigstore(bundle, authority.trusted_root(), terms.identity) == ""


@pytest.mark.supply_chain
@pytest.mark.parametrize("about", STATEMENTS)
@pytest.mark.parametrize("who", BELIEVED)
def test_cosign_believes_what_is_right(authority: Authority, cosign: Cosign, who: str, about: str) -> None:
    """The real cosign accepts the same."""
    statement, terms = STATEMENTS[about], BELIEVED[who]
    bundle = authority.bundle(statement, terms)
    assert asked(cosign, bundle, authority.trusted_root(), terms.identity, statement["predicateType"]) == ""


@pytest.mark.parametrize("fault", FORGERIES)
def test_sigstore_refuses_forgeries(authority: Authority, sigstore: Sigstore, fault: str) -> None:
    """The Python package refuses every forgery but those it is known to accept, which are for policies to catch."""
    forgery = FORGERIES[fault]
    forged = forgery.make(authority, STATEMENTS["provenance"])
    refusal = sigstore(forged.bundle, forged.trusted_root, forged.identity)
    assert (refusal == "") == ("sigstore" in forgery.accepted_by), refusal


@pytest.mark.supply_chain
@pytest.mark.parametrize("fault", FORGERIES)
def test_cosign_refuses_forgeries(authority: Authority, cosign: Cosign, fault: str) -> None:
    """The real cosign refuses every forgery but those it is known to accept, which are for policies to catch."""
    forgery = FORGERIES[fault]
    forged = forgery.make(authority, STATEMENTS["provenance"])
    refusal = asked(cosign, forged.bundle, forged.trusted_root, forged.identity, PROVENANCE_V1)
    assert (refusal == "") == ("cosign" in forgery.accepted_by), refusal


def test_an_authority_believes_only_itself(authority: Authority, sigstore: Sigstore) -> None:
    """Two instances of one name share nothing: neither's bundle passes under the other's trusted root."""
    other = Authority.new()
    assert sigstore(other.bundle(STATEMENTS["signature"]), other.trusted_root(), USUAL.identity) == ""
    assert sigstore(other.bundle(STATEMENTS["signature"]), authority.trusted_root(), USUAL.identity) != ""


@pytest.mark.supply_chain
def test_cosign_checks_subject_and_type(authority: Authority, cosign: Cosign) -> None:
    """A right bundle is refused for another digest, and for another predicate type."""
    terms = cosign.keyless(USUAL.identity, authority.trusted_root())
    bundle = authority.bundle(STATEMENTS["signature"])
    assert "provided artifact digest does not match" in cosign.bundle(bundle, image("b").digest, COSIGN_SIGN, *terms)
    assert "predicate type" in cosign.bundle(bundle, IMAGE.digest, PROVENANCE_V1, *terms)


@pytest.mark.supply_chain
def test_cosign_believes_a_stamp_alone(authority: Authority, cosign: Cosign, sigstore: Sigstore) -> None:
    """A bundle with a timestamp and no log entry, as GitHub makes for private repositories: cosign only, when told."""
    bundle, root = authority.bundle(STATEMENTS["signature"], STAMPED_ONLY), authority.trusted_root()
    terms = (*cosign.keyless(USUAL.identity, root), "--use-signed-timestamps")
    assert cosign.bundle(bundle, IMAGE.digest, COSIGN_SIGN, *terms, "--insecure-ignore-tlog") == ""
    assert "not enough verified log entries" in cosign.bundle(bundle, IMAGE.digest, COSIGN_SIGN, *terms)
    assert "exactly one log entry" in sigstore(bundle, root, USUAL.identity)


@pytest.mark.supply_chain
def test_cosign_ignores_stamps_unless_told(authority: Authority, cosign: Cosign) -> None:
    """A stamp after the certificate's end does not matter to cosign without its flag, which callers have to set."""
    late = Terms(stamped_at=MOMENT + timedelta(days=1))
    bundle = authority.bundle(STATEMENTS["signature"], late)
    terms = cosign.keyless(USUAL.identity, authority.trusted_root())
    assert cosign.bundle(bundle, IMAGE.digest, COSIGN_SIGN, *terms) == ""
    assert cosign.bundle(bundle, IMAGE.digest, COSIGN_SIGN, *terms, "--use-signed-timestamps") != ""


@pytest.mark.supply_chain
def test_cosign_believes_blobs(authority: Authority, cosign: Cosign) -> None:
    """Bundles with a message signature are right too, keyless and keyed: they are no statements, that is all."""
    key = Key.new()
    keyless = cosign.keyless(USUAL.identity, authority.trusted_root())
    assert cosign.blob(authority.message_bundle(b"content"), b"content", *keyless) == ""
    assert cosign.blob(authority.message_bundle(b"content"), b"another", *keyless) != ""
    assert cosign.blob(key_message_bundle(b"content", key), b"content", *cosign.keyed(key)) == ""


@pytest.mark.supply_chain
def test_cosign_believes_legacy_material(authority: Authority, cosign: Cosign) -> None:
    """Simple signing and attached attestations, keyless, in an OCI layout."""
    terms = cosign.keyless(USUAL.identity, authority.trusted_root())
    assert cosign.signature(IMAGE, [authority.legacy_signature(IMAGE.digest, REPOSITORY)], *terms) == ""
    for about in ("provenance", "provenance v0.2"):
        statement = STATEMENTS[about]
        attached = [authority.legacy_attestation(statement)]
        assert cosign.attestation(IMAGE, attached, statement["predicateType"], *terms) == ""


@pytest.mark.supply_chain
@pytest.mark.parametrize("fault", LEGACY_FORGERIES)
def test_cosign_refuses_legacy_forgeries(authority: Authority, cosign: Cosign, fault: str) -> None:
    """A legacy signature that is wrong in one place is refused."""
    forged = LEGACY_FORGERIES[fault](authority)
    assert cosign.signature(IMAGE, [forged], *cosign.keyless(USUAL.identity, authority.trusted_root())) != ""


@pytest.mark.supply_chain
@pytest.mark.parametrize("kind", KINDS)
def test_cosign_believes_keys(authority: Authority, cosign: Cosign, kind: Kind) -> None:
    """Bundles, simple signing and attestations of every kind of key, with and without a log, and of no other key."""
    key, statement = Key.new(kind), STATEMENTS["provenance"]
    for log, terms in ((None, cosign.keyed(key)), (authority.log, cosign.keyed(key, authority.trusted_root()))):
        assert cosign.bundle(key_bundle(statement, key, log=log), IMAGE.digest, PROVENANCE_V1, *terms) == ""
        assert cosign.attestation(IMAGE, [key_attestation(statement, key, log=log)], PROVENANCE_V1, *terms) == ""
        refusal = cosign.signature(IMAGE, [key_signature(IMAGE.digest, REPOSITORY, key, log=log)], *terms)
        unlogged = kind == "ed25519" and log is not None  # such an entry holds SHA-512, which Ed25519 does not sign
        assert ('"SHA-256" not in [SHA-512]' in refusal) if unlogged else (refusal == "")
    assert cosign.bundle(key_bundle(statement, Key.new(kind)), IMAGE.digest, PROVENANCE_V1, *cosign.keyed(key)) != ""


@pytest.mark.supply_chain
def test_cosign_refuses_the_curve_s_own_digest(cosign: Cosign) -> None:
    """It verifies P-384 over SHA-256 only, though it signs over SHA-384 (sigstore/cosign#5092)."""
    key = replace(Key.new("ecdsa-p384"), digest="sha384")
    bundle = key_bundle(STATEMENTS["signature"], key)
    assert cosign.bundle(bundle, IMAGE.digest, COSIGN_SIGN, *cosign.keyed(key)) != ""


def test_claims_of_a_reusable_workflow() -> None:
    """The name is the reusable workflow's, the source is the caller's: a policy on the name alone lets anybody in."""
    identity = Workflow(repository="acme/app", signer=GENERATOR).identity
    assert identity.name == f"https://github.com/{GENERATOR}"
    assert identity.claims[Claim.BUILD_SIGNER_URI] == identity.name
    assert identity.claims[Claim.SOURCE_REPOSITORY_URI] == "https://github.com/acme/app"


def test_a_certificate_says_what_it_was_asked_to(authority: Authority) -> None:
    """Claims are read back from the certificate: old ones as raw text, new ones as DER UTF8String."""
    certificate = authority.leaf().chain[0]
    found = {
        extension.oid.dotted_string: extension.value.value
        for extension in certificate.extensions
        if isinstance(extension.value, UnrecognizedExtension)
    }
    assert found["1.3.6.1.4.1.57264.1.1"] == b"https://token.actions.githubusercontent.com"
    assert found["1.3.6.1.4.1.57264.1.8"] == b"\x0c\x2bhttps://token.actions.githubusercontent.com"
    assert found["1.3.6.1.4.1.57264.1.14"] == b"\x0c\x10refs/tags/v1.4.2"
    assert {f"1.3.6.1.4.1.57264.1.{int(claim)}" for claim in Claim} <= set(found)
