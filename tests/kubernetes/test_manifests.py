"""The objects of an environment, as data."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest

from sindri_core.settings import Config, Cpus, Extensions, Gpu, Resources, Size
from sindri_core.types import Manifest, ResolvedImage
from sindri_kubernetes.images import find_images
from sindri_kubernetes.manifests import build
from sindri_kubernetes.models import KubernetesSection
from sindri_kubernetes.settings import KubernetesSettings

GIB = 1 << 30
IMAGE = ResolvedImage(reference="sindri:latest", deployed="sindri:latest")
VERSIONS = ["1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35"]
RICH = {
    "storageClass": "fast",
    "secrets": ["keys"],
    "security": {"profile": "restricted"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
}


def config(gpu: Gpu | None = None, extensions: Extensions | None = None) -> Config:
    """Make a configuration of 4Gi and 2 cpus."""
    return Config(
        name="dev",
        provider="kubernetes",
        resources=Resources(memory=Size(4 * GIB), cpus=Cpus(2000), gpu=gpu),
        workspace_size=Size(10 * GIB),
        workspace_path="/alt/home/developer/workspace",
        extensions=extensions or Extensions(),
    )


def read(section: dict[str, Any]) -> KubernetesSettings:
    """Read the section as the core hands it over."""
    return KubernetesSettings.read(KubernetesSection.model_validate(section).model_dump(mode="json"))


def built(settings: dict[str, Any] | None = None, **parts: Any) -> dict[str, Manifest]:
    """Build the objects and return them by kind."""
    manifests = build(config(**parts), read(settings or {}), "team", IMAGE)
    return {manifest.kind: manifest for manifest in manifests}


def pod(settings: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """Build the pod's spec."""
    spec: dict[str, Any] = built(settings, **parts)["Deployment"].body["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("settings", [{}, RICH], ids=["plain", "rich"])
def test_the_published_schemas_accept_every_object(version: str, settings: dict[str, Any]) -> None:
    """Each object is valid, strictly, against the schemas of every supported Kubernetes."""
    for manifest in built(settings, gpu=Gpu()).values():
        kubernetes_validate.validate(dict(manifest.body), version, strict=True)


def test_the_objects_come_in_the_order_of_their_dependencies() -> None:
    """The namespace comes first and the workload last."""
    assert list(built()) == ["Namespace", "ServiceAccount", "PersistentVolumeClaim", "Service", "Deployment"]


def test_power_is_no_part_of_the_intent() -> None:
    """The Deployment has no replicas: stop, start and kubectl scale own that field."""
    assert "replicas" not in built()["Deployment"].body["spec"]


def test_every_object_of_the_namespace_carries_the_labels_of_the_environment() -> None:
    """Everything can be found by instance and by manager; the selector uses the instance alone."""
    for manifest in built().values():
        labels = manifest.body["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "sindri"
        assert not manifest.scope or labels["instance"] == "dev"
    assert built()["Deployment"].body["spec"]["selector"] == {"matchLabels": {"instance": "dev"}}


def test_variables_without_a_value_are_left_out() -> None:
    """Only what says something becomes an environment variable."""
    plain = {entry["name"] for entry in pod()["containers"][0]["env"]}
    assert plain == {"HOME", "WORKSPACE", "INIT_WORKSPACE"}
    extensions = Extensions(profile="fullstack", active=("a", "b"), additional=("c",), auto_install=False)
    rich = {entry["name"]: entry["value"] for entry in pod(extensions=extensions)["containers"][0]["env"]}
    assert rich["INSTALL_PROFILE"] == "fullstack"
    assert rich["CUSTOM_EXTENSIONS"] == "a,b"
    assert rich["SKIP_AUTO_INSTALL"] == "true"


@pytest.mark.parametrize(
    ("kind", "resource"), [("nvidia", "nvidia.com/gpu"), ("amd", "amd.com/gpu"), ("intel", "gpu.intel.com/i915")]
)
def test_an_accelerator_is_asked_for_by_its_resource(kind: str, resource: str) -> None:
    """The document's node selector and the limit of the right vendor."""
    spec = pod(gpu=Gpu(type=kind, count=2))
    assert spec["nodeSelector"] == {"gpu": kind}
    assert spec["containers"][0]["resources"]["limits"][resource] == "2"


def test_the_class_is_written_only_when_it_is_configured() -> None:
    """Without a class the cluster's default applies."""
    assert "storageClassName" not in built()["PersistentVolumeClaim"].body["spec"]
    assert built(RICH)["PersistentVolumeClaim"].body["spec"]["storageClassName"] == "fast"


def test_the_restricted_profile_takes_root_away() -> None:
    """All that the restricted standard demands is there, and ownership of the home is changed once only."""
    spec = pod(RICH)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_every_image_is_found_wherever_it_hides() -> None:
    """Init containers, cron jobs, unknown kinds and image volumes all count."""
    template = {"spec": {"initContainers": [{"image": "a"}], "volumes": [{"image": {"reference": "b"}}]}}
    body = {"spec": {"jobTemplate": {"spec": {"template": template}}, "containers": [{"image": "c"}]}}
    uses = find_images([Manifest(kind="Odd", name="x", body=body)])
    assert {use.reference for use in uses} == {"a", "b", "c"}
    at = "/spec/jobTemplate/spec/template/spec/initContainers/0/image"
    assert at in {use.path for use in uses}
