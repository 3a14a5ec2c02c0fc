"""Owned fields: from the server's notation to paths, values and words."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sindri_kubernetes import diff, fields
from sindri_kubernetes.fields import Key

NAMES = st.text("abcdefghij.-/", min_size=1, max_size=8).filter(lambda text: text != ".")
VALUES = st.one_of(st.integers(), st.text(max_size=5), st.booleans())
BODIES = st.recursive(VALUES, lambda child: st.dictionaries(NAMES, child, min_size=1, max_size=4), max_leaves=12)
OBJECTS = st.dictionaries(NAMES, BODIES, min_size=1, max_size=4)


def recorded(value: Any) -> dict[str, Any]:
    """Write the fields of a value as the server records them."""
    if not isinstance(value, dict):
        return {}
    return {".": {}, **{f"f:{name}": recorded(child) for name, child in value.items()}}


def applied(body: dict[str, Any], manager: str = "sindri") -> dict[str, Any]:
    """Return an object as it is after this manager applied the body."""
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": recorded(body)}
    return {**body, "metadata": {"managedFields": [entry]}}


@given(OBJECTS.filter(lambda body: "metadata" not in body))
def test_applying_twice_changes_nothing(body: dict[str, Any]) -> None:
    """An object beside itself has no difference, and every owned leaf has a value."""
    live = applied(body)
    assert diff.changed(live, live) == ()
    assert all(fields.value_at(live, path) is not fields.MISSING for path in fields.owned(live))


@given(OBJECTS.filter(lambda body: "metadata" not in body), VALUES)
def test_a_changed_value_is_found_exactly(body: dict[str, Any], value: object) -> None:
    """Another value at one place is one change at that place; a field of somebody else is none."""
    live = applied({**body, "here": "old"})
    dry = applied({**body, "here": {"new": value}} if value == "old" else {**body, "here": value})
    assert {path[0] for path in diff.changed(live, dry)} == {"here"}
    other = {**live, "theirs": value}
    assert diff.changed(live, other) == ()


def test_a_field_taken_out_of_the_intent_is_a_removal() -> None:
    """What was ours and is not wanted shows with its old value and none after."""
    (change,) = diff.describe(applied({"a": 1, "b": 2}), applied({"a": 1}), [("b",)])
    assert (change.path, change.before, change.after) == ("b", 2, None)


def test_paths_are_written_for_people_and_as_the_server_writes_them() -> None:
    """The pod's spec is left out for people; keyed elements keep their names."""
    container = Key((("name", "sindri"),))
    path = ("spec", "template", "spec", "containers", container, "resources", "limits", "cpu")
    assert fields.readable(path) == "containers[sindri].resources.limits.cpu"
    assert fields.as_server_writes(path) == '.spec.template.spec.containers[name="sindri"].resources.limits.cpu'
    label = ("metadata", "labels", "app.kubernetes.io/name")
    assert fields.readable(label) == "metadata.labels[app.kubernetes.io/name]"
    port = ("spec", "ports", Key((("port", 22), ("protocol", "TCP"))))
    assert fields.readable(port) == "spec.ports[22/TCP]"
    assert fields.as_server_writes(port) == '.spec.ports[port=22,protocol="TCP"]'


def test_the_notation_of_lists_and_sets_is_read() -> None:
    """Keyed elements, members of sets and positions lead to their values."""
    notation = {"f:ports": {'k:{"port":22}': {".": {}, "f:name": {}}}, "f:tags": {'v:"x"': {}}, "f:all": {"i:1": {}}}
    body = {"ports": [{"port": 21}, {"port": 22, "name": "ssh"}], "tags": ["y", "x"], "all": [1, 2]}
    values = [fields.value_at(body, path) for path in fields.leaves(notation)]
    assert values == ["ssh", "x", 2]


def test_only_our_own_applied_fields_count() -> None:
    """Neither the scale subresource, nor updates, nor other managers make a field ours."""
    entries = [
        {"manager": "sindri", "operation": "Apply", "subresource": "scale", "fieldsV1": {"f:a": {}}},
        {"manager": "sindri", "operation": "Update", "fieldsV1": {"f:b": {}}},
        {"manager": "other", "operation": "Apply", "fieldsV1": {"f:c": {}}},
        {"manager": "sindri", "operation": "Apply", "fieldsV1": {"f:d": {}}},
    ]
    assert fields.owned({"metadata": {"managedFields": entries}}) == {("d",)}


def test_values_of_secrets_are_masked() -> None:
    """A change of a Secret says which key, never what."""
    live, dry = ({**applied({"data": {"key": value}}), "kind": "Secret"} for value in ("b2xk", "bmV3"))
    text = json.dumps([(c.before, c.after) for c in diff.describe(live, dry, diff.changed(live, dry))])
    assert text == '[["***", "***"]]'
