"""What is fetched, from where, and what strangers or a failing registry cannot do."""

from __future__ import annotations

import json

import pytest
from keysigned import Maker, private, statement
from verifybench import REPOSITORY, Bench

from sindri_core.errors import RegistryError
from sindri_core.oci.documents import OCI_MANIFEST, Descriptor
from sindri_core.requests import InspectRequest
from sindri_core.types import Claim, ResolvedImage, Verdict
from sindri_image_verify import plugin
from sindri_image_verify.material import LARGEST
from sindri_image_verify.policy import setting

STRANGER = Maker(key=private(name="stranger"))


def test_a_deleted_image_is_refused(bench: Bench) -> None:
    """Signatures that outlive their image vouch for nothing."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    del bench.registry.documents[bench.digest]
    assert "registry.example/app" in bench.refused().reason


def test_a_copied_signature_is_refused(bench: Bench) -> None:
    """The signature of one image under another's tag, or attached to it, names the digest that was signed."""
    other = bench.registry.image("other")
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(other)])
    bench.registry.attach(bench.digest, bench.maker.signed(other))
    answer = bench.refused()
    assert "another image" in answer.reason
    assert f"signed digest: {other}" in answer.found


def test_a_bundle_that_is_about_another_image_is_refused(bench: Bench) -> None:
    """A listing alone attaches nothing: the manifest itself must be about the image."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest), subject=bench.registry.image("other"))
    assert "attached to another image" in bench.refused().reason


@pytest.mark.parametrize("pattern", [REPOSITORY, "registry.example/*", "*"])
def test_an_allowed_repository(bench: Bench, pattern: str) -> None:
    """The image lies where the policy allows."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.demand(allowed_repositories=("ghcr.io/acme/app", pattern))
    bench.accepted()


@pytest.mark.parametrize("pattern", ["registry.example/apps", "registry.example/app/*", "registry.example.org/*"])
def test_a_copy_elsewhere_is_refused(bench: Bench, pattern: str) -> None:
    """Image and signature in another repository: refused, with the setting that would accept it."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.demand(allowed_repositories=(pattern,))
    assert bench.refused().accept == (setting("allowed_repositories", [pattern, REPOSITORY]),)


def test_the_signed_repository_must_match_on_demand(bench: Bench) -> None:
    """match_reference compares what the signer named, which only the older format says."""
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(bench.digest, "registry.example/other")])
    bench.accepted()
    bench.demand(match_reference=True)
    assert "signed repository: registry.example/other" in bench.refused().found
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.refused()
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(bench.digest, REPOSITORY)])
    bench.accepted()


def test_a_strangers_bundle_hinders_nothing(bench: Bench) -> None:
    """A valid older signature counts next to bundles of strangers, whatever is in them."""
    for content in (STRANGER.signed(bench.digest), b"no JSON", b"[" * 5000, bench.maker.signed("sha256:" + "0" * 64)):
        bench.registry.attach(bench.digest, content)
    bench.registry.attach(bench.digest, b"{}", more=[b"[]"])
    listed = bench.registry.referring[bench.digest]
    listed.append(Descriptor(media_type=OCI_MANIFEST, digest="sha256:" + "1" * 64, size=5))
    listed.append(Descriptor(media_type=OCI_MANIFEST, digest="sha256:" + "2" * 64, size=LARGEST + 1))
    listed.append(Descriptor(media_type="text/plain", digest="sha256:" + "3" * 64, size=5))
    bench.refused()
    bench.registry.tag(bench.digest, ".sig", [STRANGER.simple(bench.digest), bench.maker.simple(bench.digest)])
    bench.accepted()


def test_an_invalid_signature_beside_a_strangers_bundle_is_refused(bench: Bench) -> None:
    """Two wrongs make no right."""
    bench.registry.attach(bench.digest, STRANGER.signed(bench.digest))
    payload, notes = bench.maker.simple(bench.digest)
    bench.registry.tag(bench.digest, ".sig", [(payload + b" ", notes)])
    assert "1 more attached" in bench.refused().reason


@pytest.mark.parametrize("question", ["manifest", "blob", "referrers", "attached"])
def test_a_failing_registry_is_an_error(bench: Bench, question: str) -> None:
    """No answer is not an image without signatures, and no reason to try another store only."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.registry.fails[question] = RegistryError("SND-IMG-006", "the registry answered 500")
    with pytest.raises(RegistryError) as raised:
        bench.answers(Claim.SIGNATURE)
    assert raised.value.code == "SND-IMG-006"


def test_large_and_many_are_refused(bench: Bench) -> None:
    """A bundle above a mebibyte is not read; more than a hundred older signatures are not tried."""
    bench.registry.attach(bench.digest, b" " * (LARGEST + 1))
    assert "larger than 1 MiB" in bench.refused().reason
    layers: list[tuple[bytes, dict[str, str]]] = [(b"%d" % number, {}) for number in range(100)]
    bench.registry.tag(bench.digest, ".sig", [*layers, bench.maker.simple(bench.digest)])
    assert "more than 100 layers" in bench.refused().reason


def test_the_artifact_type_says_nothing(bench: Bench) -> None:
    """What is a bundle is told by its layer; other things that refer to the image are passed over."""
    bench.registry.attach(bench.digest, b"{}", layer="application/spdx+json")
    assert "nothing is attached" in bench.refused().reason
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.accepted()


def test_an_index_is_judged_by_its_own_signature(bench: Bench) -> None:
    """A signature of one of its images does not count for the index, nor the other way round."""
    child = bench.digest
    index = bench.registry.index(child)
    bench.registry.attach(child, bench.maker.signed(child))
    bench.accepted()
    bench.digest = index
    bench.refused()
    bench.registry.attach(index, bench.maker.signed(index))
    bench.accepted()


@pytest.mark.parametrize("engine", ["native", "cosign"])
def test_an_index_with_a_legacy_signature(bench: Bench, engine: str, request: pytest.FixtureRequest) -> None:
    """Both engines judge an index as they judge an image."""
    if engine == "cosign":
        bench.environ["SINDRI_COSIGN"] = request.getfixturevalue("cosign")
    bench.digest = bench.registry.index(bench.digest)
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(bench.digest)])
    bench.demand(engine=engine)
    bench.accepted()


def test_offline_nothing_is_accepted_unseen(bench: Bench) -> None:
    """Without a registry only a verdict that was kept counts."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    (answer,) = bench.answers(Claim.SIGNATURE, offline=True)
    assert answer.verdict == Verdict.REFUSED
    assert answer.reason.startswith("offline")


def test_each_thing_is_asked_for_once(bench: Bench) -> None:
    """Two claims about one image fetch its attachments once."""
    bench.registry.attach(bench.digest, bench.maker.signed(bench.digest))
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    answers = bench.answers(Claim.SIGNATURE, Claim.PROVENANCE)
    assert {answer.verdict for answer in answers} == {Verdict.ACCEPTED}
    assert sorted(bench.registry.asked) == ["attached"] * 2 + ["blob"] * 2 + ["manifest"] * 4 + ["referrers"]


def test_inspection_lists_what_is_attached_unverified(bench: Bench) -> None:
    """Whatever is attached is described as it describes itself, also what is of no use."""
    bench.registry.attach(bench.digest, STRANGER.signed(bench.digest))
    bench.registry.attach(bench.digest, bench.maker.bundle(statement(bench.digest, "https://spdx.dev/Document")))
    bench.registry.attach(bench.digest, json.dumps({"mediaType": "\x1b[2J"}).encode())
    bench.registry.tag(bench.digest, ".sig", [bench.maker.simple(bench.digest)])
    deployed = f"{REPOSITORY}@{bench.digest}"
    image = ResolvedImage(reference=deployed, deployed=deployed, digest=bench.digest)
    found = plugin.sindri_inspect_image(bench.context(), InspectRequest(image=image, registry=bench.registry))
    assert [(each.kind, each.format) for each in found] == [
        ("signature", "bundle"),
        ("attestation", "bundle"),
        ("other", "bundle"),
        ("signature", "legacy"),
    ]
    assert found[1].predicate_type == "https://spdx.dev/Document"
    assert all("not verified: as it describes itself" in each.claims for each in found if not each.problem)
    assert "\x1b" not in found[2].problem
