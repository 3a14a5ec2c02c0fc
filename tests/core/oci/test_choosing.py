"""Choosing a tag: the newest that satisfies, of one class, with the reason for every other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import BadReference, ImageNotFound
from sindri_core.oci import tags
from sindri_core.oci.choosing import check_range, choose, wanted
from sindri_core.oci.tags import TaggedVersion

APP = [
    "1.0.0",
    "1.2.0",
    "v1.2.0",
    "1.10.3",
    "2.0.0-rc1",
    "2.0.0-rc.2",
    "1.10.3-alpine",
    "1.11.0-alpine",
    "latest",
    "1",
    "1.2",
]
NOISE = [
    "sha256-" + "a" * 64 + ".sig",
    "sha256-" + "b" * 64,
    "main",
    "3f2c1ab",
    "20240101",
    "edge",
    "1.2.3.4",
    "01.2.3",
]


@pytest.mark.parametrize(
    ("strategy", "text", "expected"),
    [
        ("semver", "^1.0.0", ("1.10.3",)),
        ("semver", "~1.2", ("1.2.0", "v1.2.0")),
        ("semver", "1.2.0", ("1.2.0", "v1.2.0")),
        ("semver", "^1.0.0-alpine", ("1.11.0-alpine",)),
        ("semver", "<=1.10.3-alpine", ("1.10.3-alpine",)),
        ("semver", "^2.0.0-rc.1", ("2.0.0-rc1",)),
        ("semver", ">=1 <1.10 || 0.x", ("1.2.0", "v1.2.0")),
        ("latest-stable", "", ("1.10.3",)),
        ("latest-stable", "-alpine", ("1.11.0-alpine",)),
        ("pin-to-cli", "1.0.0", ("1.0.0",)),
    ],
)
def test_the_newest_that_satisfies_is_chosen(strategy: str, text: str, expected: tuple[str, ...]) -> None:
    """Ranges, classes, equal versions: as documented, whatever else lies in the repository."""
    assert set(choose(APP + NOISE, strategy=strategy, wanted=text).tags) == set(expected)


def test_a_prerelease_only_where_it_is_allowed() -> None:
    """``allow_prerelease`` is npm's flag; latest-stable never takes one."""
    assert choose(APP, strategy="semver", wanted=">=1.0.0", allow_prerelease=True).tags == ("2.0.0-rc1",)
    assert choose(APP, strategy="latest-stable", wanted="", allow_prerelease=True).tags == ("1.10.3",)


def test_every_other_tag_has_its_reason() -> None:
    """All tags that were not chosen are there once, versions from the newest down."""
    choice = choose(APP + NOISE, strategy="semver", wanted="^1.0.0", explain=True)
    reasons = {each.tag: each.reason for each in choice.rejected}
    assert len(choice.rejected) == len(reasons) == len(APP + NOISE) - 1
    assert reasons["1.0.0"] == "older than 1.10.3"
    assert reasons["2.0.0-rc1"] == "outside the range"
    assert reasons["1.11.0-alpine"] == "of class -alpine"
    assert reasons["1.2"] == "a floating tag, not a whole version"
    assert reasons["sha256-" + "a" * 64 + ".sig"] == "a signature or attestation"
    assert choice.why == "newest of 4 matching ^1.0.0, among 19 tags"


@pytest.mark.parametrize(
    ("strategy", "text", "hint"),
    [
        ("semver", "^9", "image_config.version"),
        ("semver", ">1", "allow_prerelease: true"),
        ("semver", "^1.0.0-fedora", "image_config.version"),
        ("pin-to-cli", "7.7.7", "resolution_strategy: semver"),
    ],
)
def test_nothing_that_satisfies_names_the_field(strategy: str, text: str, hint: str) -> None:
    """The error shows the newest tags with the reason, and the field to change."""
    with pytest.raises(ImageNotFound) as caught:
        choose(APP, strategy=strategy, wanted=text)
    assert caught.value.code == "SND-IMG-002"
    assert hint in caught.value.hint
    assert len(caught.value.details) == 5


def test_a_repository_without_versions_says_what_is_there() -> None:
    """Commit hashes, branches and dates are no versions."""
    with pytest.raises(ImageNotFound) as caught:
        choose(NOISE, strategy="latest-stable", wanted="")
    assert all("version" in text or "signature" in text for _, text in caught.value.details)


@pytest.mark.parametrize("text", ["latest", "^1.0.0-alpine || ^2.0.0-fedora", "^", ">=1 <2 !"])
def test_a_version_that_cannot_be_read_is_said(text: str) -> None:
    """With what a range looks like."""
    assert "write it as npm does" in check_range(text)
    with pytest.raises(BadReference):
        choose(APP, strategy="semver", wanted=text)


@pytest.mark.parametrize(
    "text", ["^1.0.0", "", "*", "1.2 - 2", "^1.0.0-rc1", "~1.2-alpine", "-slim-bookworm", "1.x-fedora41"]
)
def test_a_version_that_can_be_read(text: str) -> None:
    """Ranges, prereleases and classes."""
    assert check_range(text) == ""


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("rc1", ("rc1", "")),
        ("rc.1", ("rc.1", "")),
        ("alpine", ("", "alpine")),
        ("alpine3.20", ("", "alpine3.20")),
        ("rc1-alpine", ("rc1", "alpine")),
        ("slim-bookworm", ("", "slim-bookworm")),
        ("1", ("1", "")),
        ("beta2-1-slim", ("beta2-1", "slim")),
        ("fedora41", ("", "fedora41")),
    ],
)
def test_prerelease_and_class_are_told_apart(rest: str, expected: tuple[str, str]) -> None:
    """Words that people mark prereleases with, and everything else."""
    assert tags.divided(rest) == expected


NUMBERS = st.integers(min_value=0, max_value=12)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "-rc1", "-alpine", "-fedora", "-rc2-alpine", "-beta.1"])
TAGS = st.builds(lambda v, release, suffix: v + release + suffix, st.sampled_from(["", "v"]), RELEASES, SUFFIXES)
RANGES = st.builds(
    lambda sign, release, c: sign + release + c,
    st.sampled_from(["^", "~", ">=", ""]),
    RELEASES,
    st.sampled_from(["", "-alpine"]),
)


@given(st.lists(TAGS, min_size=1, max_size=30), RANGES, st.booleans(), st.randoms())
def test_what_is_chosen_satisfies_and_nothing_newer_does(
    listed: list[str], text: str, allow: bool, dice: object
) -> None:
    """For any tags in any order: the choice satisfies, classes are never mixed, and no newer tag would have done."""
    asked = wanted(text, allow_prerelease=allow)
    fitting = [t for t in map(tags.read, listed) if isinstance(t, TaggedVersion) and not asked.lacks(t)]
    try:
        choice = choose(listed, strategy="semver", wanted=text, allow_prerelease=allow)
    except ImageNotFound:
        assert fitting == []
        return
    chosen = [t for t in map(tags.read, choice.tags) if isinstance(t, TaggedVersion)]
    assert {t.suffix for t in chosen} == {asked.suffix}
    assert {t.version for t in chosen} == {max(t.version for t in fitting)}
    dice.shuffle(listed)  # type: ignore[attr-defined] # a random.Random
    assert choose(listed, strategy="semver", wanted=text, allow_prerelease=allow).tags == choice.tags
