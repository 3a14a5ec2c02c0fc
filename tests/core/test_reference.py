"""Image references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ImageError
from sindri_core.oci.reference import Reference, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sindri:latest", Reference(path="sindri", tag="latest")),
        ("library/sindri", Reference(path="library/sindri")),
        ("ghcr.io/my-org/app:v1.0.0", Reference(host="ghcr.io", path="my-org/app", tag="v1.0.0")),
        (f"localhost:5001/app@{DIGEST}", Reference(host="localhost:5001", path="app", digest=DIGEST)),
        (f"[::1]:5000/a/b:t@{DIGEST}", Reference(host="[::1]:5000", path="a/b", tag="t", digest=DIGEST)),
        ("localhost/app", Reference(host="localhost", path="app")),
    ],
)
def test_a_reference_is_taken_apart_and_written_again(text: str, expected: Reference) -> None:
    """Every part goes where the grammar says, and writing gives the same text."""
    assert parse(text) == expected
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-x",
            "--help",
            "UPPER",
            "a//b",
            "a:",
            "a@",
            "a@sha256:abc",
            "a b",
            "a:b:c",
            "a\n",
            "../a",
            "a/../b",
        ),
        *("http://ghcr.io/a", "ghcr.io/", "a@sha512:" + "a" * 128, "a:" + "t" * 129, "x/" * 150 + "x", "é", "a\u0000"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """Options, URLs, traversal, control characters and wrong digests never become part of a manifest."""
    with pytest.raises(ImageError) as caught:
        parse(text)
    assert caught.value.code == "SND-IMG-001"
    assert caught.value.hint


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    """Nothing but ImageError leaves the parser, and what it accepts it writes back unchanged."""
    try:
        reference = parse(text)
    except ImageError:
        return
    assert str(reference) == text
