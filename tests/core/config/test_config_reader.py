"""YAML into plain data: what the values are, where they stand, and what is refused before anything is built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.config import reader
from sindri_core.config.document import read_document
from sindri_core.config.plain import DEEPEST, MOST_VALUES
from sindri_core.errors import ConfigError

FILE = Path("sindri.yaml")


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test with libyaml and with the parser in Python, which stands in where there is no libyaml."""
    monkeypatch.setattr(reader, "_LOADER", getattr(yaml, request.param))


def read(text: str) -> dict[str, Any]:
    """Return the data only."""
    return reader.parse(text.encode(), FILE)[0]


def refused(text: str) -> str:
    """Return what is said about a text that cannot be read; it always has a place."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.code == "SND-CFG-003"
    assert re.match(r"sindri\.yaml:[1-9][0-9]*:[1-9][0-9]* \S", caught.value.message)
    return caught.value.message


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
        ("!!str true", "true"),
        ("08", "08"),
        ("1e3", "1e3"),
        ("0o7", "0o7"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        ("-7", -7),
        ("0.5", 0.5),
        ("9" * 400, "9" * 400),
        ("9" * 400 + ".0", "9" * 400 + ".0"),
        ("~", None),
        ("", None),
        ('""', ""),
        ('"a\\tb\\nc"', "a\tb\nc"),
        ("|\n  a\n  b", "a\nb"),
    ],
)
def test_scalars_are_what_people_mean(written: str, value: object) -> None:
    """No Norway problem, no octal, no sexagesimal, no dates, no infinity: only plain numbers, true, false and null."""
    found = read(f"a: {written}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_value_knows_its_place() -> None:
    """Positions count from 1 and are those of the key, or of the item in a list."""
    _, positions = reader.parse(b"a: 1\nb:\n  c: [x, {d: y}]\n", FILE)
    assert positions["a",] == (1, 1)
    assert positions["b", "c"] == (3, 3)
    assert positions["b", "c", 1] == (3, 10)
    assert positions["b", "c", 1, "d"] == (3, 11)


def test_a_key_twice_is_refused_with_both_lines() -> None:
    """The message stands at the second and names the first."""
    assert refused("a:\n  x: 1\n  y: 2\n  x: 3\n") == "sindri.yaml:4:3 the key 'x' stands in line 2 already"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_file_of_brackets_is_refused_and_does_not_crash(opening: str) -> None:
    """Depth is bounded before anything recurses: 50 000 levels are as harmless as 33."""
    assert re.search(r"nested deeper|a key is a word", refused(f"x:\n {opening * 50_000}"))


def test_aliases_cannot_deepen_without_bound() -> None:
    """A chain of anchors, each one level around the one before, ends at the same depth as brackets do."""
    chain = "l0: &l0 []\n" + "".join(f"l{n}: &l{n} [*l{n - 1}]\n" for n in range(1, 100))
    assert refused(chain) == f"sindri.yaml:{DEEPEST}:12 values are nested deeper than {DEEPEST} levels"


def test_aliases_cannot_multiply_without_bound() -> None:
    """Ten to the ninth values are refused while reading, at the line that asks for too many."""
    bomb = "l0: &l0 [x]\n" + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    assert f"more than {MOST_VALUES} values" in refused(bomb)


def test_an_anchor_may_be_used_again_and_redefined() -> None:
    """An alias is the value of the last anchor of that name above it."""
    assert read("a: &x 1\nb: *x\nc: &x {k: 2}\nd: *x\n") == {"a": 1, "b": 1, "c": {"k": 2}, "d": {"k": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: *nobody\n", "alias"),
        ("a: &x [*x]\n", "alias|another node"),
        ("a: !!binary aGk=\n", "tag"),
        ("a: !!int '7'\n", "tag"),
        ("a: !!set {b}\n", "tag"),
        ("a: !!omap [b: 1]\n", "tag"),
        ("a: !!python/name:os.system\n", "tag"),
        ("!!python/object/apply:os.system [ls]\n", "tag"),
        ("*x : a\n", "alias|key"),
        ("? \n: a\n", "a key is a word"),
        ("{[a]: b}\n", "a key is a word"),
        ('"a\\nb": c\n', "printable"),
        ('"\\x1b[31m": c\n', "printable"),
        ("? " + "k" * 300 + "\n: c\n", "at most 256"),
        ('a: "\\x1b[31m"\n', "control character"),
        ('a: "\\0"\n', "control character"),
        ("a: b\x07c\n", "control character"),
        ("a: b\x7fc\n", "control character"),
        ("a: b\ufffe\n", "control character"),
        ("a: b\n...\nc: d\n", "document"),
        ("--- a\n--- b\n", "mapping"),
    ],
)
def test_what_a_configuration_never_needs_is_refused(text: str, message: str) -> None:
    """Tags, aliases to nothing, keys that are no words, control characters, several documents."""
    assert re.search(message, refused(text))


def test_the_place_of_a_control_character_counts_characters() -> None:
    """Letters before it that need several bytes do not move it."""
    assert refused("a: b\nä: ö\x07\n").startswith("sindri.yaml:2:5 ")


@given(st.text(max_size=200))
def test_any_text_is_a_mapping_or_refused(text: str) -> None:
    """Whatever stands in the file, the answer is data or a ConfigError with a place."""
    try:
        content = text.encode()
        data, positions = reader.parse(content, FILE)
    except UnicodeEncodeError:
        return  # not a file
    except ConfigError as error:
        assert re.match(r"sindri\.yaml:[1-9][0-9]*:[1-9][0-9]* \S", error.message)  # noqa: PT017 - either is right
        return
    assert all((key,) in positions for key in data)


@pytest.mark.parametrize(
    "data",
    [
        {1: "a"},
        {"a\n": 1},
        {"a": {None: 1}},
        {"a": object()},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": float("nan")},
        {"a": "\x1b"},
        {"a": "\ud800"},
        {"a": [0] * (MOST_VALUES + 1)},
    ],
)
def test_a_mapping_in_memory_is_bounded_too(data: dict[Any, Any]) -> None:
    """What is handed over must be what a file could hold."""
    with pytest.raises(ConfigError) as caught:
        read_document(data)
    assert caught.value.code == "SND-CFG-003"


def test_a_mapping_that_holds_itself_is_refused() -> None:
    """It ends at the bound of the depth."""
    data: dict[str, Any] = {}
    data["a"] = data
    with pytest.raises(ConfigError, match="nested deeper"):
        read_document(data)


def test_a_mapping_in_memory_is_copied() -> None:
    """What the caller changes afterwards means nothing; tuples are lists."""
    inner: dict[str, Any] = {"active": ("a", "b")}
    document = read_document({"extensions": inner})
    inner["active"] = ()
    assert document.data == {"extensions": {"active": ["a", "b"]}}
