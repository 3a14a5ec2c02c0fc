"""From the server's Status to our errors: codes, rights, conflicts, and what is kept back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ClusterError, Conflict, Forbidden, Unauthorized
from sindri_kubernetes.failures import Cause, failure


def status(reason: str, message: str, *causes: dict[str, str]) -> bytes:
    """Write a Status."""
    return json.dumps({"kind": "Status", "reason": reason, "message": message, "details": {"causes": causes}}).encode()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'x is forbidden: User "jane" cannot patch resource "deployments" in API group "apps" in the namespace "n"',
            "the user jane may not patch deployments.apps in namespace n",
        ),
        (
            'x is forbidden: User "system:node:b" cannot list resource "nodes" in API group "" at the cluster scope',
            "the user system:node:b may not list nodes in the whole cluster",
        ),
        (
            'forbidden: User "system:anonymous" cannot get path "/version"',
            "the user system:anonymous may not get /version in the whole cluster",
        ),
    ],
)
def test_a_missing_right_is_told_in_words(message: str, said: str) -> None:
    """Who may not do what where, with the server's own sentence beside it."""
    error = failure(403, status("Forbidden", message), doing="GET /x")
    assert isinstance(error, Forbidden)
    assert error.message == said
    assert ("seen", message) in error.details


def test_a_rule_of_the_cluster_is_no_missing_right() -> None:
    """A 403 of admission is repeated as it is: no Role helps."""
    error = failure(403, status("Forbidden", "exceeded quota: q"), doing="POST /x")
    assert "exceeded quota: q" in error.message


def test_a_field_conflict_names_every_manager() -> None:
    """Each field with the manager that has it, also when the manager's name holds quotes."""
    causes = [
        {"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": 'conflict with "hpa" using apps/v1'},
        {"reason": "FieldManagerConflict", "field": ".spec.x", "message": r'conflict with "a \"b\"" using apps/v1'},
    ]
    error = failure(409, status("Conflict", "2 conflicts", *causes), doing="PATCH /x")
    assert isinstance(error, Conflict)
    assert error.code == "SND-K8S-101"
    assert error.conflicts == (("hpa", ".spec.replicas"), (r"a \"b\"", ".spec.x"))


@pytest.mark.parametrize(
    ("code", "kind"), [(401, Unauthorized), (403, Forbidden), (409, Conflict), (500, ClusterError)]
)
def test_what_answers_without_a_status_is_understood_too(code: int, kind: type[ClusterError]) -> None:
    """Aggregated servers and proxies of the cluster answer in plain text at times."""
    error = failure(code, b"upstream says no", doing="GET /x")
    assert isinstance(error, kind)
    assert "upstream says no" in json.dumps(error.to_dict())


def test_long_text_is_shortened() -> None:
    """Of plain text the beginning is enough."""
    assert len(failure(500, b"x" * 100_000, doing="GET /x").message) < 400


def test_of_a_secret_field_and_reason_stay() -> None:
    """The server's sentences about a Secret may hold its value."""
    cause = {"field": "data.key", "reason": "FieldValueInvalid", "message": "s3cr3t-canary"}
    error = failure(422, status("Invalid", "s3cr3t-canary", cause), doing="PATCH /x", secret=True)
    assert "s3cr3t-canary" not in json.dumps(error.to_dict()) + error.api_message + repr(error.causes)
    assert error.causes == (Cause("data.key", "FieldValueInvalid", ""),)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "reason", "message", "details", "causes", "field"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from([301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503]), ANYTHING, st.booleans())
def test_any_answer_becomes_an_error_of_ours(code: int, body: Any, secret: bool) -> None:
    """Whatever stands where the Status should be: an error with a code, a message and something to do."""
    if isinstance(body, dict):
        body["kind"] = "Status"
    error = failure(code, json.dumps(body).encode(), doing="GET /x", secret=secret)
    assert error.code.startswith("SND-K8S-")
    assert error.message
    assert error.hint
    assert error.status == code


@given(st.integers(400, 599), st.binary(max_size=80))
def test_any_bytes_become_an_error_of_ours(code: int, content: bytes) -> None:
    """What is no text and no JSON does not come through as another exception."""
    assert failure(code, content, doing="GET /x").hint
