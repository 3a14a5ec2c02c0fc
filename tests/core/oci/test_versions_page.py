"""The tables of docs/versions.md, row by row, against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sindri_core.oci import tags
from sindri_core.oci.choosing import choose, demand
from sindri_core.oci.tags import TaggedVersion
from sindri_core.oci.versions import parse_version

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "versions.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of all rows of a section's table, without its heading."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def quoted(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return [text.replace("\\|", "|") for text in re.findall(r"`([^`]+)`", cell)]


def first(cell: str) -> str:
    """What stands in a cell as code, or nothing."""
    return next(iter(quoted(cell)), "")


@pytest.mark.parametrize(
    ("row", "allow"),
    [*((row, False) for row in rows("Ranges")), *((row, True) for row in rows("Prereleases"))],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
def test_a_range_of_the_page_takes_what_it_says(row: list[str], allow: bool) -> None:
    """Each range takes the tags of its second column, and none of the third."""
    written, takes, leaves = map(quoted, row)
    asked = demand(written[0], allow_prerelease=allow)

    def taken(tag: str) -> bool:
        found = tags.read(tag)
        return isinstance(found, TaggedVersion) and asked.takes(found)

    assert [tag for tag in takes + leaves if taken(tag)] == takes


@pytest.mark.parametrize("row", rows("Suffixes"), ids=lambda row: row[0])
def test_the_page_divides_as_the_code_does(row: list[str]) -> None:
    """What stands behind the numbers is prerelease and suffix as the table says."""
    behind, prerelease, suffix = map(first, row)
    assert tags.divided(behind) == (prerelease, suffix)


def test_the_page_lists_the_words_that_mark_prereleases() -> None:
    """All of them, in order."""
    assert quoted(section("Suffixes").strip().split("\n\n")[1]) == list(tags.PRERELEASES)


@pytest.mark.parametrize("row", [row for row in rows("Strategies") if "explicit" not in row[0]], ids=lambda row: row[3])
def test_a_strategy_of_the_page_chooses_what_it_says(row: list[str]) -> None:
    """Each strategy chooses the tag of the last column among those of the heading."""
    heading = next(line for line in section("Strategies").splitlines() if line.startswith("|"))
    listed = quoted(heading.split("|")[3])
    assert len(listed) == 5
    strategy, version = first(row[0]), first(row[1]) or ("1.4.2" if "pin-to-cli" in row[0] else "")
    assert choose(listed, strategy=strategy, wanted=version).tags == (first(row[3]),)


def test_prereleases_are_ordered_as_the_page_says() -> None:
    """Words as text, numbers as numbers."""
    rc2, rc10, dotted2, dotted10 = map(parse_version, ("1.0.0-rc2", "1.0.0-rc10", "1.0.0-rc.2", "1.0.0-rc.10"))
    assert rc2
    assert rc10
    assert dotted2
    assert dotted10
    assert rc10 < rc2
    assert dotted2 < dotted10
    assert "`1.0.0-rc10` is older than `1.0.0-rc2`" in PAGE


def test_the_page_has_its_tables() -> None:
    """The rows are found, so that the tests above test something."""
    assert [len(rows(title)) for title in ("Ranges", "Prereleases", "Suffixes", "Strategies")] == [14, 3, 5, 5]
