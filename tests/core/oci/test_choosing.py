"""Choosing a tag: the newest that satisfies, of one suffix, with the reason for every other."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ConfigError, ImageNotFound
from sindri_core.oci import tags
from sindri_core.oci.choosing import check_range, choose, demand
from sindri_core.oci.tags import TaggedVersion

APP = (
    *("1.0.0", "1.2.0", "v1.2.0", "1.10.3", "2.0.0-rc1", "2.0.0-rc.2", "2.0.0-rc.10", "1.10.3-alpine"),
    *("1.11.0-alpine", "1.12.0-rc.1-alpine", "latest", "1", "1.2"),
)
NOISE = (
    *("sha256-" + "a" * 64 + ".sig", "sha256-" + "b" * 64, "v9.9.9.att", "main", "3f2c1ab", "20240101", "edge"),
    *("1.2.3.4", "01.2.3", "9.9", "9007199254740992.0.0", "7.0.0-rc.01", "stable", "pr-12", "sha-1234567"),
)
NODE = (
    *("22.11.0", "22.11.0-alpine", "22.11.0-alpine3.20", "22.11.0-bookworm-slim", "22.12.0", "22.12.0-alpine"),
    *("22.12.0-alpine3.20", "22.12.0-alpine3.21", "22.12.0-slim", "22-alpine", "22", "22.12", "lts", "lts-alpine"),
    *("current", "jod", "iron", "23.4.0", "23.4.0-alpine3.21", "20.18.1", "20.18.1-alpine3.20", "alpine", "latest"),
)
PYTHON = (
    *("3.12.8", "3.12.8-slim", "3.12.8-slim-bookworm", "3.12.8-alpine3.21", "3.13.0", "3.13.1", "3.13.1-slim-bookworm"),
    *("3.13.1-slim", "3.13", "3", "3.14.0a3", "3.14.0a3-slim", "3.14.0rc1", "3.14-rc", "3.14-rc-slim", "3.14.0b10"),
    *("3.13.1-windowsservercore-ltsc2022", "bookworm", "slim", "rc", "latest"),
)
PHP = (
    *("8.3.14-fpm", "8.3.14-fpm-alpine", "8.3.14-fpm-alpine3.20", "8.3.14-cli", "8.4.0RC4-fpm-alpine", "8.4.1-fpm"),
    *("8.4.1-fpm-alpine", "8.4.1-fpm-alpine3.20", "8.4.1-fpm-alpine3.21", "8.4.1", "8.4.1-apache-bookworm", "8-fpm"),
    *("8.5.0-alpha1-fpm-alpine", "8.5.0-alpha1", "rc-fpm", "fpm-alpine", "apache"),
)


@pytest.mark.parametrize(
    ("listed", "strategy", "text", "expected"),
    [
        (APP, "semver", "^1.0.0", "1.10.3"),
        (APP, "semver", "~1.2", "1.2.0 v1.2.0"),
        (APP, "semver", "1.2.0", "1.2.0 v1.2.0"),
        (APP, "semver", "^1.0.0-alpine", "1.11.0-alpine"),
        (APP, "semver", "<=1.10.3-alpine", "1.10.3-alpine"),
        (APP, "semver", ">=1.0.0 <1.11-alpine", "1.10.3-alpine"),
        (APP, "semver", "*-alpine", "1.11.0-alpine"),
        (APP, "semver", "-alpine", "1.11.0-alpine"),
        (APP, "semver", "^1.12.0-rc.1-alpine", "1.12.0-rc.1-alpine"),
        (APP, "semver", "^2.0.0-rc.1", "2.0.0-rc1"),
        (APP, "semver", "~2.0.0-rc.1 <2.0.0-rc1", "2.0.0-rc.10"),
        (APP, "semver", ">=1 <1.10 || 0.x", "1.2.0 v1.2.0"),
        (APP, "semver", "", "1.10.3"),
        (APP, "latest-stable", "", "1.10.3"),
        (APP, "latest-stable", "-alpine", "1.11.0-alpine"),
        (APP, "pin-to-cli", "1.2.0", "1.2.0 v1.2.0"),
        (APP, "pin-to-cli", "2.0.0rc1", "2.0.0-rc1"),
        (NODE, "latest-stable", "", "23.4.0"),
        (NODE, "semver", "^22", "22.12.0"),
        (NODE, "semver", "^22-alpine", "22.12.0-alpine"),
        (NODE, "semver", "22.x.x-alpine3.20", "22.12.0-alpine3.20"),
        (NODE, "latest-stable", "-alpine3.21", "23.4.0-alpine3.21"),
        (NODE, "semver", "20 - 22-bookworm-slim", "22.11.0-bookworm-slim"),
        (PYTHON, "semver", "~3.12", "3.12.8"),
        (PYTHON, "semver", ">=3.12-slim", "3.13.1-slim"),
        (PYTHON, "semver", "3-slim-bookworm", "3.13.1-slim-bookworm"),
        (PYTHON, "latest-stable", "", "3.13.1"),
        (PHP, "semver", "^8.3.0-fpm-alpine", "8.4.1-fpm-alpine"),
        (PHP, "semver", "~8.3-fpm", "8.3.14-fpm"),
        (PHP, "semver", "^8.5.0-alpha1-fpm-alpine", "8.5.0-alpha1-fpm-alpine"),
        (PHP, "latest-stable", "-apache-bookworm", "8.4.1-apache-bookworm"),
    ],
)
def test_the_newest_that_satisfies_is_chosen(listed: Sequence[str], strategy: str, text: str, expected: str) -> None:
    """Ranges, suffixes and equal versions, in lists as they are, whatever else lies in the repository."""
    assert choose((*NOISE, *listed), strategy=strategy, wanted=text).tags == tuple(expected.split())


@pytest.mark.parametrize(
    ("listed", "text", "expected"),
    [
        (("1.2", "1.1.0"), "^1.0.0", "1.2"),
        (("1.2", "1.2.0", "v1.2.0"), "^1.0.0", "1.2.0 v1.2.0"),
        (("1.2", "v1.2"), "1.2.0", "1.2 v1.2"),
        (("2024.01.15", "2024.1.9"), "2024", "2024.01.15"),
        (("20240101", "1234567", "1b23456", "2024.1"), "*", "2024.1"),
        (PYTHON, "~3.14.0-a3", "3.14.0rc1"),
        (PYTHON, "~3.14.0-a3-slim", "3.14-rc-slim"),
        (PHP, "^8.4.0-RC1-fpm-alpine", "8.4.1-fpm-alpine"),
        (("12", "12.3.4.5"), "*", "12"),
    ],
)
def test_loose_tags_are_versions_where_they_are_asked_for(listed: Sequence[str], text: str, expected: str) -> None:
    """``1.2`` stands for 1.2.0 unless that is there itself; ``1.2.3rc1`` and leading zeros count; dates never do."""
    assert choose(listed, strategy="semver", wanted=text, loose_tags=True).tags == tuple(expected.split())


def test_a_prerelease_only_where_it_is_allowed() -> None:
    """``allow_prerelease`` is npm's flag; latest-stable never takes one."""
    assert choose(APP, strategy="semver", wanted=">=1.0.0", allow_prerelease=True).tags == ("2.0.0-rc1",)
    assert choose(APP, strategy="semver", wanted="^1-alpine", allow_prerelease=True).tags == ("1.12.0-rc.1-alpine",)
    assert choose(APP, strategy="semver", wanted="^2.0.0 || ^1.0.0", allow_prerelease=True).tags == ("1.10.3",)
    assert choose(APP, strategy="latest-stable", wanted="", allow_prerelease=True).tags == ("1.10.3",)


def test_tags_that_differ_in_build_metadata_only_are_one_version() -> None:
    """Helm writes ``_`` for ``+``: all tags of the version come out, and the caller compares their digests."""
    listed = ["1.2.3_b1", "1.2.3_b2", "1.2.2", "1.3.0-rc.1_b7"]
    assert choose(listed, strategy="semver", wanted="^1").tags == ("1.2.3_b1", "1.2.3_b2")
    assert choose(listed, strategy="semver", wanted="1.2.3+b1").tags == ("1.2.3_b1", "1.2.3_b2")
    assert choose(listed, strategy="semver", wanted="^1", allow_prerelease=True).tags == ("1.3.0-rc.1_b7",)


def test_every_other_tag_has_its_reason() -> None:
    """All tags that were not chosen are there once: versions from the newest down, then what is no version."""
    listed = [*APP, *NOISE, "1.2", "1.10"]
    choice = choose(listed, strategy="semver", wanted="^1.0.0", loose_tags=False, explain=True)
    reasons = {each.tag: each.reason for each in choice.rejected}
    assert len(choice.rejected) == len(reasons) == len(set(listed)) - 1
    assert [each.tag for each in choice.rejected][:5] == [
        "2.0.0-rc1",
        "2.0.0-rc.10",
        "2.0.0-rc.2",
        "1.12.0-rc.1-alpine",
        "1.11.0-alpine",
    ]
    assert reasons["1.0.0"] == "older than 1.10.3"
    assert reasons["2.0.0-rc1"] == "not in ^1.0.0"
    assert reasons["1.11.0-alpine"] == "has the suffix -alpine"
    assert reasons["1.2"] == reasons["stable"] == "a floating tag, not a whole version"
    assert reasons["sha256-" + "a" * 64 + ".sig"] == reasons["v9.9.9.att"] == "a signature or attestation"
    assert reasons["3f2c1ab"] == reasons["20240101"] == "a commit or date, not a version"
    assert reasons["01.2.3"] == reasons["7.0.0-rc.01"] == reasons["9007199254740992.0.0"] == "not a version"
    assert choice.why == "newest of 4 tags matching ^1.0.0"


@pytest.mark.parametrize(
    ("listed", "text", "loose", "tag", "reason"),
    [
        (["1.0.0", "1.1.0-rc.1"], "^1.0.0", False, "1.1.0-rc.1", "a prerelease"),
        (["1.0.0-alpine", "1.1.0"], "^1-alpine", False, "1.1.0", "has no suffix -alpine"),
        (["1.0.0-alpine", "1.1.0-slim"], "^1-alpine", False, "1.1.0-slim", "has the suffix -slim"),
        (["1.2.0", "1.2"], "^1", True, "1.2", "says less than 1.2.0"),
    ],
)
def test_a_reason_says_what_keeps_a_tag_out(listed: list[str], text: str, loose: bool, tag: str, reason: str) -> None:
    """A prerelease, another suffix, none at all, or a tag that says less of the same version."""
    choice = choose(listed, strategy="semver", wanted=text, loose_tags=loose, explain=True)
    assert {each.tag: each.reason for each in choice.rejected} == {tag: reason}


@pytest.mark.parametrize(
    ("strategy", "text", "why"),
    [
        ("semver", "^1.0.0", "newest of 4 tags matching ^1.0.0"),
        ("semver", "1.0.0", "the only tag matching 1.0.0"),
        ("latest-stable", "", "newest of 4 tags released"),
        ("latest-stable", "-alpine", "newest of 2 tags released with the suffix -alpine"),
        ("pin-to-cli", "1.0.0", "the version of this program, 1.0.0"),
    ],
)
def test_the_choice_says_why(strategy: str, text: str, why: str) -> None:
    """In a few words, as the plan prints them; the others are listed only where they are asked for."""
    choice = choose(APP, strategy=strategy, wanted=text)
    assert choice.why == why
    assert choice.rejected == ()


@pytest.mark.parametrize(
    ("listed", "strategy", "text", "hint"),
    [
        (APP, "semver", "^9", "version: ^2.0.0-rc1   takes 2.0.0-rc1"),
        (APP[:4], "semver", "^9", "version: ^1.10.3   takes 1.10.3"),
        (APP, "semver", ">1.11", "allow_prerelease: true   takes 2.0.0-rc1"),
        (APP, "semver", "~1.11", "version: ~1.11-alpine   takes 1.11.0-alpine"),
        (APP, "semver", "~1.0.0-fedora", "version: ~1.0.0   takes 1.0.0"),
        (["1.0.0-slim"], "semver", "*", "version: -slim   takes 1.0.0-slim"),
        (["1.0.0-slim"], "latest-stable", "", "version: -slim   takes 1.0.0-slim"),
        (["1.0.0-rc.1"], "latest-stable", "", "resolution_strategy: semver   and deployment.image_config.allow_pre"),
        (APP, "pin-to-cli", "7.7.7", "resolution_strategy: semver"),
        (APP, "pin-to-cli", "1.0.0.dev3", "resolution_strategy: semver"),
        (NOISE, "latest-stable", "", "tag_override: TAG"),
        ([], "semver", "^1", "registry names the repository"),
    ],
)
def test_nothing_that_satisfies_names_the_field(listed: Sequence[str], strategy: str, text: str, hint: str) -> None:
    """The error says how many tags there are, shows the newest with their reasons, and names the field to change."""
    with pytest.raises(ImageNotFound) as caught:
        choose(listed, strategy=strategy, wanted=text)
    assert caught.value.code == "SND-IMG-002"
    assert f"none of the {len(listed)} tags " in caught.value.message
    assert hint in caught.value.hint
    assert "deployment.image_config." in caught.value.hint
    assert len(caught.value.details) == min(5, len(listed))


def test_the_hint_leads_to_a_tag() -> None:
    """What the hint says to write chooses the tag that it names."""
    for text in ("^9", "~1.11", "^1.0.0-fedora", "<1.0.0", "5 - 6-slim-bookworm"):
        with pytest.raises(ImageNotFound) as caught:
            choose(APP, strategy="semver", wanted=text)
        written, _, tag = caught.value.hint.removeprefix("deployment.image_config.version: ").partition("   takes ")
        assert tag in choose(APP, strategy="semver", wanted=written).tags


@pytest.mark.parametrize(
    ("strategy", "text", "said"),
    [
        ("semver", "latest", "tag_override takes a tag as it is"),
        ("semver", "^1.0.0-alpine || ^2.0.0-fedora", "more than one suffix: alpine, fedora"),
        ("semver", "^", "no range of versions"),
        ("semver", ">=1 <2 !", "no range of versions"),
        ("semver", "^1.2-rc.1", "no range of versions"),
        ("semver", "^1.0 -alpine", "no range of versions"),
        ("semver", "-rc.1", "marks prereleases"),
        ("latest-stable", "^1", "latest-stable takes nothing else"),
        ("latest-stable", "-beta", "marks prereleases"),
    ],
)
def test_a_version_that_cannot_be_read_is_said(strategy: str, text: str, said: str) -> None:
    """With what is wrong and what one looks like; it is the configuration that is at fault."""
    message = check_range(text, strategy)
    assert said in message
    assert "alpine" in message
    with pytest.raises(ConfigError) as caught:
        choose(APP, strategy=strategy, wanted=text)
    assert said in caught.value.message
    assert "deployment.image_config.version" in caught.value.hint


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        *(("semver", text) for text in ("^1.0.0", "", "*", "x", "v1.2.3", "1.2 - 2", "^1.0.0-rc1", "~1.2-alpine")),
        *(("semver", text) for text in ("-slim-bookworm", "1.x-fedora41", "^1.2-linux_amd64", "1.x || 3.x-alpine")),
        *(("latest-stable", text) for text in ("", "-alpine", "-slim-bookworm")),
        *(("explicit", text) for text in ("latest", "anything")),
    ],
)
def test_a_version_that_can_be_read(strategy: str, text: str) -> None:
    """Ranges, prereleases and suffixes; a strategy that takes no range does not mind."""
    assert check_range(text, strategy) == ""


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("rc1", ("rc1", "")),
        ("rc.1", ("rc.1", "")),
        ("RC1", ("RC1", "")),
        ("dev.4f2a", ("dev.4f2a", "")),
        ("alpine", ("", "alpine")),
        ("alpine3.20", ("", "alpine3.20")),
        ("rc1-alpine", ("rc1", "alpine")),
        ("rc-1-alpine", ("rc-1", "alpine")),
        ("slim-bookworm", ("", "slim-bookworm")),
        ("alpine-rc1", ("", "alpine-rc1")),
        ("1", ("1", "")),
        ("20240101.2", ("20240101.2", "")),
        ("beta2-1-slim", ("beta2-1", "slim")),
        ("fedora41", ("", "fedora41")),
        ("preact", ("", "preact")),
        ("nextjs", ("", "nextjs")),
        ("debian-12-r5", ("", "debian-12-r5")),
        ("linux_amd64", ("", "linux_amd64")),
        ("rc.1_b5", ("rc.1", "")),
    ],
)
def test_prerelease_and_suffix_are_told_apart(rest: str, expected: tuple[str, str]) -> None:
    """Words that people mark prereleases with and numbers, and from the first other word on the suffix."""
    assert tags.divided(rest) == expected
    found = tags.read(f"1.2.3-{rest}")
    assert isinstance(found, TaggedVersion)
    assert found.suffix == expected[1]
    assert found.precedence[3] == (not expected[0])


@pytest.mark.parametrize(
    "tag",
    [
        *NOISE,
        *(
            "",
            "v",
            "1.2.3-",
            "1.2.3+b",
            "1.2.3 ",
            "1.2.3\n",
            "V1.2.3",
            "1.2.3_",
            "-1.2.3",
            "1.2.3-é",
            "٣.2.1",
            "1.2.3-_x",
        ),
        *("1.2.3-" + "a" * 123, "lts-alpine", "3.14.0a3"),
    ],
)
def test_what_is_no_version(tag: str) -> None:
    """Everything else has a reason in words."""
    assert isinstance(tags.read(tag), str)


NUMBERS = st.integers(min_value=0, max_value=12)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda parts: ".".join(map(str, parts)))
BEHIND = st.sampled_from(["", "", "-rc1", "-alpine", "-fedora", "-rc2-alpine", "-beta.1", "_b1"])
TAGS = st.one_of(
    st.builds(lambda v, release, rest: v + release + rest, st.sampled_from(["", "v"]), RELEASES, BEHIND),
    st.sampled_from(["latest", "1", "1.2", "v3.4-alpine", "1234567", "1.2.3.4"]),
)
WANTED = st.builds(
    lambda sign, release, suffix: sign + release + suffix,
    st.sampled_from(["^", "~", ">=", "<", ""]),
    RELEASES,
    st.sampled_from(["", "-alpine", "-rc1", "-beta-fedora"]),
)


@given(st.lists(TAGS, min_size=1, max_size=30), WANTED, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_what_is_chosen_satisfies_and_nothing_newer_does(
    listed: list[str], text: str, allow: bool, loose: bool, dice: random.Random
) -> None:
    """For any tags in any order: the choice satisfies, suffixes are never mixed, no newer tag would have done."""
    asked = demand(text, allow_prerelease=allow)
    read = [found for tag in listed if isinstance(found := tags.read(tag, loose=loose), TaggedVersion)]
    fitting = [found for found in read if found.suffix == asked.suffix and asked.range.takes(found.precedence)]
    options = {"allow_prerelease": allow, "loose_tags": loose, "explain": True}
    try:
        choice = choose(listed, strategy="semver", wanted=text, **options)
    except ImageNotFound:
        assert fitting == []
        return
    assert {found.rank for found in fitting if found.tag in choice.tags} == {max(found.rank for found in fitting)}
    assert {tag for tag in listed if tag not in choice.tags} == {each.tag for each in choice.rejected}
    assert {found.suffix for found in read if found.tag in choice.tags} == {asked.suffix}
    dice.shuffle(listed)
    assert choose(listed, strategy="semver", wanted=text, **options) == choice


@given(st.text(max_size=40), st.sampled_from(["semver", "latest-stable"]))
def test_any_version_is_read_or_refused(text: str, strategy: str) -> None:
    """What check_range refuses, and only that, is a ConfigError when it is used."""
    try:
        choose(["1.2.3", "1.2.3-alpine"], strategy=strategy, wanted=text)
        readable = True
    except ImageNotFound:
        readable = True
    except ConfigError:
        readable = False
    assert readable == (check_range(text, strategy) == "")


@given(st.text(max_size=130), st.booleans())
def test_any_tag_is_a_version_or_has_a_reason(tag: str, loose: bool) -> None:
    """Nothing that a registry lists breaks the reading; what is strictly a version is one loosely, too."""
    found = tags.read(tag, loose=loose)
    assert isinstance(found, TaggedVersion) or found
    if isinstance(found, TaggedVersion) and not loose:
        assert tags.read(tag, loose=True) == found
