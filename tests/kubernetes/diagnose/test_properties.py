"""What holds for every object that an API server can give, however odd."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from recording import cases, recorded

from sindri_core.types import Destination
from sindri_kubernetes import observe
from sindri_kubernetes.diagnose import RULES, diagnose

CANARY = "canary-3b1f-do-not-tell"
HERE = Destination(provider="kubernetes", context="c", namespace="n")
IDENTITY = {"kind", "apiVersion", "metadata", "name", "namespace", "uid", "involvedObject"}
"""What the API always gives, and what the recording is found by."""
ODD: dict[type, st.SearchStrategy[Any]] = {
    str: st.sampled_from(["", "x", "1e999", "-1", "2026-13-99T00:00:00Z", "9999-12-31T23:59:59Z", "ü\x1b[31m", "{}"]),
    int: st.sampled_from([0, -1, 1, 127, 2**31, 2**63]),
    bool: st.booleans(),
}
Place = tuple[Any, Any]


def places(value: Any, kept: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Give every (container, key) below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if key not in kept:
            yield value, key
        yield from places(value[key], kept)


def spoil(data: st.DataObject, things: list[Any], kept: frozenset[str] = frozenset()) -> None:
    """Take fields away, make them null, or give leaves another value of their type."""
    for _ in range(data.draw(st.integers(1, 6))):
        found = [place for thing in things for place in places(thing, kept)]
        if not found:
            return
        holder, key = found[data.draw(st.integers(0, len(found) - 1))]
        how = data.draw(st.sampled_from(["null", "odd", "absent"]))
        if how == "absent":
            del holder[key]
        elif how == "odd" and type(holder[key]) in ODD:
            holder[key] = data.draw(ODD[type(holder[key])])
        elif isinstance(holder, dict):
            holder[key] = None


@settings(max_examples=100, deadline=None)
@given(data=st.data(), case=st.sampled_from(cases()))
def test_looking_never_fails_on_odd_objects(data: st.DataObject, case: str) -> None:
    """Fields may be missing, null or strange: a status comes of it, never an exception."""
    recording = recorded(case).later(data.draw(st.sampled_from([0, 30, 3600, -3600])))
    spoil(data, recording.objects, frozenset(IDENTITY))
    taken = recording.snapshot()
    observe.status(taken, HERE, cluster="kind")


@settings(max_examples=100, deadline=None)
@given(data=st.data(), case=st.sampled_from(cases()))
def test_diagnosing_never_fails_on_odd_objects(data: st.DataObject, case: str) -> None:
    """The same for the rules alone, where also names and owners may be missing."""
    taken = recorded(case).snapshot()
    parts = {field.name: copy.deepcopy(getattr(taken, field.name)) for field in dataclasses.fields(taken)}
    listed = [*parts.values(), *parts["events"].values()]
    things = [value for key, value in parts.items() if isinstance(value, dict) and key != "events"]
    things += [thing for value in listed if isinstance(value, tuple) for thing in value if isinstance(thing, dict)]
    spoil(data, things)
    observe.status(dataclasses.replace(taken, **parts), HERE, cluster="kind")


@given(case=st.sampled_from(cases()), name=st.sampled_from(["API_TOKEN", "HOME", "db_password", "X"]))
def test_no_value_of_the_environment_is_told(case: str, name: str) -> None:
    """No variable's value, and nothing that is in a Secret, gets into a finding or a status."""
    recording = recorded(case).later(120)
    for body in recording.objects:
        spec = body.get("spec") or {}
        for container in ((spec.get("template") or {}).get("spec") or spec).get("containers") or ():
            container.setdefault("env", []).append({"name": name, "value": CANARY})
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"k": CANARY}}
    recording.objects.append({**secret, "metadata": {"name": "s", "namespace": recording.namespace}})
    assert CANARY not in repr(observe.status(recording.snapshot(), HERE, cluster="kind"))


def test_a_program_that_prints_its_token_is_veiled() -> None:
    """What a program says at its end is quoted without the values of secret variables."""
    recording = recorded("crash-loop")
    pod = recording.snapshot().pod or {}
    live = recording.of("Pod", pod["metadata"]["name"])
    live["spec"]["containers"][0]["env"] = [{"name": "API_TOKEN", "value": CANARY}, {"name": "HOME", "value": "/home"}]
    ended = live["status"]["containerStatuses"][0]["lastState"]["terminated"]
    ended["message"] = f"/home: login with {CANARY} failed"
    seen = diagnose(recording.snapshot())[0].seen
    assert "/home: login with *** failed" in seen


def test_every_rule_has_a_code_of_its_own_and_a_place() -> None:
    """Codes are not shared, and the rules stand in the order of causality."""
    numbers = [rule.code for rule in RULES]
    assert len(set(numbers)) == len(numbers)
    assert [rule.rank for rule in RULES] == sorted(rule.rank for rule in RULES)
