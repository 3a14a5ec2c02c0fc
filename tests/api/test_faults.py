"""What a cluster can say no with: rights, quota, Pod Security, storage classes, secrets, namespaces."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from environment import Environment, actions

from sindri_core.errors import ClusterError, Forbidden
from sindri_core.types import Action, Plan

if TYPE_CHECKING:
    from apiserver import ApiServer


def codes(plan: Plan) -> list[str]:
    """Return the codes of the plan's warnings, apart from the image's."""
    return [issue.code for issue in plan.issues if issue.code.startswith("SND-K8S")]


def tenant(api_server: ApiServer, environment: Environment) -> Environment:
    """The same environment for a user without rights."""
    if api_server.tenant_kubeconfig is None:
        pytest.skip("the given API server has no user without rights")
    return replace(environment, kubeconfig=api_server.tenant_kubeconfig)


def test_without_rights_the_missing_ones_and_the_role_are_named(
    api_server: ApiServer, environment: Environment
) -> None:
    """Somebody without any right learns which are missing; the Role in the message, applied, is enough."""
    environment.kubectl("create", "namespace", environment.namespace)
    poor = tenant(api_server, environment)
    for run in (poor.core().plan, poor.core().deploy):
        with pytest.raises(Forbidden) as caught:
            run()
        assert caught.value.code == "SND-K8S-111"
    missing = [text for label, text in caught.value.details if label == "missing"]
    assert f"patch deployments.apps in namespace {environment.namespace}" in missing
    (role,) = [text for label, text in caught.value.details if label == "role"]
    assert [document["kind"] for document in yaml.safe_load_all(role)] == ["Role", "RoleBinding"]
    environment.kubectl("apply", "-f", "-", stdin=role)
    assert poor.core().deploy().applied.written
    assert set(actions(poor.core().plan()).values()) == {Action.SAME}
    poor.core().stop()
    assert "PersistentVolumeClaim/dev-home-pvc" in poor.core().destroy(delete_data=True).removed


def test_a_reader_gets_a_plan_that_says_what_is_missing(api_server: ApiServer, environment: Environment) -> None:
    """With rights to read only, plan works and warns; deploy refuses before it writes."""
    environment.kubectl("create", "namespace", environment.namespace)
    poor = tenant(api_server, environment)
    resources = "configmaps,serviceaccounts,persistentvolumeclaims,services,pods,deployments.apps"
    where = ("-n", environment.namespace)
    environment.kubectl("create", "role", "read", "--verb=get,list", f"--resource={resources}", *where)
    with pytest.raises(Forbidden) as caught:
        poor.core().plan()
    user = caught.value.message.split(" lacks ")[0]
    environment.kubectl("create", "rolebinding", "read", "--role=read", f"--user={user}", *where)
    assert "SND-K8S-111" in codes(poor.core().plan())
    with pytest.raises(Forbidden):
        poor.core().deploy()
    assert not environment.kubectl("get", "deploy,pvc,svc", *where, "--ignore-not-found")


def test_a_terminating_namespace_is_named(environment: Environment) -> None:
    """A namespace that is being deleted is refused with what to do."""
    finalizer = {"metadata": {"finalizers": ["example.com/held"]}}
    environment.kubectl("create", "namespace", environment.namespace)
    environment.kubectl("create", "configmap", "held", "-n", environment.namespace)
    where = ("-n", environment.namespace)
    environment.kubectl("patch", "configmap", "held", *where, "-p", json.dumps(finalizer))
    environment.kubectl("delete", "namespace", environment.namespace, "--wait=false")
    try:
        with pytest.raises(ClusterError) as caught:
            environment.core().deploy()
        assert caught.value.code == "SND-K8S-107"
    finally:
        released = json.dumps({"metadata": {"finalizers": None}})
        environment.kubectl("patch", "configmap", "held", *where, "-p", released)


def test_a_reserved_namespace_is_refused(environment: Environment) -> None:
    """Nothing is deployed into the cluster's own namespaces, whichever way they are named."""
    core = environment.core()
    core._selected = ("", "", "kube-system")
    (first, *_) = core.plan().changes.items
    assert (first.action, first.error) == (Action.REFUSED, "SND-K8S-108")


def test_a_quota_that_will_not_fit_is_a_warning_of_the_plan(environment: Environment) -> None:
    """The plan says what is left and what is needed."""
    environment.kubectl("create", "namespace", environment.namespace)
    environment.kubectl("create", "quota", "small", "--hard=cpu=1,memory=1Gi", "-n", environment.namespace)
    environment.get("quota", "small")
    issues = environment.core(resources={"cpus": 4, "memory": "4GB"}).plan().issues
    texts = [issue.message for issue in issues if issue.code == "SND-K8S-110"]
    assert any("small leaves 1 of cpu, this needs 2 more" in text for text in texts)
    assert any("of memory, this needs 2Gi more" in text for text in texts)


def test_pod_security_warns_and_the_restricted_profile_is_admitted(environment: Environment) -> None:
    """In a restricted namespace the baseline profile is warned of; with the restricted one the environment runs."""
    environment.kubectl("create", "namespace", environment.namespace)
    label = "pod-security.kubernetes.io/enforce=restricted"
    environment.kubectl("label", "namespace", environment.namespace, label)
    assert "SND-K8S-114" in codes(environment.core().plan())
    environment.kubernetes = {"security": {"profile": "restricted"}}
    assert "SND-K8S-114" not in codes(environment.core().plan())
    assert environment.core().deploy().status.instance


def test_the_baseline_profile_is_admitted_by_baseline(environment: Environment) -> None:
    """A namespace that enforces baseline takes the default pod."""
    environment.kubectl("create", "namespace", environment.namespace)
    label = "pod-security.kubernetes.io/enforce=baseline"
    environment.kubectl("label", "namespace", environment.namespace, label)
    assert codes(environment.core().plan()) == []
    assert environment.core().deploy().status.instance


def test_a_missing_storage_class_and_secret_are_warnings(environment: Environment) -> None:
    """The plan says which class was probably meant and how to make the Secret."""
    environment.kubernetes = {"storageClass": "standart", "secrets": ["keys"]}
    issues = {issue.code: issue for issue in environment.core().plan().issues}
    assert issues["SND-K8S-112"].hint == "did you mean standard?"
    assert "kubectl create secret" in issues["SND-K8S-113"].hint


def test_removal_fails_loudly_when_the_cluster_is_unreachable(environment: Environment) -> None:
    """Destroy against a server that is down raises: it never says that there was nothing."""
    text = environment.kubeconfig.read_text()
    file = environment.state.parent / "down"
    config = yaml.safe_load(text)
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = "https://127.0.0.1:1"
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(ClusterError) as caught:
        replace(environment, kubeconfig=file).core().destroy()
    assert caught.value.code == "SND-K8S-001"
