"""Label and field selectors, as lists and watches take them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sindri_kubernetes.testing import answers

Body = dict[str, Any]
FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
    "reason",
    "spec.nodeName",
    "status.phase",
    "type",
}
IN = re.compile(r"(?P<key>\S+) (?P<how>in|notin) \((?P<values>[^)]*)\)")


def chosen(labels: str, fields: str) -> Callable[[Body], bool]:
    """Return a test for objects that both selectors choose."""
    tests = [_label(part.strip()) for part in re.split(r",(?![^(]*\))", labels) if part.strip()]
    tests += [_field(part.strip()) for part in fields.split(",") if part.strip()]
    return lambda body: all(test(body) for test in tests)


def _labels(body: Body) -> dict[str, str]:
    return body["metadata"].get("labels") or {}


def _label(part: str) -> Callable[[Body], bool]:
    if found := IN.fullmatch(part):
        values, inside = {value.strip() for value in found["values"].split(",")}, found["how"] == "in"
        return lambda body: (_labels(body).get(found["key"]) in values) is inside
    key, operator, value = re.fullmatch(r"(!?[^=!]+)(!=|==|=)?(.*)", part).groups()  # type: ignore[union-attr]  # total
    if operator is None:
        wanted = not key.startswith("!")
        return lambda body: (key.lstrip("!") in _labels(body)) is wanted
    return lambda body: (_labels(body).get(key.strip()) == value.strip()) is (operator != "!=")


def _field(part: str) -> Callable[[Body], bool]:
    key, operator, value = (re.fullmatch(r"([^=!]+)(!=|==|=)(.*)", part) or _unknown(part)).groups()
    if key not in FIELDS:
        _unknown(key)

    def test(body: Body) -> bool:
        found: Any = body
        for step in key.split("."):
            found = (found or {}).get(step)
        return ((found or "") == value) is (operator != "!=")

    return test


def _unknown(part: str) -> re.Match[str]:
    raise answers.not_modelled(f"the field selector {part}")
