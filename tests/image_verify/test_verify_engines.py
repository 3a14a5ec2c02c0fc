"""The same material judged in this process and by the real cosign: they agree on every case."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA384
from keysigned import SLSA1, V01, Maker, b64, flipped, private, provenance, statement, subject

from sindri_core.types import Claim, Verdict

if TYPE_CHECKING:
    from verifybench import Bench

OTHER = "sha256:" + "b" * 64
STRANGER = Maker(key=private(name="stranger"))


@dataclass(frozen=True)
class Case:
    """What is attached, and whether that vouches for the claim."""

    name: str
    attach: Callable[[Bench], object]
    good: bool = False
    claim: Claim = Claim.SIGNATURE


def bundle(make: Callable[[Maker, str], bytes]) -> Callable[[Bench], object]:
    """Attach a bundle that is made for the image's digest."""
    return lambda bench: bench.registry.attach(bench.digest, make(bench.maker, bench.digest))


def legacy(
    make: Callable[[Maker, str], tuple[bytes, dict[str, str]]], suffix: str = ".sig"
) -> Callable[[Bench], object]:
    """Attach one layer by a tag."""
    return lambda bench: bench.registry.tag(bench.digest, suffix, [make(bench.maker, bench.digest)])


def said(**changed: Any) -> Callable[[Bench], object]:
    """Attach a bundle whose statement differs from a right one."""
    return bundle(lambda maker, digest: maker.bundle(statement(digest) | changed))


def envelope(change: Callable[[dict[str, Any]], object]) -> Callable[[Bench], object]:
    """Attach a bundle whose envelope was changed after signing."""

    def make(maker: Maker, digest: str) -> bytes:
        made = maker.envelope(statement(digest))
        change(made)
        return maker.bundle(b"", dsseEnvelope=made)

    return bundle(make)


def resigned(text: Callable[[str], str]) -> Callable[[Bench], object]:
    """Attach a bundle whose statement is signed as a changed text."""
    return bundle(lambda maker, digest: maker.bundle(text(json.dumps(statement(digest))).encode()))


def digits(digest: str) -> str:
    """The digest without its algorithm."""
    return digest.removeprefix("sha256:")


CASES = [
    Case("bundle", bundle(lambda maker, digest: maker.signed(digest)), good=True),
    Case("bundle of Statement/v0.1", said(_type=V01), good=True),
    Case(
        "absent members as null",
        bundle(
            lambda m, d: m.bundle(
                statement(d),
                messageSignature=None,
                verificationMaterial={
                    "publicKey": {"hint": ""},
                    "certificate": None,
                    "tlogEntries": None,
                    "timestampVerificationData": None,
                },
            )
        ),
        good=True,
    ),
    Case("legacy", legacy(lambda maker, digest: maker.simple(digest)), good=True),
    Case("provenance", bundle(lambda maker, digest: maker.attested(digest)), good=True, claim=Claim.PROVENANCE),
    Case(
        "legacy provenance",
        legacy(lambda maker, digest: maker.attestation(statement(digest, SLSA1, provenance())), ".att"),
        good=True,
        claim=Claim.PROVENANCE,
    ),
    Case(
        "right digest as second subject",
        bundle(lambda maker, digest: maker.bundle(statement(digest, subject=[subject(OTHER), subject(digest)]))),
        good=True,
    ),
    Case("other bundle's digest", bundle(lambda maker, digest: maker.signed(OTHER))),
    Case("other legacy digest", legacy(lambda maker, digest: maker.simple(OTHER))),
    Case("other key", bundle(lambda _, digest: STRANGER.signed(digest))),
    Case("other key, legacy", legacy(lambda _, digest: STRANGER.simple(digest))),
    Case(
        "other key, legacy provenance",
        legacy(lambda _, digest: STRANGER.attestation(statement(digest, SLSA1, provenance())), ".att"),
        claim=Claim.PROVENANCE,
    ),
    Case("other kind of key", bundle(lambda _, digest: Maker(key=private("ed25519")).signed(digest))),
    Case("SHA-384", bundle(lambda maker, digest: Maker(key=maker.key, algorithm=SHA384()).signed(digest))),
    Case("an SBOM", said(predicateType="https://spdx.dev/Document")),
    Case("provenance as signature", bundle(lambda maker, digest: maker.attested(digest))),
    Case("signature as provenance", bundle(lambda maker, digest: maker.signed(digest)), claim=Claim.PROVENANCE),
    *(
        Case(f"predicate type {kind}", said(predicateType=kind), claim=Claim.PROVENANCE)
        for kind in (
            "https://slsa.dev/provenance/v0.1",
            "https://slsa.dev/provenance/v1-rc1",
            "https://slsa.dev/provenance/v1/",
            "https://slsa.dev/Provenance/v1",
            "HTTPS://slsa.dev/provenance/v1",
        )
    ),
    Case("unknown statement", said(_type="https://in-toto.io/Statement/v2")),
    Case(
        "payload type",
        bundle(
            lambda maker, digest: maker.bundle(b"", dsseEnvelope=maker.envelope(statement(digest), "application/json"))
        ),
    ),
    Case(
        "bare signature",
        bundle(
            lambda maker, digest: json.dumps(
                {
                    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                    "verificationMaterial": {"publicKey": {"hint": ""}},
                    "messageSignature": {
                        "messageDigest": {"algorithm": "SHA2_256", "digest": b64(bytes.fromhex(digits(digest)))},
                        "signature": b64(b"signature"),
                    },
                }
            ).encode()
        ),
    ),
    Case(
        "upper-case digest",
        resigned(lambda text: text.replace(digits(text[text.index("sha256") + 10 :][:64]), "A" * 64)),
    ),
    Case("other algorithm", resigned(lambda text: text.replace('"sha256"', '"sha512"'))),
    Case("null subject", said(subject=[None])),
    Case("null beside the right subject", bundle(lambda m, d: m.bundle(statement(d, subject=[None, subject(d)])))),
    Case("no subject", said(subject=[])),
    Case("truncated digest", bundle(lambda m, d: m.bundle(statement(d, subject=[subject(d[:-2])])))),
    Case("1025 subjects", bundle(lambda m, d: m.bundle(statement(d, subject=[subject(d)] * 1025)))),
    Case("duplicate key", resigned(lambda text: text.replace('"_type"', '"subject": [], "_type"', 1))),
    Case("changed payload", envelope(lambda e: e.update(payload=b64(json.dumps(statement("sha256:x")).encode())))),
    Case("two signatures", envelope(lambda e: e["signatures"].append({"sig": b64(b"no signature")}))),
    Case("no signature", envelope(lambda e: e["signatures"].clear())),
    Case("empty signature", envelope(lambda e: e.update(signatures=[{"sig": ""}]))),
    Case("base64 with a line end", envelope(lambda e: e.update(payload=e["payload"] + "\n"))),
    Case("base64 for addresses", envelope(lambda e: e.update(payload=e["payload"].rstrip("=") + "-"))),
    Case("damaged signature", envelope(lambda e: e.update(signatures=[{"sig": b64(flipped(b"0" * 70))}]))),
    Case(
        "legacy payload changed",
        legacy(lambda m, d: (m.simple(OTHER)[0].replace(OTHER.encode(), d.encode()), m.simple(OTHER)[1])),
    ),
    Case("legacy of unknown type", legacy(lambda m, d: m.simple(d, type="another kind of signature"))),
    Case("legacy of another tool", legacy(lambda m, d: m.simple(d, type="atomic container signature"))),
    Case("legacy without digest", legacy(lambda m, d: m.simple(d, image={}))),
    Case("legacy without signature", legacy(lambda m, d: (m.simple(d)[0], {}))),
    Case("nothing", lambda bench: None),
]


@pytest.mark.parametrize("engine", ["native", "cosign"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_engines_say_the_same(bench: Bench, case: Case, engine: str, request: pytest.FixtureRequest) -> None:
    """What one engine accepts the other accepts, and what one refuses the other refuses."""
    if engine == "cosign":
        bench.environ["SINDRI_COSIGN"] = request.getfixturevalue("cosign")
    bench.demand(engine=engine)
    case.attach(bench)
    (answer,) = bench.answers(case.claim)
    assert (answer.verdict == Verdict.ACCEPTED) == case.good, (answer.reason, answer.evidence)
