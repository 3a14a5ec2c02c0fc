"""What provenance must say beyond being signed: one attestation must satisfy all that the policy demands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keysigned import BUILDER, COMMIT, REF, SLSA02, SLSA1, SOURCE, WORKFLOW, provenance, statement

from sindri_core.types import Claim

if TYPE_CHECKING:
    from verifybench import Bench

GENERATOR = "https://github.com/slsa-framework/slsa-github-generator"
ALL: dict[str, Any] = {
    "source_repository": SOURCE,
    "source_ref": REF,
    "source_commit": COMMIT,
    "workflow": ".github/workflows/release.yml",
    "builder_id": BUILDER,
    "build_type": WORKFLOW,
    "triggers": ("push",),
    "runner": "github-hosted",
}


def v02(**changed: Any) -> dict[str, Any]:
    """A predicate of SLSA v0.2 as GitHub's generator for containers makes it."""
    source = {"uri": f"git+{SOURCE}@{REF}", "digest": {"sha1": COMMIT}}
    made: dict[str, Any] = {
        "builder": {"id": f"{GENERATOR}/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.0.0"},
        "buildType": f"{GENERATOR}/container@v1",
        "invocation": {
            "configSource": {**source, "entryPoint": ".github/workflows/release.yml"},
            "parameters": {},
            "environment": {"github_event_name": "push"},
        },
        "materials": [source],
    }
    return made | changed


def test_all_of_a_policy_is_satisfied(bench: Bench) -> None:
    """A build that is as demanded in every point is accepted."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    bench.demand(**ALL)
    evidence = bench.accepted(Claim.PROVENANCE).evidence
    assert f"builder {BUILDER}" in evidence


@pytest.mark.parametrize(
    ("build", "label"),
    [
        ({"repository": "https://github.com/mallory/app"}, "source repository"),
        ({"repository": "https://github.com/acme/app-evil"}, "source repository"),
        ({"ref": "refs/heads/main"}, "source ref"),
        ({"ref": "refs/tags/v1.4.20"}, "source ref"),
        ({"commit": "b" * 40}, "source commit"),
        ({"path": ".github/workflows/other.yml"}, "workflow"),
        ({"builder": "https://example.test/builder"}, "builder"),
        ({"builder": f"{BUILDER}x"}, "builder"),
        ({"builder": ""}, "builder"),
        ({"build_type": "https://example.test/build"}, "build type"),
        ({"event_name": "pull_request"}, "trigger"),
        ({"event_name": ""}, "trigger"),
        ({"runner_environment": "self-hosted"}, "runner"),
        ({"runner_environment": ""}, "runner"),
    ],
)
def test_each_point_counts(bench: Bench, build: dict[str, Any], label: str) -> None:
    """A build that differs in one point is refused, and the refusal shows both values and the setting."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest, **build))
    bench.demand(**ALL)
    answer = bench.refused(Claim.PROVENANCE)
    assert answer.found[0].startswith(f"{label}: ")
    assert answer.wanted[0].startswith(f"{label}: ")


@pytest.mark.parametrize(
    "build",
    [
        {"event_name": "pull_request"},
        {"event_name": "pull_request_target"},
        {"event_name": "issue_comment"},
        {"runner_environment": "self-hosted"},
        {"build_type": "https://example.test/build"},
        {"builder": ""},
        {"more": {"inputs": {"debug": "true"}}},
        {"more": {"workflow": "text"}},
    ],
    ids=str,
)
def test_what_is_dangerous_is_refused_without_being_asked(bench: Bench, build: dict[str, Any]) -> None:
    """Pull requests, own runners, unknown builds and parameters that nobody allowed are refused by default."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest, **build))
    answer = bench.refused(Claim.PROVENANCE)
    assert answer.accept or not build.get("builder", "x")


@pytest.mark.parametrize(
    ("build", "terms"),
    [
        ({"event_name": "pull_request"}, {"triggers": ("pull_request",)}),
        ({"runner_environment": "self-hosted"}, {"runner": "self-hosted"}),
        ({"build_type": "https://example.test/build"}, {"build_type": "https://example.test/build"}),
        ({"more": {"inputs": {"debug": "true"}}}, {"parameters": ("inputs",)}),
        ({"more": {"inputs": {}, "vars": None}}, {}),
        ({"repository": "https://GitHub.com/Acme/App"}, {"source_repository": SOURCE}),
        ({"builder": "https://example.test/b@refs/tags/v1.2.3"}, {"builder_id": "https://example.test/b"}),
    ],
    ids=str,
)
def test_what_the_policy_allows_is_accepted(bench: Bench, build: dict[str, Any], terms: dict[str, Any]) -> None:
    """The same builds are accepted once a setting says so; GitHub's names have no case."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest, **build))
    bench.demand(**terms)
    bench.accepted(Claim.PROVENANCE)


def test_two_halves_are_no_whole(bench: Bench) -> None:
    """Of two attestations that each satisfy half of the policy none is accepted."""
    bench.demand(source_repository=SOURCE, source_ref=REF)
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest, ref="refs/heads/main"))
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest, repository="https://github.com/acme/other"))
    bench.refused(Claim.PROVENANCE)
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    bench.accepted(Claim.PROVENANCE)


def test_the_older_generation(bench: Bench) -> None:
    """SLSA v0.2 satisfies the same policy."""
    bench.demand(**ALL | {"builder_id": f"{GENERATOR}/.github/workflows/generator_container_slsa3.yml"})
    bench.demand(build_type="", runner="")
    bench.registry.attach(bench.digest, bench.maker.bundle(statement(bench.digest, SLSA02, v02())))
    bench.accepted(Claim.PROVENANCE)


@pytest.mark.parametrize(
    "changed",
    [
        {"materials": [{"uri": f"git+{SOURCE}@{REF}", "digest": {"sha1": "b" * 40}}]},
        {"materials": [{"uri": f"git+{SOURCE}@refs/heads/x", "digest": {"sha1": COMMIT}}]},
        {"invocation": {"configSource": {"uri": f"git+https://user@github.com/acme/app@{REF}"}}},
        {"invocation": {"parameters": {"debug": True}}},
        {"invocation": {"environment": {"github_event_name": "pull_request"}}},
        {"buildType": f"{GENERATOR}/container@v2"},
        {"builder": {}},
        {"builder": []},
        {"materials": {}},
    ],
    ids=str,
)
def test_the_older_generation_contradicting_itself(bench: Bench, changed: dict[str, Any]) -> None:
    """Two commits, two refs, odd addresses, parameters and malformed parts are refused."""
    bench.registry.attach(bench.digest, bench.maker.bundle(statement(bench.digest, SLSA02, v02(**changed))))
    bench.refused(Claim.PROVENANCE)


def test_a_rollback_is_found_by_the_tag(bench: Bench) -> None:
    """An old image under a newer tag: its provenance was made for another tag than the one that was chosen."""
    bench.demand(source_ref="refs/tags/v{tag}")
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    bench.tag = "1.4.2"
    bench.accepted(Claim.PROVENANCE)
    bench.tag = "2.0.0"
    answer = bench.refused(Claim.PROVENANCE)
    assert answer.wanted == ("source ref: refs/tags/v2.0.0",)
    bench.tag = ""
    assert "no tag led to this image" in bench.refused(Claim.PROVENANCE).reason


def test_other_predicate_types_on_demand(bench: Bench) -> None:
    """provenance_types replaces the types that count; the others count no more."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    bench.demand(provenance_types=(SLSA02,))
    assert bench.refused(Claim.PROVENANCE).wanted == (f"type: {SLSA02}",)
    bench.demand(provenance_types=("https://example.test/provenance/v1",))
    said = statement(bench.digest, "https://example.test/provenance/v1", provenance())
    bench.registry.attach(bench.digest, bench.maker.bundle(said))
    bench.accepted(Claim.PROVENANCE)


def test_provenance_as_signature_is_held_to_the_same_policy(bench: Bench) -> None:
    """With the setting signed provenance is enough for a signature, as long as it satisfies the policy."""
    bench.registry.attach(bench.digest, bench.maker.attested(bench.digest))
    bench.refused()
    bench.demand(provenance_as_signature=True)
    bench.accepted()
    bench.demand(source_ref="refs/heads/main")
    bench.refused()


def test_provenance_of_an_unknown_kind_of_build_names_its_source(bench: Bench) -> None:
    """A build type of one's own may name its source in the plainest way; the policy says which it must be."""
    predicate = {
        "buildDefinition": {"buildType": "https://example.test/build", "externalParameters": {"source": SOURCE}},
        "runDetails": {"builder": {"id": "https://example.test/builder"}},
    }
    bench.registry.attach(bench.digest, bench.maker.bundle(statement(bench.digest, SLSA1, predicate)))
    bench.demand(build_type="https://example.test/build", source_repository=SOURCE)
    bench.accepted(Claim.PROVENANCE)
    bench.demand(source_repository="https://github.com/acme/other")
    bench.refused(Claim.PROVENANCE)
