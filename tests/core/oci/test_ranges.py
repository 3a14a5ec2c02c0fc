"""Version ranges: what they mean, and that npm says the same."""

from __future__ import annotations

import os

import npm_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.oci.ranges import HINT, LONGEST_RANGE, Range, check, parse_range
from sindri_core.oci.versions import Version, parse_version

VERSIONS_JUDGED = oracle.versions(120, seed=4)
RANGES_JUDGED = oracle.ranges(5000, seed=4)


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> oracle.Verdicts:
    """What npm's ``semver`` says; without Node the test is skipped, or fails where it is required."""
    try:
        return oracle.judge(tmp_path_factory.mktemp("npm"), RANGES_JUDGED, VERSIONS_JUDGED)
    except oracle.Unavailable as error:
        if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def ours(text: str, versions: list[Version | None], *, include: bool) -> str | None:
    """Our answer in the form of npm's; None for what is no range."""
    try:
        wanted = parse_range(text, include_prerelease=include)
    except ValueError:
        return None
    return "".join("1" if version and wanted.matches(version) else "0" for version in versions)


@pytest.mark.parametrize("include", [False, True])
def test_npm_says_the_same_of_every_range_and_version(npm: oracle.Verdicts, include: bool) -> None:
    """Five thousand texts: the same are ranges, and each takes the same of more than a hundred versions."""
    versions = [parse_version(text) for text in VERSIONS_JUDGED]
    said = [verdict[include] for verdict in npm.ranges]
    differing = [
        (text, theirs)
        for text, theirs in zip(RANGES_JUDGED, said, strict=True)
        if ours(text, versions, include=include) != theirs
    ]
    assert differing == []
    assert said.count(None) > 1000
    assert len([verdict for verdict in said if verdict and "0" in verdict and "1" in verdict]) > 1000


@pytest.mark.parametrize("loose", [False, True])
def test_npm_reads_the_same_versions(npm: oracle.Verdicts, loose: bool) -> None:
    """What is a version here is one for npm, strictly and loosely, and is written the same."""
    said = npm.loose if loose else npm.strict
    read = [parse_version(text, loose=loose) for text in VERSIONS_JUDGED]
    assert [version and str(version) for version in read] == said
    assert None in said


def test_npm_orders_versions_the_same(npm: oracle.Verdicts) -> None:
    """Each version compares with each as npm compares them."""
    versions = [version for version in map(parse_version, VERSIONS_JUDGED) if version]
    assert [[(a > b) - (a < b) for b in versions] for a in versions] == npm.order


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc1 1.3.0-rc1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.3.0-0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.0.1 0.9.0", "1.0.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~> 1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~1", "1.0.0 1.9.9", "2.0.0"),
        ("1.2 - 2", "1.2.0 2.9.9", "3.0.0"),
        ("1.2.3 - 2.3.4", "1.2.3 2.3.4", "2.3.5 1.2.2"),
        (">=1.2 <2 || 3.x", "1.2.0 3.1.4", "2.0.0 4.0.0"),
        (">1.2", "1.3.0", "1.2.0 1.2.9"),
        ("<= 1.2", "1.2.9 0.1.0", "1.3.0"),
        ("=1.2", "1.2.0 1.2.9", "1.3.0"),
        ("v1.2.3", "1.2.3", "1.2.4"),
        ("1.2.3+build", "1.2.3 1.2.3+other", "1.2.4"),
        ("", "0.0.1 9.9.9", "1.0.0-rc1"),
        ("*", "0.0.1", "1.0.0-rc1"),
        ("^1.0.0-rc1", "1.0.0-rc1 1.0.0-rc2 1.0.0 1.4.0", "1.1.0-rc1 1.0.0-beta"),
        ("* || 1.0.0-rc1", "1.0.0", "1.0.0-rc1"),
        ("<0.0.0", "", "0.0.0"),
        ("<*", "", "0.0.0 1.0.0"),
    ],
)
def test_a_range_means(text: str, inside: str, outside: str) -> None:
    """The forms of the reference, each with what it takes and what it leaves."""
    assert taken(parse_range(text), f"{inside} {outside}") == inside.split()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^1.0.0", "1.3.0-rc1 1.0.0", "2.0.0-rc1 1.0.0-rc1"),
        ("<2.0.0", "2.0.0-rc1 1.0.0-0", "2.0.0"),
        ("1.x", "1.0.0-0 1.9.0-rc1", "2.0.0-0"),
        ("1.0.0 - 1.2.3", "1.0.0-rc1 1.2.3", "1.2.4-0 1.3.0"),
        ("*", "1.0.0-0 0.0.0-0", ""),
    ],
)
def test_prereleases_can_be_included(text: str, inside: str, outside: str) -> None:
    """With the flag a prerelease counts by its precedence alone, and what is left open begins with prereleases."""
    assert taken(parse_range(text, include_prerelease=True), f"{inside} {outside}") == inside.split()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("latest", ""),
        ("^", "a sign stands before a version"),
        ("1.2.3.4", "three numbers"),
        (">>1", ""),
        ("1.2.3 -", ""),
        ("^1.0.0 && 2", ""),
        (">=1.0, <2", "a space, not by a comma"),
        ("=>1", "the signs are >= and <="),
        ("!=1.2.3", "no sign for what is left out"),
        ("01.2.3", "does not begin with 0"),
        ("1.2.3-01", "does not begin with 0"),
        ("^9007199254740991", "no number is larger than 9007199254740991"),
        ("1.x.3", "nothing can follow a part that is left open"),
        ("1.0.0-" + "a" * 251, "at most 256 characters"),
    ],
)
def test_what_is_no_range_is_said_with_an_example(text: str, fault: str) -> None:
    """The message names the range, what is wrong with it where that is known, and how one is written."""
    assert fault in check(text)
    assert HINT in check(text)
    with pytest.raises(ValueError, match="no range of versions"):
        parse_range(text)


def test_a_range_without_end_is_refused_at_once() -> None:
    """Reading takes the square of the length, so the length has a limit, and no message repeats all of it."""
    text = "v" * (LONGEST_RANGE + 1)
    assert f"at most {LONGEST_RANGE} characters" in check(text)
    assert len(check("v" * LONGEST_RANGE)) < 400


def test_numbers_that_npm_cannot_count_to_keep_one_order() -> None:
    """In a prerelease npm compares them as floating-point numbers; what follows them still counts here."""
    a, b, c = (Version(1, 0, 0, prerelease) for prerelease in (("9007199254740992", 1), ("9007199254740993", 2), (2,)))
    assert c < a < b
    assert Version(1, 0, 0, a.prerelease[:1]) == Version(1, 0, 0, b.prerelease[:1])


NUMBERS = st.integers(min_value=0, max_value=30)
VERSIONS = st.builds(
    Version,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.lists(st.one_of(NUMBERS, st.sampled_from(["a", "rc"])), max_size=2).map(tuple),
    st.lists(st.sampled_from(["b", "01"]), max_size=1).map(tuple),
)


@given(VERSIONS)
def test_a_version_is_written_as_it_is_read(version: Version) -> None:
    """Reading what was written gives all of it again, and a range of just it accepts it."""
    again = parse_version(str(version))
    assert again == version
    assert str(again) == str(version)
    assert parse_range(str(version)).matches(version)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_of_versions_is_one(a: Version, b: Version, c: Version) -> None:
    """Exactly one of less, equal and greater, and it carries over; equal ones have one hash."""
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a < b < c) or a < c
    assert a != b or hash(a) == hash(b)


@given(VERSIONS, VERSIONS)
def test_a_caret_never_crosses_the_first_part_that_counts(low: Version, version: Version) -> None:
    """``^`` takes only versions from the given one on that have the same first part other than zero."""
    if parse_range(f"^{low}").matches(version):
        assert version >= low
        leading = next((index for index, part in enumerate(low.release) if part), 2)
        assert version.release[: leading + 1] == low.release[: leading + 1]


@given(VERSIONS, VERSIONS, VERSIONS)
def test_a_union_takes_what_either_takes(low: Version, high: Version, version: Version) -> None:
    """``||`` is a union, and two comparators are taken together."""
    either = parse_range(f"<{low} || >={high}").matches(version)
    assert either == (parse_range(f"<{low}").matches(version) or parse_range(f">={high}").matches(version))
    if not version.prerelease:
        both = parse_range(f">={low} <{high}").matches(version)
        assert both == (low <= version < high)


@given(st.text(max_size=60))
def test_any_text_is_a_range_or_is_said_to_be_none(text: str) -> None:
    """Nothing but ``ValueError`` comes out of reading, and never without its reason."""
    try:
        parse_range(text)
        said = ""
    except ValueError as error:
        said = f"{error}; {HINT}"
    assert check(text) == said


def taken(wanted: Range, versions: str) -> list[str]:
    """Those of the versions that the range takes."""
    read = {text: parse_version(text) for text in versions.split()}
    return [text for text, version in read.items() if version and wanted.matches(version)]
