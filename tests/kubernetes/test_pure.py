"""Amounts, volumes, ownership, warnings, detection and identity: the rules without a server."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.errors import ClusterError, WrongCluster
from sindri_core.requests import DetectRequest
from sindri_core.types import Body, Destination
from sindri_kubernetes import identity, inventory, ownership, preflight, quantities, rights, volumes
from sindri_kubernetes.detect import detect
from sindri_kubernetes.identity import Identity
from sindri_kubernetes.inventory import Entry, Inventory
from sindri_kubernetes.validate import reserved


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", Fraction(1, 2)),
        ("2", 2),
        ("1.5Gi", 3 << 29),
        ("1e3", 1000),
        ("10Gi", 10 << 30),
        ("1k", 1000),
        (".5", Fraction(1, 2)),
    ],
)
def test_quantities_are_read_exactly(text: str, value: object) -> None:
    """Every notation of the server becomes the same number."""
    assert quantities.parse(text) == value


@given(st.integers(0, 1 << 45))
def test_written_amounts_of_memory_are_read_back(amount: int) -> None:
    """Writing and reading an amount of bytes gives the amount."""
    assert quantities.parse(quantities.write(Fraction(amount), "memory")) == amount


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1gi", "0x10", "1e999"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """Nonsense is an error, not a number."""
    with pytest.raises(ValueError, match="no quantity"):
        quantities.parse(text)


def claim(size: str, storage_class: str = "", phase: str = "Bound") -> dict[str, Any]:
    """Make a claim."""
    spec: dict[str, Any] = {"resources": {"requests": {"storage": size}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"kind": "PersistentVolumeClaim", "spec": spec, "status": {"phase": phase}}


def test_the_same_size_in_other_words_is_no_change() -> None:
    """10240Mi is 10Gi: the claim keeps its own spelling."""
    fitted = volumes.fit(claim("10240Mi"), claim("10Gi", "a"), lambda _: False)
    assert (fitted.reason, fitted.body["spec"]["resources"]["requests"]["storage"]) == ("", "10Gi")


@pytest.mark.parametrize(
    ("wanted", "live", "expandable", "part"),
    [
        (claim("5Gi"), claim("10Gi", "a"), True, "cannot shrink"),
        (claim("20Gi"), claim("10Gi", "a"), False, "does not let volumes grow"),
        (claim("20Gi"), claim("10Gi", "a", "Pending"), True, "before it is bound"),
        (claim("10Gi", "b"), claim("10Gi", "a"), True, "cannot change to b"),
    ],
)
def test_what_a_volume_cannot_become_is_said(wanted: Body, live: Body, expandable: bool, part: str) -> None:
    """Every refusal has a reason and a way out."""
    fitted = volumes.fit(wanted, live, lambda _: expandable)
    assert part in fitted.reason
    assert fitted.hint


def marked(**metadata: Any) -> dict[str, Any]:
    """Make an object with this metadata."""
    return {"metadata": metadata}


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({"ownerReferences": [{"kind": "App", "name": "x"}]}, "App x"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x"}}, "the Argo CD application shop"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "x"}}, "the Flux HelmRelease x"),
        ({"labels": {"app.kubernetes.io/managed-by": "kapp"}}, "kapp"),
        ({"managedFields": [{"manager": "kubectl-create"}]}, "somebody who used kubectl-create"),
        ({}, "somebody else"),
    ],
)
def test_owners_are_named(metadata: dict[str, Any], owner: str) -> None:
    """Whoever manages an object is called by name."""
    assert ownership.owner(marked(**metadata)) == owner


def test_our_mark_with_a_controller_is_not_ours() -> None:
    """An object that a controller owns is the controller's, whatever it is annotated with."""
    mark = {"sindri.dev/env-uid": "1"}
    assert ownership.is_ours(marked(annotations=mark), "1")
    assert not ownership.is_ours(marked(annotations=mark, ownerReferences=[{"kind": "A", "name": "b"}]), "1")
    assert not ownership.is_ours(marked(), "")


def test_an_inventory_is_read_back_and_damage_is_no_crash() -> None:
    """What is written is read; what somebody damaged counts as lost."""
    wanted = Inventory(name="dev", env_uid="1", objects=(Entry(kind="Service", name="dev", namespace="n", uid="2"),))
    body = inventory.config_map(wanted, "n")
    assert inventory.parse(body) == wanted
    for text in ("", "[]", "{}", '{"objects": 3}', '{"objects": [3]}'):
        assert inventory.parse({"data": {"inventory": text}}) is None


def test_when_is_no_difference() -> None:
    """The time of the last deploy alone makes no new inventory."""
    first = Inventory(name="dev", env_uid="1", deployed_at="2026-01-01T00:00:00Z")
    assert not first.differs(Inventory(name="dev", env_uid="1"))
    assert first.differs(Inventory(name="dev", env_uid="2"))


def test_a_quota_counts_what_comes_on_top() -> None:
    """A quota is compared with what is left, under both names of a resource."""
    quota = {"metadata": {"name": "q"}, "status": {"hard": {"cpu": "4", "limits.memory": "8Gi"}, "used": {"cpu": "3"}}}
    needs = {"requests.cpu": Fraction(2), "limits.memory": Fraction(8 << 30)}
    (issue,) = preflight.quota_issues([quota], needs)
    assert "q leaves 1 of cpu, this needs 2 more" in issue.message


def test_a_service_account_is_bound_as_such() -> None:
    """The RoleBinding names a service account by its namespace, anybody else as a user."""
    assert "kind: ServiceAccount" in rights.role_text("n", "system:serviceaccount:ci:bot")
    assert "kind: User" in rights.role_text("n", "jane")


@pytest.mark.parametrize(
    ("namespace", "is_reserved"), [("kube-system", True), ("openshift", True), ("kubeflow", False)]
)
def test_reserved_namespaces(namespace: str, is_reserved: bool) -> None:
    """Only the cluster's own namespaces are reserved."""
    assert reserved(namespace) is is_reserved


def look(context: str, answers: dict[str, Any] | None) -> dict[str, tuple[int, str]]:
    """Detect a cluster whose API gives these answers."""

    def api(path: str) -> Body:
        if answers is None or path.partition("?")[0] not in answers:
            raise ClusterError("SND-K8S-004", "no")
        found: Body = answers[path.partition("?")[0]]
        return found

    destination = Destination(provider="kubernetes", context=context)
    request = DetectRequest(destination=destination, api=None if answers is None else api)
    return {candidate.kind: (candidate.rank, candidate.name) for candidate in detect(request)}


def test_clusters_are_recognised_by_what_the_api_says_before_names() -> None:
    """Names are worth 50, facts 100, and nothing at all 10; a forbidden list of nodes leaves the version."""
    nodes = {"items": [{"spec": {"providerID": "kind://docker/dev/dev-control-plane"}}]}
    assert look("kind-dev", None) == {"kind": (50, "dev")}
    assert look("renamed", {"/version": {"gitVersion": "v1.34.4"}, "/api/v1/nodes": nodes}) == {
        "kind": (100, "renamed")
    }
    assert look("prod", {"/version": {"gitVersion": "v1.31.2-eks-1"}}) == {"eks": (100, "prod")}
    assert look("k3d-dev", {"/version": {"gitVersion": "v1.34.1+k3s1"}}) == {"k3d": (100, "dev")}
    assert look("mine", {"/version": {"gitVersion": "v1.34.4"}}) == {"kubernetes": (10, "mine")}


def test_identity_is_recorded_once_and_checked(tmp_path: Path) -> None:
    """The same cluster passes, another does not; a changed certificate with the same UID is the same cluster."""
    identity.record(tmp_path, "c/n/dev", Identity(uid="1", fingerprint="a"))
    identity.check(tmp_path, "c/n/dev", Identity(uid="1", fingerprint="b"))
    identity.check(tmp_path, "c/n/dev", Identity(uid="", fingerprint="a"))
    identity.check(tmp_path, "c/n/other", Identity(uid="2", fingerprint="b"))
    with pytest.raises(WrongCluster):
        identity.check(tmp_path, "c/n/dev", Identity(uid="2", fingerprint="a"))
    with pytest.raises(WrongCluster):
        identity.check(tmp_path, "c/n/dev", Identity(uid="", fingerprint="b"))


def test_recording_without_the_uid_keeps_the_uid(tmp_path: Path) -> None:
    """A user who may not read kube-system does not make the record weaker."""
    identity.record(tmp_path, "k", Identity(uid="1", fingerprint="a"))
    identity.record(tmp_path, "k", Identity(uid="", fingerprint="a"))
    assert json.loads((tmp_path / "clusters.json").read_text())["clusters"]["k"]["uid"] == "1"


def test_a_damaged_record_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    """A file that cannot be read is never taken for an empty one."""
    (tmp_path / "clusters.json").write_text("{")
    with pytest.raises(ClusterError) as caught:
        identity.check(tmp_path, "k", Identity(uid="1", fingerprint="a"))
    assert caught.value.code == "SND-K8S-116"
