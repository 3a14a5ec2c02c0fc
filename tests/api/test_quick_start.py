"""The document, word for word: its three quick-start configurations and its list of generated resources.

The first two name no image, which means the one of the local engine: on a cluster that is not local a digest stands in
for it. The third names a tag of ghcr.io, which a registry of the tests answers for.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from environment import IMAGE
from named_registry import named

if TYPE_CHECKING:
    from environment import Environment

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "kubernetes-provider.md").read_text()
QUICK = re.findall(
    r"cat > sindri.yaml << 'EOF'\n(.*?)^EOF$", DOCUMENT.partition("## Configuration")[0], re.MULTILINE | re.DOTALL
)
GENERATED = re.search(r"^### Generated Resources.*?```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The image of the document is at ghcr.io; yields its digest."""
    with named(tmp_path, "ghcr.io") as (served, environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield served.image("my-org/sindri", "latest")


def pinned(text: str) -> str:
    """The configuration with an image, where it has none."""
    return (
        text
        if "image:" in text
        else text.replace("  provider: kubernetes\n", f"  provider: kubernetes\n  image: {IMAGE}\n")
    )


def sindri(environment: Environment, text: str, *arguments: str) -> Any:
    """Run the command with this sindri.yaml; return its JSON."""
    folder = environment.state
    folder.mkdir(exist_ok=True)
    (folder / "sindri.yaml").write_text(pinned(text).replace("sindri-dev", environment.namespace))
    done = subprocess.run(
        [sys.executable, "-m", "sindri_core", *arguments, "--output", "json"],
        cwd=folder,
        env={**os.environ, "KUBECONFIG": str(environment.kubeconfig), "SINDRI_STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def within(said: Any, real: Any, where: str = "") -> list[str]:
    """List what the document says and the cluster does not have. Elements of lists may stand anywhere."""
    if isinstance(said, dict):
        if not isinstance(real, dict):
            return [f"{where}: {real!r}"]
        return [line for key, value in said.items() for line in within(value, real.get(key), f"{where}.{key}")]
    if isinstance(said, list):
        return [f"{where}: {item!r}" for item in said if not any(within(item, one) == [] for one in real or [])]
    return [] if said == real else [f"{where}: {said!r} is {real!r}"]


@pytest.mark.parametrize("text", QUICK, ids=["kind", "several nodes", "existing cluster"])
def test_a_quick_start_goes_its_whole_way(environment: Environment, text: str, registry: str) -> None:
    """Plan, deploy, status, stop, start, destroy: each command works and says what the document promises."""
    planned = sindri(environment, text, "plan")
    assert {change["action"] for change in planned["changes"]["items"]} == {"create"}
    assert planned["image"]["digest"] in {registry, IMAGE.partition("@")[2]}
    sindri(environment, text, "deploy")
    assert sindri(environment, text, "status")["state"] == "running"
    sindri(environment, text, "stop")
    assert sindri(environment, text, "status")["state"] == "stopped"
    sindri(environment, text, "start")
    assert sindri(environment, text, "status")["state"] == "running"
    name = yaml.safe_load(text)["name"]
    removal = sindri(environment, text, "destroy", "--yes", "--delete-data")
    assert {f"Deployment/{name}", f"Service/{name}"} <= set(removal["removed"])
    assert not environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found")


def test_the_cluster_has_what_the_document_lists(environment: Environment) -> None:
    """Every line of "Generated Resources" is in what kubectl prints; the image has become its digest."""
    assert GENERATED
    text = QUICK[2].replace("  image: ghcr.io/my-org/sindri:latest  # Pre-pushed image\n", "")
    sindri(environment, text, "deploy")
    said_image = GENERATED[1].replace("image: sindri:latest", f"image: {IMAGE}")
    listed = list(yaml.safe_load_all(said_image.replace("sindri-dev", environment.namespace)))
    assert [said["kind"] for said in listed] == ["Namespace", "PersistentVolumeClaim", "Deployment", "Service"]
    for said in listed:
        printed = environment.kubectl(
            "get", said["kind"], said["metadata"]["name"], "-n", environment.namespace, "-o", "yaml"
        )
        assert within(said, yaml.safe_load(printed)) == [], said["kind"]
