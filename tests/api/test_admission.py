"""Rules that the cluster's owner made: webhooks that refuse, do not answer or change objects, and policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import webhook
from environment import Environment, actions
from webhook import Review, Webhook

from sindri_core.errors import ClusterError, Conflict
from sindri_core.types import Action, Change, State

Rules: TypeAlias = Callable[..., None]
TEAM = "/metadata/labels/team"


@pytest.fixture
def rules(environment: Environment, tmp_path: Path) -> Iterator[Rules]:
    """A function that puts a webhook into force in the environment's namespace; without a review nobody answers."""
    with_ends: list[Callable[[], object]] = []
    environment.kubectl("create", "namespace", environment.namespace)

    def put(kind: str, plural: str, review: Review | None = None) -> None:
        client: dict[str, Any] = {"url": "https://127.0.0.1:1/"}
        if review is not None:
            running = Webhook(tmp_path, review).__enter__()
            with_ends.append(running.__exit__)
            client = {"url": running.url, "caBundle": running.authority}
        body = webhook.configuration(kind, environment.namespace, environment.namespace, client, plural)
        environment.kubectl("create", "-f", "-", stdin=json.dumps(body))
        plurals = f"{kind}webhookconfiguration".lower()
        with_ends.append(lambda: environment.kubectl("delete", plurals, environment.namespace))
        until(lambda: in_force(environment, kind, plural))

    yield put
    for end in reversed(with_ends):
        end()


def in_force(environment: Environment, kind: str, plural: str) -> bool:
    """Whether the server's list of rules knows the new one: its own dry run meets it."""
    body = next(m.body for m in environment.core().plan().manifests if m.kind.lower() + "s" == plural)
    arguments = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    try:
        made = json.loads(environment.kubectl(*arguments, stdin=json.dumps(body)))
    except AssertionError:
        return True  # refused
    if kind == "Validating":
        return False
    said = json.dumps([made["metadata"], made["spec"]["template"]["spec"]])
    return any(word in said for word in ("blue", "Always", "example.com/seen"))


def refused(environment: Environment, thing: str) -> ClusterError:
    """Deploy, which is refused because of this object before anything is written."""
    (change,) = [c for c in environment.core().plan().changes.items if c.action is Action.REFUSED]
    assert f"{change.kind}/{change.name}" == thing
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy()
    assert caught.value.code == change.error
    assert not environment.kubectl("get", "cm/sindri-dev", "-n", environment.namespace, "--ignore-not-found")
    left = environment.kubectl("get", "deploy,svc,pvc", "-n", environment.namespace, "--ignore-not-found")
    assert not left
    return caught.value


def changes(environment: Environment) -> list[Change]:
    """Return what a plan would write."""
    return [c for c in environment.core().plan().changes.items if c.action is not Action.SAME]


def test_a_webhook_that_refuses_is_named_with_its_reason(environment: Environment, rules: Rules) -> None:
    """The plan has the webhook's name and its own words; nothing is written; the remedy names who can change it."""
    rules("Validating", "deployments", webhook.refuse("images must come from registry.corp"))
    error = refused(environment, "Deployment/dev")
    assert error.code == "SND-K8S-109"
    assert "validating.example.com" in error.message
    assert "images must come from registry.corp" in error.message
    assert "kubectl get validatingwebhookconfigurations" in error.hint


def test_a_webhook_that_does_not_answer_is_named(environment: Environment, rules: Rules) -> None:
    """A rule whose server is down stops the deploy, and the message says which and why it counts as a refusal."""
    rules("Validating", "persistentvolumeclaims")
    error = refused(environment, "PersistentVolumeClaim/dev-home-pvc")
    assert error.code == "SND-K8S-109"
    assert "validating.example.com" in error.message
    assert "connection refused" in error.message
    assert "kubectl get validatingwebhookconfigurations" in error.hint


def test_a_policy_that_refuses_is_named(environment: Environment) -> None:
    """A ValidatingAdmissionPolicy is a rule of the cluster like a webhook."""
    name = environment.namespace
    environment.kubectl("create", "namespace", name)
    selected = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false", "message": "no deployments on Fridays"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": selected}},
    }
    environment.kubectl("create", "-f", "-", stdin=json.dumps(policy))
    environment.kubectl("create", "-f", "-", stdin=json.dumps(binding))
    try:
        until(lambda: bool(changes(environment)[-1].error))
        error = refused(environment, "Deployment/dev")
        assert error.code == "SND-K8S-109"
        assert name in error.message
        assert "no deployments on Fridays" in error.message
    finally:
        environment.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def test_a_webhook_that_adds_a_field_leaves_nothing_to_do(environment: Environment, rules: Rules) -> None:
    """A label and a toleration that a webhook adds to everything are no drift: they are not ours."""

    def add(request: dict[str, Any]) -> list[dict[str, Any]]:
        spec = {
            "op": "add",
            "path": "/spec/template/spec/tolerations",
            "value": [{"key": "spot", "operator": "Exists"}],
        }
        return [{"op": "add", "path": TEAM, "value": "blue"}, spec]

    rules("Mutating", "deployments", webhook.patch(add))
    environment.core().deploy()
    assert environment.get("deploy")["metadata"]["labels"]["team"] == "blue"
    assert changes(environment) == []
    assert environment.core().deploy().applied.written == ()


def test_a_webhook_that_puts_its_own_value_in_place_of_ours_does_not_loop(
    environment: Environment, rules: Rules
) -> None:
    """A field of ours that a webhook rewrites at every write: the second deploy and the plan find nothing to do."""
    ours = "/spec/template/spec/containers/0/imagePullPolicy"
    rules("Mutating", "deployments", webhook.patch(lambda _: [{"op": "replace", "path": ours, "value": "Always"}]))
    environment.core().deploy()
    assert changes(environment) == []
    assert environment.core().deploy().applied.written == ()
    assert environment.core(resources={"cpus": 2}).deploy().status.state is State.RUNNING
    assert environment.core(resources={"cpus": 2}).deploy().applied.written == ()


def test_a_webhook_that_changes_a_field_at_each_write_does_not_loop(environment: Environment, rules: Rules) -> None:
    """An annotation with another value at every write (also at a dry run) is not ours, and is no change."""
    stamp = "/metadata/annotations/example.com~1seen"
    rules(
        "Mutating",
        "deployments",
        webhook.patch(lambda request: [{"op": "add", "path": stamp, "value": str(request["uid"])}]),
    )
    environment.core().deploy()
    assert changes(environment) == []
    assert environment.core().deploy().applied.written == ()


def test_another_manager_that_sets_a_field_again_and_again_is_named(environment: Environment) -> None:
    """A field that kubectl set after us is a conflict with its manager; taken back by force, all is quiet."""
    environment.core().deploy()
    where = ("-n", environment.namespace)
    for _ in range(2):
        environment.kubectl("set", "image", "deployment/dev", "sindri=theirs:1", *where)
        (change,) = changes(environment)
        assert (change.action, change.conflicts[0].manager) == (Action.CONFLICT, "kubectl-set")
        with pytest.raises(Conflict):
            environment.core().deploy()
        environment.core().deploy(force_conflicts=True)
        assert changes(environment) == []
    assert actions(environment.core().plan())["Deployment/dev"] is Action.SAME


def until(reached: Callable[[], bool]) -> None:
    """Ask until it is so: nothing tells when the server has read a new rule."""
    for _ in range(100):
        if reached():
            return
    raise AssertionError("the rule never came into force")
