"""Exactly what was planned, or nothing: the plan file on the real API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from environment import Environment, actions

from sindri_core import planfile
from sindri_core.errors import PlanStale
from sindri_core.types import Action, State

OTHER = "sindri@sha256:" + "6" * 64


def planned(environment: Environment, **deployment: Any) -> dict[str, Any]:
    """Make a plan file, as it is after a journey through a file."""
    document: dict[str, Any] = json.loads(json.dumps(planfile.to_document(environment.core(**deployment).plan())))
    return document


def stale(environment: Environment, document: dict[str, Any], **deployment: Any) -> list[str]:
    """Deploy by this plan file, which is refused; return what differs. Nothing is written."""
    before = environment.versions()
    with pytest.raises(PlanStale) as caught:
        environment.core(**deployment).deploy(plan_file=document)
    assert environment.versions() == before
    return [text for _, text in caught.value.details]


def test_a_plan_is_applied_once_and_is_stale_afterwards(environment: Environment) -> None:
    """The first deploy by a plan does what it says; the same file is then refused."""
    document = planned(environment)
    deployed = environment.core().deploy(plan_file=document)
    assert [change.kind for change in deployed.applied.written] == [c["kind"] for c in document["changes"]]
    assert deployed.status.state is State.RUNNING
    assert any("changes.Deployment/dev" in text for text in stale(environment, document))


def test_another_intent_or_image_is_refused(environment: Environment) -> None:
    """Other cpus or another image than planned: refused, naming what differs."""
    environment.core().deploy()
    document = planned(environment, resources={"cpus": 2})
    assert any(text.startswith("intent:") for text in stale(environment, document, resources={"cpus": 3}))
    texts = stale(environment, document, resources={"cpus": 2}, image=OTHER)
    assert any(text.startswith("image.digest: sha256:555") and "sha256:666" in text for text in texts)
    environment.core(resources={"cpus": 2}).deploy(plan_file=document)
    assert set(actions(environment.core(resources={"cpus": 2}).plan()).values()) == {Action.SAME}


def test_an_object_that_somebody_touched_since_is_refused(environment: Environment) -> None:
    """A label by hand on what the plan changes makes it stale; on what it leaves alone it does not matter."""
    environment.core().deploy()
    document = planned(environment, resources={"cpus": 2})
    environment.kubectl("label", "service", "dev", "team=blue", "-n", environment.namespace)
    environment.kubectl("label", "deployment", "dev", "team=blue", "-n", environment.namespace)
    texts = stale(environment, document, resources={"cpus": 2})
    assert [text.partition(":")[0] for text in texts] == ["changes.Deployment/dev.version"]
    environment.core(resources={"cpus": 2}).deploy(plan_file=planned(environment, resources={"cpus": 2}))


def test_an_object_that_was_deleted_since_is_refused(environment: Environment) -> None:
    """What has to be created now and was there when it was planned makes the plan stale."""
    environment.core().deploy()
    document = planned(environment, resources={"cpus": 2})
    environment.kubectl("delete", "service", "dev", "-n", environment.namespace)
    with pytest.raises(PlanStale) as caught:
        environment.core(resources={"cpus": 2}).deploy(plan_file=document)
    assert any("changes.Service/dev" in text for _, text in caught.value.details)
    assert not environment.kubectl("get", "service", "dev", "-n", environment.namespace, "--ignore-not-found")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"identity": "00000000-0000-0000-0000-000000000000"}, "identity"),
        ({"plugins": {"kubernetes": "0.0.1"}}, "plugins.kubernetes"),
        ({"destination": {}}, "destination"),
        ({"changes": []}, "changes.Deployment/dev"),
        ({"intent": ""}, "intent"),
    ],
    ids=["cluster", "plugin", "destination", "changes", "intent"],
)
def test_a_file_that_says_something_else_is_refused(
    environment: Environment, change: dict[str, Any], named: str
) -> None:
    """The file is not trusted: whatever it says differently from a plan made now is named."""
    environment.core().deploy()
    document = planned(environment, resources={"cpus": 2}) | change
    assert any(text.startswith(named) for text in stale(environment, document, resources={"cpus": 2}))
