"""The algebra of field sets and the merge of server-side apply."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_kubernetes.testing import apply, managed_fields, schema
from sindri_kubernetes.testing.answers import Refused
from sindri_kubernetes.testing.managed_fields import Entry

POD = schema.of_kind("Pod")
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2"])


def containers(names: list[str], variables: dict[str, str], image: str) -> dict[str, Any]:
    """Write a pod whose containers share image and variables."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return {"spec": {"containers": [{"name": name, "image": image, "env": env} for name in names]}}


PODS = st.builds(
    containers, st.lists(NAMES, unique=True, min_size=1), st.dictionaries(NAMES, VALUES, min_size=1), VALUES
)


def writer(name: str) -> Entry:
    """A manager that applies."""
    return Entry(name, "Apply", "v1", frozenset())


def applied(live: dict[str, Any], wanted: dict[str, Any], name: str, *, force: bool = True) -> dict[str, Any]:
    """Apply a pod and keep the account."""
    result, entries = apply.server_side_apply(live, wanted, POD, writer(name), force=force)
    result["metadata"] = result.get("metadata", {}) | {"managedFields": managed_fields.write(entries)}
    return result


@given(PODS)
def test_a_written_set_is_read_back(pod: dict[str, Any]) -> None:
    """fieldsV1 loses nothing."""
    paths = managed_fields.applied(pod, POD)
    (entry,) = managed_fields.parse(managed_fields.write([Entry("m", "Apply", "v1", paths)]))
    assert entry.paths == paths


@given(PODS, PODS)
def test_the_second_apply_changes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Applying the same again gives the same object and the same account."""
    live = applied(applied({}, first, "one"), second, "one")
    assert applied(live, second, "one") == live


@given(PODS, PODS, PODS)
def test_foreign_fields_survive(mine: dict[str, Any], theirs: dict[str, Any], later: dict[str, Any]) -> None:
    """Whatever I apply later, what the other manager owns keeps its value unless I take it by force."""
    live = applied(applied({}, mine, "me"), theirs, "they")
    before = managed_fields.leaves(live["spec"], schema.fields(POD)["spec"])  # type: ignore[index]  # a structure
    owned = {path[1:] for path in managed_fields.applied(theirs, POD)}
    try:
        after = applied(live, later, "me", force=False)
    except Refused:
        return  # a conflict, and nothing was written
    now = managed_fields.leaves(after["spec"], schema.fields(POD)["spec"])  # type: ignore[index]  # a structure
    assert {path: before[path] for path in owned} == {path: now[path] for path in owned}


@given(PODS, PODS)
def test_what_i_no_longer_want_goes(first: dict[str, Any], second: dict[str, Any]) -> None:
    """As the only manager, what I apply is what there is."""
    live = applied(applied({}, first, "me"), second, "me")
    assert managed_fields.applied({"spec": live["spec"]}, POD) == managed_fields.applied(second, POD)


def test_a_conflict_names_manager_and_field() -> None:
    """The message is the real server's."""
    live = applied({}, containers(["a"], {"a": "1"}, "1"), "they")
    with pytest.raises(Refused) as raised:
        applied(live, containers(["a"], {"a": "1"}, "2"), "me", force=False)
    assert str(raised.value) == 'Apply failed with 1 conflict: conflict with "they": .spec.containers[name="a"].image'


def test_the_key_of_a_port_has_its_default() -> None:
    """A port without a protocol is keyed as TCP."""
    pod = {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 1}]}]}}
    keys = {path[4] for path in managed_fields.applied(pod, POD) if len(path) > 4}
    assert 'k:{"containerPort":1,"protocol":"TCP"}' in keys
