"""Version ranges: what they mean, and that npm says the same."""

from __future__ import annotations

import os
import random
from pathlib import Path

import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.oci.ranges import check, parse_range
from sindri_core.oci.versions import Version, parse_version


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's ``semver``; skipped, or failed where it is required, without Node."""
    try:
        return oracle.install(tmp_path_factory.mktemp("npm"))
    except oracle.Unavailable as error:
        if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def ours(text: str, version: str, *, include: bool) -> bool | None:
    """Our answer; None for what is no range."""
    try:
        wanted = parse_range(text, include_prerelease=include)
    except ValueError:
        return None
    parsed = parse_version(version)
    return parsed is not None and wanted.matches(parsed)


@pytest.mark.parametrize("seed", range(4))
def test_npm_says_the_same_of_every_pair(npm: Path, seed: int) -> None:
    """Five thousand ranges and versions for each seed: one judgement, also about what is no range."""
    pairs = list(oracle.pairs(5000, seed))
    answers = oracle.ask(npm, pairs=pairs)["pairs"]
    differing = [(*p, said) for p, said in zip(pairs, answers, strict=True) if ours(p[0], p[1], include=p[2]) != said]
    assert differing == []
    assert {True, False, None} <= set(answers)


def test_npm_orders_versions_the_same(npm: Path) -> None:
    """Two thousand pairs of versions compare as npm compares them."""
    dice = random.Random(7)  # noqa: S311 - no secret
    orders = [(oracle.version(dice), oracle.version(dice)) for _ in range(2000)]
    for (left, right), said in zip(orders, oracle.ask(npm, orders=orders)["orders"], strict=True):
        a, b = parse_version(left), parse_version(right)
        assert a is not None
        assert b is not None
        assert (a > b) - (a < b) == said, (left, right)


def test_npm_reads_the_same_versions(npm: Path) -> None:
    """What is a version here is one for npm, and the other way round."""
    dice = random.Random(11)  # noqa: S311 - no secret
    texts = [oracle._partial(dice) for _ in range(2000)] + [
        "1.2.3" + "0" * 300,
        "V1.2.3",
        " 1.2.3 ",
        "1.2.3-",
        "=1.2.3",
    ]
    said = oracle.ask(npm, versions=texts)["versions"]
    assert [t for t, s in zip(texts, said, strict=True) if (parse_version(t) is not None) != s] == []


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc1 1.3.0-rc1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.3.0-0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.9", "2.0.0"),
        ("1.2 - 2", "1.2.0 2.9.9", "3.0.0"),
        (">=1.2 <2 || 3.x", "1.2.0 3.1.4", "2.0.0 4.0.0"),
        ("", "0.0.1 9.9.9", "1.0.0-rc1"),
        ("*", "0.0.1", "1.0.0-rc1"),
        ("^1.0.0-rc1", "1.0.0-rc1 1.0.0-rc2 1.0.0 1.4.0", "1.1.0-rc1 1.0.0-beta"),
        ("<0.0.0", "", "0.0.0"),
    ],
)
def test_a_range_means(text: str, inside: str, outside: str) -> None:
    """The forms of the reference, each with what it takes and what it leaves."""
    wanted = parse_range(text)
    assert [v for v in inside.split() if not wanted.matches(_parsed(v))] == []
    assert [v for v in outside.split() if wanted.matches(_parsed(v))] == []


@pytest.mark.parametrize(("text", "version"), [("^1.0.0", "1.3.0-rc1"), ("<2.0.0", "2.0.0-rc1"), ("*", "1.0.0-0")])
def test_prereleases_can_be_included(text: str, version: str) -> None:
    """With the flag a prerelease counts by its precedence alone."""
    assert parse_range(text, include_prerelease=True).matches(_parsed(version))
    assert not parse_range(text).matches(_parsed(version))


@pytest.mark.parametrize(
    "text", ["latest", "^", "1.2.3.4", ">>1", "1.2.3 -", "^1.0.0 && 2", "01.2.3", "^9007199254740991"]
)
def test_what_is_no_range_is_said_with_an_example(text: str) -> None:
    """The message names the range and shows how one is written."""
    assert "write it as npm does" in check(text)
    with pytest.raises(ValueError, match="no range of versions"):
        parse_range(text)


NUMBERS = st.integers(min_value=0, max_value=30)
VERSIONS = st.builds(
    Version,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.lists(st.one_of(NUMBERS, st.sampled_from(["a", "rc"])), max_size=2).map(tuple),
)


@given(VERSIONS)
def test_a_version_is_written_as_it_is_read(version: Version) -> None:
    """Reading what was written gives the same version, and a range of just it accepts it."""
    assert parse_version(str(version)) == version
    assert parse_range(str(version)).matches(version)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_of_versions_is_one(a: Version, b: Version, c: Version) -> None:
    """Exactly one of less, equal and greater, and it carries over."""
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a < b < c) or a < c


@given(VERSIONS, VERSIONS)
def test_a_caret_never_crosses_the_first_part_that_counts(low: Version, version: Version) -> None:
    """``^`` takes only versions from the given one on that have the same first part other than zero."""
    if parse_range(f"^{low}").matches(version):
        assert version >= low
        leading = next((index for index, part in enumerate(low.release) if part), 2)
        assert version.release[: leading + 1] == low.release[: leading + 1]


def _parsed(text: str) -> Version:
    version = parse_version(text)
    assert version is not None
    return version
