"""Certificates instead of keys: judged by cosign and by the package sigstore, with a Sigstore of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sigstore_authority import USUAL, Authority, Terms
from sigstore_certificates import MOMENT, CertificateAuthority
from sigstore_forgeries import FOREIGN, FORGERIES
from sigstore_identities import GITHUB_ISSUER, Identity, Workflow, person
from sigstore_identities import Claim as Fact
from sigstore_keyed import key_bundle
from sigstore_keys import Key
from sigstore_log import TransparencyLog
from sigstore_statements import GENERATOR, provenance, provenance_v02, signature_of

from sindri_core.errors import ConfigError
from sindri_core.types import Claim, Verdict

if TYPE_CHECKING:
    from sigstore_keys import Document
    from verifybench import Bench

WANTED = USUAL.identity
ENGINES = ("cosign", "sigstore")
Prepare = Callable[["Bench", str], None]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One instance for all tests, which change nothing in it."""
    return Authority.new()


def trust(bench: Bench, root: Document, identity: Identity = WANTED) -> None:
    """Write the trusted root and want this signer."""
    file = bench.folder / "root.json"
    file.write_text(json.dumps(root))
    bench.demand(
        public_keys=(),
        trusted_root=str(file),
        certificate_identity=identity.name,
        certificate_oidc_issuer=identity.issuer,
    )


@pytest.fixture
def judged_by(request: pytest.FixtureRequest) -> Prepare:
    """Have the image judged by one engine; the real cosign is needed only for its own tests."""

    def prepare(bench: Bench, engine: str) -> None:
        if engine == "cosign":
            bench.environ["SINDRI_COSIGN"] = request.getfixturevalue("cosign")
        bench.demand(engine="cosign" if engine == "cosign" else "native")

    return prepare


@pytest.mark.parametrize("engine", ENGINES)
def test_a_workflows_signature_is_accepted(bench: Bench, authority: Authority, judged_by: Prepare, engine: str) -> None:
    """Identity, issuer and source stand in the evidence."""
    judged_by(bench, engine)
    trust(bench, authority.trusted_root())
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    evidence = bench.accepted().evidence
    assert {f"identity {WANTED.name}", f"issuer {GITHUB_ISSUER}", "format bundle"} <= set(evidence)
    assert any(line.startswith(f"engine {engine}") for line in evidence)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_workflows_provenance_is_accepted(
    bench: Bench, authority: Authority, judged_by: Prepare, engine: str
) -> None:
    """GitHub-style provenance satisfies a policy that demands every point, and the certificate agrees with it."""
    judged_by(bench, engine)
    trust(bench, authority.trusted_root())
    workflow = Workflow()
    bench.demand(
        source_repository=workflow.repository_uri,
        source_ref="refs/tags/v{tag}",
        source_commit=workflow.commit,
        workflow=workflow.path,
        triggers=("push",),
        runner="github-hosted",
    )
    bench.tag = "1.4.2"
    bundle = authority.bundle(provenance(bench.digest, workflow))
    bench.registry.attach(bench.digest, json.dumps(bundle).encode())
    assert "github.com/acme/app @ refs/tags/v1.4.2" in bench.accepted(Claim.PROVENANCE).evidence
    bench.demand(source_ref="refs/heads/main")
    bench.refused(Claim.PROVENANCE)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(bench: Bench, authority: Authority, judged_by: Prepare, name: str, engine: str) -> None:
    """What is wrong in one place is refused, also where the engine alone would take it for right."""
    judged_by(bench, engine)
    forged = FORGERIES[name].make(authority, signature_of(bench.digest))
    trust(bench, forged.trusted_root, forged.identity)
    bench.registry.attach(bench.digest, json.dumps(forged.bundle).encode())
    if name in {"trusted root of nobody", "trusted root that ended"}:
        with pytest.raises(ConfigError, match="trusted root"):
            bench.answers(Claim.SIGNATURE)
        return
    (answer,) = bench.answers(Claim.SIGNATURE)
    if name in {"issuer only in the old extension", "issuer only in the new extension"}:
        assert answer.verdict == Verdict.ACCEPTED  # one extension is enough, as long as no other contradicts it
    else:
        assert (answer.verdict, bool(answer.reason)) == (Verdict.REFUSED, True), answer.evidence


@pytest.mark.parametrize("engine", ENGINES)
def test_a_strangers_keyless_bundle_hinders_nothing(
    bench: Bench, authority: Authority, judged_by: Prepare, engine: str
) -> None:
    """A bundle by somebody else beside the right one is passed over; alone it is refused, saying who signed."""
    judged_by(bench, engine)
    trust(bench, authority.trusted_root())
    stranger = authority.bundle(signature_of(bench.digest), Terms(identity=person()))
    bench.registry.attach(bench.digest, json.dumps(stranger).encode())
    answer = bench.refused()
    assert answer.found[:2] == ("identity: ada@acme.example", "issuer: https://accounts.google.com")
    assert answer.accept[:2] == (
        "certificate_identity: ada@acme.example",
        "certificate_oidc_issuer: https://accounts.google.com",
    )
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    bench.accepted()


def test_a_legacy_signature_is_for_cosign(bench: Bench, authority: Authority, cosign: str) -> None:
    """The older format with a certificate is judged by cosign alone."""
    bench.environ["SINDRI_COSIGN"] = cosign
    trust(bench, authority.trusted_root())
    layer = authority.legacy_signature(bench.digest, "registry.example/app")
    bench.registry.tag(bench.digest, ".sig", [(layer.content, layer.annotations)])
    assert "format legacy" in bench.accepted().evidence
    bench.demand(engine="native")
    assert "only the engine native is allowed" in bench.refused().reason


def test_a_legacy_attestation_is_for_cosign(bench: Bench, authority: Authority, cosign: str) -> None:
    """SLSA v0.2 by the generator's workflow, in the older format."""
    bench.environ["SINDRI_COSIGN"] = cosign
    workflow = Workflow(signer=GENERATOR)
    trust(bench, authority.trusted_root(), workflow.identity)
    bench.demand(source_repository=workflow.repository_uri)
    layer = authority.legacy_attestation(provenance_v02(bench.digest, workflow), Terms(identity=workflow.identity))
    bench.registry.tag(bench.digest, ".att", [(layer.content, layer.annotations)])
    bench.accepted(Claim.PROVENANCE)


LEGACY: dict[str, Callable[[Authority, str], tuple[bytes, dict[str, str]]]] = {
    "of another authority": lambda own, digest: layer_of(replace(own, certificates=CertificateAuthority.new()), digest),
    "logged too late": lambda own, digest: layer_of(own, digest, Terms(logged_at=MOMENT + timedelta(days=1))),
    "logged nowhere": lambda own, digest: layer_of(own, digest, Terms(logged_at=None)),
    "stranger": lambda own, digest: layer_of(own, digest, Terms(identity=person())),
    "payload of another": lambda own, digest: (layer_of(own, digest)[0] + b" ", layer_of(own, digest)[1]),
}


def layer_of(authority: Authority, digest: str, terms: Terms = USUAL) -> tuple[bytes, dict[str, str]]:
    """A layer of a ``.sig`` image."""
    layer = authority.legacy_signature(digest, "registry.example/app", terms)
    return layer.content, dict(layer.annotations)


@pytest.mark.parametrize("make", LEGACY.values(), ids=LEGACY)
def test_a_legacy_forgery_is_refused(
    bench: Bench,
    authority: Authority,
    cosign: str,
    make: Callable[[Authority, str], tuple[bytes, dict[str, str]]],
) -> None:
    """The older format wrong in one place."""
    bench.environ["SINDRI_COSIGN"] = cosign
    trust(bench, authority.trusted_root())
    bench.registry.tag(bench.digest, ".sig", [make(authority, bench.digest)])
    bench.refused()


def test_a_timestamp_instead_of_a_log_is_for_cosign(bench: Bench, authority: Authority, cosign: str) -> None:
    """As GitHub's private repositories sign: accepted only where the policy does without log and certificate log."""
    bench.environ["SINDRI_COSIGN"] = cosign
    trust(bench, authority.trusted_root())
    profile = replace(authority.profile(), scts=())
    terms = Terms(profile=profile, logged_at=None, stamped_at=MOMENT)
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest), terms)).encode())
    assert bench.refused().accept == ("ignore_tlog: true",)
    bench.demand(ignore_tlog=True, ignore_sct=True)
    bench.accepted()
    bench.demand(use_signed_timestamps=True)
    bench.accepted()
    bench.demand(engine="native")
    bench.refused()


def test_a_signed_timestamp_can_be_demanded(bench: Bench, authority: Authority) -> None:
    """Without one the image is refused before any engine is asked."""
    trust(bench, authority.trusted_root())
    bench.demand(use_signed_timestamps=True)
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    assert "no signed timestamp" in bench.refused().reason


@pytest.mark.parametrize("engine", ENGINES)
def test_githubs_default_policy(bench: Bench, authority: Authority, judged_by: Prepare, engine: str) -> None:
    """Without any signer named, an image of GitHub's registry needs a workflow of its own repository."""
    judged_by(bench, engine)
    trust(bench, authority.trusted_root())
    bench.demand(certificate_identity="", certificate_oidc_issuer="")
    bundle = authority.bundle(signature_of(bench.digest), Terms(identity=Workflow(repository="Acme/App").identity))
    bench.registry.attach(bench.digest, json.dumps(bundle).encode())
    bench.repository = "ghcr.io/acme/app"
    assert "default policy for GitHub: a workflow of github.com/acme/app" in bench.accepted().evidence
    for other in ("ghcr.io/acme/application", "ghcr.io/acme/ap", "ghcr.io/mallory/app"):
        bench.repository = other
        bench.refused()


@pytest.mark.parametrize(
    "workflow",
    [
        Workflow(ref="refs/pull/7/merge"),
        Workflow(trigger="pull_request_target"),
        Workflow(signer="acme/app/.github/workflows/release.yml@refs/heads/main", repository="mallory/app"),
        Workflow(repository="mallory/app"),
    ],
    ids=["pull request", "trigger", "called from elsewhere", "another repository"],
)
def test_githubs_default_policy_refuses(bench: Bench, authority: Authority, workflow: Workflow) -> None:
    """Builds of pull requests and of other repositories are not the repository's own."""
    trust(bench, authority.trusted_root())
    bench.demand(certificate_identity="", certificate_oidc_issuer="", engine="native")
    bench.repository = "ghcr.io/acme/app"
    for statement, claim in (
        (signature_of(bench.digest), Claim.SIGNATURE),
        (provenance(bench.digest, workflow), Claim.PROVENANCE),
    ):
        bundle = authority.bundle(statement, Terms(identity=workflow.identity))
        bench.registry.attach(bench.digest, json.dumps(bundle).encode())
        bench.refused(claim)


def test_a_reusable_workflow_needs_the_source_repository(bench: Bench, authority: Authority) -> None:
    """Its name is the same whoever calls it: only with the caller's repository it says anything."""
    workflow = Workflow(signer=GENERATOR)
    trust(bench, authority.trusted_root(), workflow.identity)
    bench.demand(engine="native")
    for each, claim in (
        (signature_of(bench.digest), Claim.SIGNATURE),
        (provenance(bench.digest, workflow), Claim.PROVENANCE),
    ):
        bundle = authority.bundle(each, Terms(identity=workflow.identity))
        bench.registry.attach(bench.digest, json.dumps(bundle).encode())
        answer = bench.refused(claim)
        assert answer.accept == ("source_repository: https://github.com/acme/app",)
    bench.demand(source_repository="https://github.com/acme/app")
    bench.accepted()
    bench.accepted(Claim.PROVENANCE)
    bench.demand(source_repository="https://github.com/mallory/app")
    bench.refused()
    bench.refused(Claim.PROVENANCE)


@pytest.mark.parametrize(
    "build",
    [
        Workflow(repository="acme/other"),
        Workflow(ref="refs/heads/main"),
        Workflow(commit="b" * 40),
        Workflow(trigger="schedule"),
        Workflow(runner="self-hosted"),
    ],
    ids=["source", "ref", "commit", "trigger", "runner"],
)
def test_provenance_that_contradicts_its_certificate_is_refused(
    bench: Bench, authority: Authority, build: Workflow
) -> None:
    """The issuer knew the build too: a workflow cannot attest another build than its own."""
    trust(bench, authority.trusted_root())
    bench.demand(engine="native")
    said = provenance(bench.digest, build, builder=WANTED.name)
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(said)).encode())
    bench.refused(Claim.PROVENANCE)


def test_a_builders_name_is_its_own_word(bench: Bench, authority: Authority) -> None:
    """Provenance that names a builder that did not sign it is refused unless the policy names that builder."""
    trust(bench, authority.trusted_root())
    bench.demand(engine="native")
    said = provenance(bench.digest, Workflow(), builder="https://example.test/trusted-builder")
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(said)).encode())
    assert "the builder is" in bench.refused(Claim.PROVENANCE).reason
    bench.demand(builder_id="https://example.test/trusted-builder")
    bench.accepted(Claim.PROVENANCE)


EVIL = {
    "suffix": "https://github.com/acme/app-evil/.github/workflows/release.yml@refs/heads/main",
    "prefix": "https://evil.example/https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
    "dot": "https://github-com.evil.example/acme/app/.github/workflows/release.yml@refs/heads/main",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EVIL.values(), ids=EVIL)
def test_an_expression_matches_all_of_an_identity(
    bench: Bench, authority: Authority, judged_by: Prepare, name: str, engine: str
) -> None:
    """What cosign alone would find somewhere inside a longer identity is no match."""
    judged_by(bench, engine)
    trust(bench, authority.trusted_root())
    bench.demand(certificate_identity="", certificate_identity_regexp=r"https://github\.com/acme/app(/.*)?")
    identity = Identity(uris=(name,), claims=WANTED.claims)
    bundle = authority.bundle(signature_of(bench.digest), Terms(identity=identity))
    bench.registry.attach(bench.digest, json.dumps(bundle).encode())
    assert "somebody else" in bench.refused().reason
    good = authority.bundle(signature_of(bench.digest))
    bench.registry.attach(bench.digest, json.dumps(good).encode())
    bench.accepted()


def test_a_key_is_no_certificate(bench: Bench, authority: Authority) -> None:
    """A policy for a key refuses certificates, one for a certificate refuses keys, each with the setting to add."""
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    assert f"certificate_identity: {WANTED.name}" in bench.refused().accept
    other = bench.registry.image("keyed")
    bench.registry.attach(other, bench.maker.signed(other))
    bench.digest = other
    trust(bench, authority.trusted_root())
    assert bench.refused().accept[0].startswith("public_keys: [cosign.pub]")


def test_without_any_engine_it_is_refused(bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither cosign nor the package: the refusal says what to install."""
    from sindri_image_verify.engines import choosing

    monkeypatch.setattr(choosing, "find_spec", lambda name: None)
    trust(bench, authority.trusted_root())
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    answer = bench.refused()
    assert "cosign is not installed" in answer.reason
    assert any("pip install" in line for line in answer.accept)


def test_without_a_trusted_root_the_packages_own_is_used(bench: Bench, authority: Authority) -> None:
    """The public instance's root comes with the package, is named, and does not know the Sigstore of tests."""
    trust(bench, authority.trusted_root())
    bench.demand(trusted_root="", engine="native")
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest))).encode())
    assert "does not accept it" in bench.refused().reason


def test_a_foreign_source_is_shown(bench: Bench, authority: Authority) -> None:
    """A genuine certificate of the right workflow for another repository: both repositories are in the refusal."""
    trust(bench, authority.trusted_root())
    bench.demand(source_repository="https://github.com/acme/app", engine="native")
    terms = Terms(identity=WANTED.claiming(FOREIGN))
    bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest), terms)).encode())
    answer = bench.refused()
    assert answer.found[0] == "source repository: https://github.com/mallory/app"
    assert answer.wanted[0] == "source repository: https://github.com/acme/app"


def test_contradicting_extensions_are_refused(bench: Bench, authority: Authority) -> None:
    """An old extension that says something else than the new one makes the certificate useless."""
    trust(bench, authority.trusted_root())
    bench.demand(engine="native")
    for fact in (Fact.WORKFLOW_REF, Fact.WORKFLOW_SHA, Fact.WORKFLOW_TRIGGER, Fact.WORKFLOW_REPOSITORY):
        terms = Terms(identity=WANTED.claiming({fact: "another"}))
        bench.registry.attach(bench.digest, json.dumps(authority.bundle(signature_of(bench.digest), terms)).encode())
        assert "names two" in bench.refused().reason


def test_a_key_with_a_log_is_for_cosign(bench: Bench, authority: Authority, cosign: str) -> None:
    """With a trusted root beside the key its log must have the signature, which cosign checks."""
    bench.environ["SINDRI_COSIGN"] = cosign
    key, digest = Key.new(), bench.digest
    logged = key_bundle(signature_of(digest), key, log=authority.log)
    unlogged, stranger = key_bundle(signature_of(digest), key), TransparencyLog(key=Key.new())
    trust(bench, authority.trusted_root())
    file = bench.folder / "logged.pub"
    file.write_text(key.pem)
    bench.demand(public_keys=(str(file),), certificate_identity="", certificate_oidc_issuer="")
    bench.registry.attach(digest, json.dumps(unlogged).encode())
    assert bench.refused().accept == ("ignore_tlog: true",)
    bench.registry.attach(digest, json.dumps(key_bundle(signature_of(digest), key, log=stranger)).encode())
    bench.refused()
    bench.registry.attach(digest, json.dumps(logged).encode())
    assert "no transparency log is asked for" not in bench.accepted().evidence
    bench.demand(engine="native")
    bench.refused()
    bench.demand(ignore_tlog=True)
    assert {"engine native", "no transparency log is asked for"} <= set(bench.accepted().evidence)


@pytest.mark.parametrize("engine", ["cosign", "native"])
def test_a_key_alone_asks_for_no_log(bench: Bench, authority: Authority, judged_by: Prepare, engine: str) -> None:
    """A logged signature is accepted by its key alone, too; the evidence says that no log was asked."""
    judged_by(bench, engine)
    key = Key.new()
    bundle = key_bundle(signature_of(bench.digest), key, log=authority.log)
    bench.demand(public_keys=(key.pem,))
    bench.registry.attach(bench.digest, json.dumps(bundle).encode())
    assert "no transparency log is asked for" in bench.accepted().evidence
