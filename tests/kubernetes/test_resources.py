"""Paths and bodies: names cannot leave their place, and what is written is read back the same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sindri_kubernetes import resources

BODIES: st.SearchStrategy[Any] = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(BODIES)
def test_a_body_is_read_back_as_json(body: dict[str, Any]) -> None:
    """Nothing is lost and nothing is changed."""
    assert json.loads(resources.serialise(body)) == body


@given(st.text(st.characters(codec="utf-8"), max_size=8))
def test_a_body_is_read_back_as_yaml(text: str) -> None:
    """An apply is parsed as YAML on the other side: the text survives that too."""
    assert yaml.safe_load(resources.serialise({"a": f"x {text} y"})) == {"a": f"x {text} y"}


def test_what_is_no_json_is_refused() -> None:
    """Infinity and NaN are no JSON: better here than at the server."""
    with pytest.raises(ValueError, match="JSON"):
        resources.serialise({"a": float("nan")})


@given(st.sampled_from(sorted(resources.KINDS)), st.text(min_size=1), st.text(min_size=1))
def test_a_name_stays_one_part_of_the_path(kind: str, name: str, namespace: str) -> None:
    """No name makes a path of its own, a query or a fragment."""
    path = resources.path(kind, name, namespace)
    parts = path.split("/")
    namespaced = resources.KINDS[kind].namespaced
    group = 4 if path.startswith("/apis/") else 3
    assert len(parts) == group + (2 if namespaced else 0) + 2
    assert unquote(parts[-1]) == name
    assert not set(path) & set("?#% ") - {"%"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("Deployment", "a", "n"), "/apis/apps/v1/namespaces/n/deployments/a"),
        (("Pod", "", "n"), "/api/v1/namespaces/n/pods"),
        (("Pod",), "/api/v1/pods"),
        (("Namespace", "n", "ignored"), "/api/v1/namespaces/n"),
    ],
)
def test_paths_are_the_apis(arguments: tuple[str, ...], expected: str) -> None:
    """Core group and named groups, with and without a namespace and a name."""
    assert resources.path(*arguments) == expected
    assert resources.group(arguments[0]) == ("apps" if arguments[0] == "Deployment" else "")
