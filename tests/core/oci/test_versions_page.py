"""The table of docs/versions.md, row by row, against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sindri_core.oci import tags
from sindri_core.oci.choosing import demand
from sindri_core.oci.tags import TaggedVersion

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "versions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| (`.*?`) \| (`.*?`) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("text", "takes", "leaves"), ROWS)
def test_a_row_of_the_page_is_true(text: str, takes: str, leaves: str) -> None:
    """Each range takes the tags of its second column, and none of the third."""
    asked = demand(text.replace("\\|", "|"))

    def fits(tag: str) -> bool:
        read = tags.read(tag)
        return isinstance(read, TaggedVersion) and not asked.lacks(read)

    assert [tag for tag in re.findall(r"`([^`]+)`", takes) if not fits(tag)] == []
    assert [tag for tag in re.findall(r"`([^`]+)`", leaves) if fits(tag)] == []


def test_the_page_has_its_table() -> None:
    """The rows are found, so that the test above tests something."""
    assert len(ROWS) == 9
