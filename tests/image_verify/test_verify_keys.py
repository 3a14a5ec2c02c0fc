"""Signatures and provenance made with bare keys, judged in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keysigned import SLSA1, Maker, private, provenance, statement, write_public

from sindri_core.types import Claim

if TYPE_CHECKING:
    from verifybench import Bench


def test_a_bundle_signed_with_the_key_is_accepted(bench: Bench) -> None:
    """The signature that cosign 3 makes is accepted, and the evidence names the key, the format and the engine."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    assert {"key cosign.pub", "format bundle", "engine native"} <= set(bench.accepted().evidence)


def test_a_legacy_signature_is_accepted(bench: Bench) -> None:
    """The signature that cosign 2 makes is accepted too."""
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(bench.digest)])
    assert "format legacy" in bench.accepted().evidence


def test_provenance_is_accepted_in_both_formats(bench: Bench) -> None:
    """A build that the key attests is accepted; the evidence names source and ref."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    assert "github.com/acme/app @ refs/tags/v1.4.2" in bench.accepted(Claim.PROVENANCE).evidence
    legacy = bench.registry.image("legacy")
    bench.registry.tag(legacy, ".att", [bench.maker.attestation(statement(legacy, SLSA1, provenance()))])
    bench.digest = legacy
    assert "format legacy" in bench.accepted(Claim.PROVENANCE).evidence


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "rsa2048"])
def test_every_kind_of_key_signs(bench: Bench, kind: str) -> None:
    """Elliptic curves, Ed25519 and RSA are all taken, in both formats."""
    maker = Maker(key=private(kind))
    bench.demand(public_keys=(write_public(bench.folder, maker.key, f"{kind}.pub"),))
    bench.registry.attach(bench.digest, maker.signed(bench.digest))
    bench.accepted()
    other = bench.registry.image("other")
    bench.registry.tag(other, ".sig", [maker.simple(other)])
    bench.digest = other
    bench.accepted()


def test_one_of_several_keys_is_enough(bench: Bench) -> None:
    """Any of the keys may have signed; the evidence says which."""
    second = Maker(key=private(name="second"))
    bench.demand(public_keys=(*bench.policy.public_keys, write_public(bench.folder, second.key, "second.pub")))
    bench.registry.attach(bench.digest, second.signed(bench.digest))
    assert "key second.pub" in bench.accepted().evidence


def test_an_image_without_signature_is_refused(bench: Bench) -> None:
    """Nothing attached means refused, in so many words."""
    assert "nothing is attached" in bench.refused().reason


def test_the_wrong_key_is_refused(bench: Bench) -> None:
    """A signature by another key is refused, and the refusal names the key that is wanted."""
    bench.registry.attach(bench.digest, Maker(key=private(name="stranger")).signed(bench.digest))
    bench.registry.tag(bench.digest, ".sig", [Maker(key=private(name="stranger")).simple(bench.digest)])
    answer = bench.refused()
    assert "none of the keys" in answer.reason
    assert answer.wanted == ("key: cosign.pub",)
