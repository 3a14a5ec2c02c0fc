"""Who demands what of which image: sindri.yaml, the user's trust file and the machine's, none weaker for another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.config import trust_files
from sindri_core.config.document import Document
from sindri_core.config.trust_files import extended
from sindri_core.config.validation import validate
from sindri_core.errors import ConfigError
from sindri_core.oci.reference import parse
from sindri_core.oci.repositories import closeness
from sindri_core.settings import Trust, TrustPolicy
from sindri_core.trust import demanded
from sindri_core.types import Claim

SIGNED, BUILT = frozenset({Claim.SIGNATURE}), frozenset({Claim.PROVENANCE})
APP = parse("ghcr.io/acme/app:1")


RANKS = {"sindri.yaml": 0, "user": 1, "f": 1, "machine": 2}


def policy(source: str, *images: str, claims: frozenset[Claim] = SIGNED, **terms: Any) -> TrustPolicy:
    """An entry of a file."""
    return TrustPolicy(source=source, rank=RANKS[source], images=images, claims=claims, **terms)


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's own file, which is not there yet."""
    file = tmp_path / "etc" / "trust.yaml"
    monkeypatch.setattr(trust_files, "SYSTEM", file)
    return file


@pytest.mark.parametrize(
    ("pattern", "image", "close"),
    [
        ("ghcr.io/acme/app", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/team/app", True),
        ("ghcr.io/acme/*", "ghcr.io/acme-evil/app", False),
        ("ghcr.io/*", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/app", "ghcr.io/acme/app-evil", False),
        ("*", "localhost:5000/x", True),
        ("alpine", "docker.io/library/alpine", True),
        ("index.docker.io/library/alpine", "alpine", True),
        ("docker.io/*", "registry-1.docker.io/acme/app", True),
    ],
)
def test_patterns_name_repositories(pattern: str, image: str, close: bool) -> None:
    """Whole parts of a path, and Docker Hub under each of its names."""
    assert bool(closeness([pattern], parse(image))) == close


def test_the_closest_entry_of_a_file_counts() -> None:
    """Exactly the repository, then the longest path, then everything."""
    entries = (policy("f", "*"), policy("f", "ghcr.io/acme/*"), policy("f", "ghcr.io/acme/app", claims=BUILT))
    assert [p.claims for p in demanded(Trust(policies=entries), APP, main=True)] == [BUILT]
    other = parse("ghcr.io/acme/other")
    assert [p.images for p in demanded(Trust(policies=entries), other, main=True)] == [("ghcr.io/acme/*",)]


def test_every_file_has_its_say() -> None:
    """An image has to satisfy all of them; none takes anything from another."""
    own = TrustPolicy(claims=SIGNED, public_keys=("own.pub",))
    entries = (policy("user", "ghcr.io/*", public_keys=("user.pub",)), policy("machine", "*", public_keys=("m.pub",)))
    found = demanded(Trust(own=own, policies=entries), APP, main=True)
    assert [p.public_keys for p in found] == [("own.pub",), ("user.pub",), ("m.pub",)]


def test_terms_are_lent_to_a_demand_without_any() -> None:
    """What sindri.yaml demands without saying whose word counts takes the trust file's terms, and keeps its own."""
    own = TrustPolicy(claims=SIGNED, source_ref="refs/heads/main")
    lender = policy("user", "*", claims=frozenset(), public_keys=("user.pub",))
    [found] = demanded(Trust(own=own, policies=(lender,)), APP, main=True)
    assert (found.public_keys, found.source_ref, found.claims) == (("user.pub",), "refs/heads/main", SIGNED)
    assert "terms of user" in found.source


def test_the_same_demand_is_asked_once() -> None:
    """Where the lender demands just that already, there is nothing to add."""
    lender = policy("user", "*", public_keys=("user.pub",))
    assert demanded(Trust(own=TrustPolicy(claims=SIGNED), policies=(lender,)), APP, main=True) == (lender,)


def test_an_entry_without_a_demand_demands_nothing() -> None:
    """Terms alone require nothing."""
    assert demanded(Trust(policies=(policy("user", "*", claims=frozenset()),)), APP, main=True) == ()


@pytest.mark.parametrize("main", [True, False])
def test_an_image_that_a_plugin_added_is_held_to_the_main_ones_demand(main: bool) -> None:
    """Unless an entry of sindri.yaml is about its repository."""
    own = TrustPolicy(claims=SIGNED, public_keys=("own.pub",))
    assert demanded(Trust(own=own), APP, main=main) == (own,)
    side = policy("sindri.yaml", "ghcr.io/acme/*", public_keys=("side.pub",))
    expected = [("own.pub",), ("side.pub",)] if main else [("side.pub",)]
    assert [p.public_keys for p in demanded(Trust(own=own, policies=(side,)), APP, main=main)] == expected


CLAIMS = st.frozensets(st.sampled_from(list(Claim)))
PATTERNS = st.sampled_from(["*", "ghcr.io/*", "ghcr.io/acme/*", "ghcr.io/acme/app", "quay.io/*"])
KEYS = st.sampled_from([(), ("a.pub",), ("b.pub",)])
ENTRIES = st.lists(
    st.builds(
        lambda images, claims, keys: policy("machine", images, claims=claims, public_keys=keys),
        PATTERNS,
        CLAIMS,
        KEYS,
    ),
    max_size=5,
)


@given(ENTRIES, CLAIMS, KEYS, ENTRIES)
def test_a_sindri_yaml_never_weakens_a_trust_file(
    machine: list[TrustPolicy], claims: frozenset[Claim], keys: tuple[str, ...], project: list[TrustPolicy]
) -> None:
    """Whatever stands in it, every demand of the machine's file is still there, on its own terms."""
    from dataclasses import replace

    alone = demanded(Trust(policies=tuple(machine)), APP, main=True)
    theirs = tuple(replace(entry, source="sindri.yaml", rank=0) for entry in project)
    own = TrustPolicy(claims=claims, public_keys=keys)
    both = demanded(Trust(own=own, policies=(*theirs, *machine)), APP, main=True)
    assert set(alone) <= set(both)


def write(file: Path, text: str) -> Path:
    """Write a trust file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o644)
    return file


ALL = "policies: [{images: ['*'], require: [signature], public_keys: [a.pub]}]\n"


def test_which_files_count(tmp_path: Path, system: Path) -> None:
    """The user's own, or the one that is named in its place; and always the machine's."""
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert extended(Trust(), environ, None).policies == ()
    own = write(tmp_path / "config" / "sindri" / "trust.yaml", ALL)
    other = write(tmp_path / "other.yaml", ALL)
    write(system, ALL)
    assert [p.source for p in extended(Trust(), environ, None).policies] == [str(own), str(system)]
    assert [p.source for p in extended(Trust(), environ, other).policies] == [str(other), str(system)]


def test_keys_lie_beside_their_file(tmp_path: Path) -> None:
    """A path is read from the folder of the file that it stands in; a text is a key itself."""
    file = write(tmp_path / "trust.yaml", ALL.replace("a.pub", "keys/a.pub"))
    [entry] = extended(Trust(), {}, file).policies
    assert entry.public_keys == (str(tmp_path / "keys/a.pub"),)
    config = {"deployment": {"image_config": {"registry": "a/b", "tag_override": "1", "public_keys": ["x.pub"]}}}
    own = validate(Document(data=config, file=tmp_path / "deep" / "sindri.yaml"), ()).trust.own
    assert own.public_keys == (str(tmp_path / "deep" / "x.pub"),)


def test_registries_of_a_trust_file_come_first(tmp_path: Path) -> None:
    """A sindri.yaml cannot make plain HTTP of what the trust file speaks HTTPS to."""
    file = write(tmp_path / "trust.yaml", "registries: {ghcr.io: {ca_file: ca.pem}}\n")
    data = {"registries": {"ghcr.io": {"insecure": True}, "localhost:5000": {"insecure": True}}}
    trust = extended(validate(Document(data=data), ()).trust, {}, file)
    assert {r.host: r.insecure for r in trust.registries} == {"ghcr.io": False, "localhost:5000": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policies: [{images: ['*'], requires: [signature]}]", "did you mean require?"),
        ("policies: [{require: [signature]}]", "is missing"),
        ("policies: [{images: ['GHCR.io/x y'], require: [signature]}]", "is no repository"),
        ("policies: [{images: ['ghcr.io/a:1'], require: [signature]}]", "has a tag"),
        ("policies: 7", "not a list"),
        ("[]", "mapping"),
        ("a: [", "trust.yaml"),
    ],
)
def test_a_trust_file_that_cannot_be_used_stops_everything(tmp_path: Path, text: str, said: str) -> None:
    """What it demands is not known, so nothing goes on: exit 2, with the place."""
    file = write(tmp_path / "trust.yaml", text)
    with pytest.raises(ConfigError) as caught:
        extended(Trust(), {}, file)
    assert caught.value.code == "SND-CFG-106"
    assert said in str(caught.value.to_dict())


def test_a_trust_file_that_others_can_write_is_none(tmp_path: Path, system: Path) -> None:
    """Neither is one that is a folder, or missing where it was named."""
    file = write(tmp_path / "trust.yaml", ALL)
    file.chmod(0o666)
    for bad in (file, tmp_path, tmp_path / "nowhere.yaml"):
        with pytest.raises(ConfigError) as caught:
            extended(Trust(), {}, bad)
        assert caught.value.code == "SND-CFG-106"
    system.parent.mkdir()
    system.symlink_to(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError):
        extended(Trust(), {}, None)


def test_a_registry_has_one_spelling(tmp_path: Path) -> None:
    """No other spelling of a host in sindri.yaml escapes what the trust file says of it."""
    file = write(tmp_path / "trust.yaml", "registries: {registry.acme.com: {ca_file: ca.pem}, docker.io: {}}\n")
    theirs = {"Registry.ACME.com": {"insecure": True}, "index.docker.io": {"insecure": True}}
    trust = extended(validate(Document(data={"registries": theirs}), ()).trust, {}, file)
    assert {(r.host, r.insecure, r.vouched) for r in trust.registries} == {
        ("registry.acme.com", False, True),
        ("docker.io", False, True),
    }


@pytest.mark.parametrize("pattern", ["ghcr.io", "localhost", "localhost:5000", "registry.acme.com", "docker.io"])
def test_a_registry_alone_is_no_pattern(tmp_path: Path, pattern: str) -> None:
    """It would be read as a repository of Docker Hub, and demand nothing of the registry."""
    file = write(tmp_path / "trust.yaml", f"policies: [{{images: ['{pattern}'], require: [signature]}}]\n")
    with pytest.raises(ConfigError) as caught:
        extended(Trust(), {}, file)
    assert f"write {pattern}/*" in str(caught.value.to_dict())


def test_files_of_one_name_are_two_files(tmp_path: Path) -> None:
    """A project's own file that is called as the trust file is takes nothing from it."""
    file = write(tmp_path / "trust.yaml", ALL)
    data = {"trust": {"policies": [{"images": ["ghcr.io/acme/app"], "require": []}]}}
    trust = extended(validate(Document(data=data, file=tmp_path / "project" / "trust.yaml"), ()).trust, {}, file)
    assert [p.claims for p in demanded(trust, APP, main=True)] == [SIGNED]


@pytest.mark.parametrize("term", [{"public_keys": ["a.pub"]}, {"certificate_identity": "x"}, {"engine": "cosign"}])
def test_terms_without_a_demand_are_a_warning(term: dict[str, Any]) -> None:
    """Whoever writes a key thinks that something is verified."""
    image = {"registry": "ghcr.io/acme/app", "tag_override": "1", **term}
    config = validate(Document(data={"deployment": {"image_config": image}}), ())
    assert [warning.code for warning in config.warnings] == ["SND-CFG-107"]
    demanding = {"deployment": {"image_config": image | {"verify_signature": True}}}
    assert validate(Document(data=demanding), ()).warnings == ()
