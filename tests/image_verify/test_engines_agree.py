"""Every case made with keys, against a registry that serves: judged in the process and by the real cosign alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import signing
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from judge import PROVENANCE, SIGNATURE, Bench, noted, required, scene

from sindri_core.types import Verdict

DIGEST = "sha256:" + "1" * 64


@pytest.fixture(params=["native", "cosign"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that judges."""
    return str(request.param)


@pytest.fixture
def judged(engine: str) -> Iterator[Bench]:
    """An image that nobody signed yet, and terms with this engine."""
    environ = {"PATH": "/nowhere"} if engine == "native" else {"SINDRI_COSIGN": str(required("cosign"))}
    with scene(environ) as made:
        made.settings = {"engine": engine}
        yield made


@pytest.fixture
def plain() -> Iterator[Bench]:
    """An image that nobody signed yet, judged without any program."""
    with scene({"PATH": "/nowhere"}) as made:
        yield made


def test_a_bundle_is_accepted(judged: Bench) -> None:
    """A signature by the trusted key, with what speaks for it."""
    judged.sign()
    [answer] = judged.ask(**judged.settings)
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.digest == judged.digest
    assert any("bundle" in line for line in answer.evidence)


def test_an_older_signature_is_accepted(judged: Bench) -> None:
    """The format of cosign 2."""
    judged.sign_legacy()
    assert judged.accepts(**judged.settings)


@pytest.mark.parametrize("kind", [signing.SLSA, signing.SLSA_02])
def test_provenance_is_accepted(judged: Bench, kind: str) -> None:
    """Both versions of SLSA, by the same key."""
    if kind == signing.SLSA:
        judged.attest()
    else:
        judged.attest(OLD, kind)
    assert judged.accepts(PROVENANCE, source_repository="https://github.com/acme/app", **judged.settings)


OLD = {
    "builder": {"id": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.0"},
    "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    "invocation": {
        "configSource": {
            "uri": "git+https://github.com/acme/app@refs/tags/v1.2.0",
            "digest": {"sha1": "c" * 40},
            "entryPoint": ".github/workflows/release.yml",
        },
        "environment": {"github_event_name": "push"},
    },
    "materials": [{"uri": "git+https://github.com/acme/app@refs/tags/v1.2.0", "digest": {"sha1": "c" * 40}}],
}


@pytest.mark.parametrize("kind", [ec.SECP384R1, ec.SECP521R1, "ed25519", "rsa"], ids=str)
def test_other_keys_are_accepted(judged: Bench, kind: Any) -> None:
    """Every kind of key that cosign makes or imports."""
    private: signing.PrivateKey
    if kind == "rsa":
        private = rsa.generate_private_key(65537, 2048)
    elif kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = ec.generate_private_key(kind())
    judged.sign(private=private)
    judged.sign_legacy(private=private)
    assert judged.accepts(public_keys=(signing.pem(private),), **judged.settings)


def test_one_of_several_keys_is_enough(judged: Bench) -> None:
    """Keys are alternatives."""
    judged.sign()
    keys = (signing.pem(signing.key()), signing.pem(judged.key))
    assert judged.accepts(public_keys=keys, **judged.settings)


@pytest.mark.parametrize("form", ["sign", "sign_legacy"])
def test_a_strangers_signature_beside_does_no_harm(judged: Bench, form: str) -> None:
    """Refusal list 26: a good signature counts whatever else is attached, in whatever format."""
    judged.sign(private=signing.key())
    judged.registry.attach(judged.repository, judged.digest, b"not json")
    getattr(judged, form)()
    assert judged.accepts(**judged.settings)


def of(change: Callable[[dict[str, Any]], Any]) -> Callable[[Bench], None]:
    """A bundle with something changed after it was signed."""

    def attach(bench: Bench) -> None:
        made = signing.bundle(bench.key, signing.statement(bench.digest))
        change(made)
        bench.registry.attach(bench.repository, bench.digest, made)

    return attach


def stated(**more: Any) -> Callable[[Bench], None]:
    """A bundle with a signed statement in which something is replaced."""

    def attach(bench: Bench) -> None:
        statement = signing.statement(bench.digest) | more
        bench.registry.attach(bench.repository, bench.digest, signing.bundle(bench.key, statement))

    return attach


def raw(text: Callable[[Bench], str]) -> Callable[[Bench], None]:
    """A bundle whose signed statement is this text."""

    def attach(bench: Bench) -> None:
        made = signing.bundle(bench.key, text(bench).encode())
        bench.registry.attach(bench.repository, bench.digest, made)

    return attach


def subject(value: Any) -> Any:
    """Subjects with these digests."""
    return [{"name": "", "digest": value}]


def altered(made: dict[str, Any]) -> None:
    """Another payload than was signed."""
    made["dsseEnvelope"]["payload"] = signing.encoded(b'{"_type": "https://in-toto.io/Statement/v1"}')


def twice(made: dict[str, Any]) -> None:
    """A second signature, which is nothing."""
    made["dsseEnvelope"]["signatures"].append({"sig": signing.encoded(b"x")})


def url_safe(made: dict[str, Any]) -> None:
    """Base64 in another alphabet, or with what is not needed."""
    sig = made["dsseEnvelope"]["signatures"][0]
    sig["sig"] = sig["sig"].rstrip("=") + "\n"


REFUSED: dict[str, Callable[[Bench], object]] = {
    "5 nothing attached": lambda _: None,
    "5 legacy of another image": lambda b: b.sign_legacy(digest=DIGEST),
    "5 bundle of another image": lambda b: b.sign(digest=DIGEST),
    "12 sbom as signature": lambda b: b.sign(predicate_type="https://spdx.dev/Document"),
    "12 scan result as signature": lambda b: b.sign(predicate_type="scan-failed/v1"),
    "12 provenance as signature": lambda b: b.attest(),
    "14 another payload type": lambda b: b.registry.attach(
        b.repository,
        b.digest,
        signing.bundle(b.key, b"{}")
        | {"dsseEnvelope": signing.envelope(b.key, signing.statement(b.digest), "application/json")},
    ),
    "14 unknown statement": stated(_type="https://in-toto.io/Statement/v2"),
    "14 message signature": of(lambda made: made.update(messageSignature=made.pop("dsseEnvelope"))),
    "15 upper-case digest": lambda b: stated(subject=subject({"sha256": b.digest[7:].upper()}))(b),
    "15 another algorithm": lambda b: stated(subject=subject({"sha512": b.digest[7:]}))(b),
    "15 truncated": lambda b: stated(subject=subject({"sha256": b.digest[7:20]}))(b),
    "15 null subject": stated(subject=None),
    "15 a null in the subjects": stated(subject=[None]),
    "15 no subject": stated(subject=[]),
    "15 1025 subjects": lambda b: stated(subject=subject({"sha256": b.digest[7:]}) * 1025)(b),
    "15 a key twice": raw(lambda b: json.dumps(signing.statement(b.digest))[:-1] + ', "subject": []}'),
    "17 altered payload": of(altered),
    "17 two signatures": of(twice),
    "17 no signature": of(lambda made: made["dsseEnvelope"].update(signatures=[])),
    "17 empty signature": of(lambda made: made["dsseEnvelope"]["signatures"][0].update(sig="")),
    "17 odd base64": of(url_safe),
    "17 not a signature": of(lambda made: made["dsseEnvelope"]["signatures"][0].update(sig=signing.encoded(b"x" * 70))),
    "18 another key": lambda b: b.sign(private=signing.key()),
    "18 another kind of key": lambda b: b.sign(private=ed25519.Ed25519PrivateKey.generate()),
    "18 legacy with another key": lambda b: b.sign_legacy(private=signing.key()),
    "legacy of another type": lambda b: b.sign_legacy(
        payload=signing.simple(b.digest, kind="atomic container signature")
    ),
    "legacy payload altered": lambda b: b.registry.attach_legacy(
        b.repository, b.digest, signing.simple(b.digest), noted(b.key, b"other")
    ),
    "legacy without a signature": lambda b: b.registry.attach_legacy(
        b.repository, b.digest, signing.simple(b.digest), {}
    ),
    "a certificate and a key": of(lambda made: made["verificationMaterial"].update(certificate={"rawBytes": "eA=="})),
    "no key and no certificate": of(lambda made: made["verificationMaterial"].pop("publicKey")),
    "another bundle version": of(lambda made: made.update(mediaType="application/vnd.dev.sigstore.bundle.v9+json")),
}


@pytest.mark.parametrize("attach", REFUSED.values(), ids=REFUSED)
def test_it_is_refused(judged: Bench, attach: Callable[[Bench], None]) -> None:
    """Refusals 5, 12, 14, 15, 17, 18: by both engines alike, with a reason."""
    attach(judged)
    assert judged.why(**judged.settings)


def test_a_second_subject_counts_for_itself(judged: Bench) -> None:
    """Refusal list 16: our digest may be the second subject, and ours is the one that is reported."""
    both = [{"digest": {"sha256": "1" * 64}}, {"digest": {"sha256": judged.digest[7:]}}]
    stated(subject=both)(judged)
    [answer] = judged.ask(**judged.settings)
    assert (answer.verdict, answer.digest) == (Verdict.ACCEPTED, judged.digest)


def test_provenance_may_count_as_the_signature_where_it_is_said(judged: Bench) -> None:
    """The option is off, and on it accepts."""
    judged.attest()
    assert judged.accepts(provenance_as_signature=True, **judged.settings)


@pytest.mark.parametrize(
    "kind",
    [
        "https://slsa.dev/provenance/v0.1",
        "https://slsa.dev/provenance/v1-rc1",
        "https://slsa.dev/provenance/v1/",
        "https://SLSA.dev/provenance/v1",
        "https://slsa.dev/provenance/V1",
        "slsaprovenance1",
        signing.SIGN,
    ],
)
def test_another_type_is_no_provenance(judged: Bench, kind: str) -> None:
    """Refusal 13: types are compared to the letter."""
    judged.attest(kind=kind)
    assert "no provenance" in judged.why(PROVENANCE, **judged.settings)


def test_both_claims_need_both(judged: Bench) -> None:
    """A signature is no provenance: each claim is answered for itself."""
    judged.sign()
    answers = judged.ask(SIGNATURE | PROVENANCE, **judged.settings)
    assert {a.claim.value: a.verdict for a in answers} == {"signature": Verdict.ACCEPTED, "provenance": Verdict.REFUSED}


def test_a_digest_that_the_repository_lost_is_refused(judged: Bench) -> None:
    """Refusal 4: a signature whose image is gone vouches for nothing."""
    judged.sign()
    del judged.registry.repositories[judged.repository][judged.digest]
    assert judged.why(**judged.settings)


def test_a_copy_in_another_repository_is_refused(judged: Bench) -> None:
    """Refusal 6: repositories may be limited."""
    judged.sign()
    assert judged.accepts(allowed_repositories=(f"{judged.registry.host}/acme/*",), **judged.settings)
    assert "not allowed" in judged.why(allowed_repositories=("ghcr.io/acme/*",), **judged.settings)


def test_the_repository_that_was_signed_may_be_demanded(judged: Bench) -> None:
    """Refusal 7: a signature for another repository, and one that names none."""
    judged.sign_legacy()
    assert judged.accepts(match_reference=True, **judged.settings)
    judged.registry.repositories[judged.repository].pop(f"{judged.digest.replace(':', '-')}.sig")
    judged.sign_legacy(repository="ghcr.io/other/app")
    judged.sign()
    assert judged.why(match_reference=True, **judged.settings)


def test_an_index_is_signed_as_a_whole(judged: Bench) -> None:
    """Refusal 9: the signature of an index is none of its images, and that of an image none of its index."""
    index = judged.registry.index(judged.repository, "2")
    child = json.loads(judged.registry.repositories[judged.repository][index][1])["manifests"][0]["digest"]
    judged.digest = index
    judged.sign()
    judged.sign_legacy()
    assert judged.accepts(**judged.settings)
    assert judged.why(digest=child, **judged.settings)
    judged.registry.attach(judged.repository, index, signing.bundle(signing.key(), signing.statement(child)))


def test_too_many_old_signatures_are_refused(plain: Bench) -> None:
    """Refusal 30: a hundred and one layers are nobody's signatures."""
    layer = plain.registry.blob(plain.repository, b"{}", "application/vnd.dev.cosign.simplesigning.v1+json")
    config = plain.registry.blob(plain.repository, b"{}")
    document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config}
    plain.registry.put(plain.repository, document | {"layers": [layer] * 101}, f"{plain.digest.replace(':', '-')}.sig")
    assert "100" in plain.why()


def test_a_bundle_over_its_limit_is_refused(plain: Bench) -> None:
    """Refusal 30: a megabyte is more than any bundle has."""
    plain.registry.attach(plain.repository, plain.digest, b" " * ((1 << 20) + 1))
    assert plain.why()


@pytest.mark.parametrize("where", ["referrers", ".sig", ".att", "blobs"])
@pytest.mark.parametrize("status", [500, 403])
def test_a_registry_that_fails_is_no_unsigned_image(plain: Bench, where: str, status: int) -> None:
    """Refusal 26: a failure anywhere is an error of its own, also where a good signature lies elsewhere."""
    from registry import Reply

    from sindri_core.errors import RegistryError

    plain.sign()
    plain.registry.misbehave = lambda asked: Reply(status=status) if where in asked.path else None
    with pytest.raises(RegistryError):
        plain.ask()
