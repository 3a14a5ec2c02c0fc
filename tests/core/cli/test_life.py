"""The commands of a life, from plan to destroy, on the simulated cluster: what each prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

if TYPE_CHECKING:
    from conftest import Sindri

    from sindri_kubernetes.testing import SimulatedCluster

SCHEMAS = Path(__file__).parents[3] / "docs/reference/schemas"


@pytest.fixture(autouse=True)
def cluster(project: Path, simulated_cluster: SimulatedCluster, monkeypatch: pytest.MonkeyPatch) -> SimulatedCluster:
    """Make the simulated cluster the current one."""
    assert project.is_dir()
    monkeypatch.setenv("KUBECONFIG", str(simulated_cluster.kubeconfig))
    return simulated_cluster


def answered(sindri: Sindri, schema: str, *words: str) -> Any:
    """The answer as data: the same in JSON and in YAML, and as the published schema says."""
    said = sindri(*words, "-o", "json")
    assert (said.code, said.out.count("\n")) == (0, len(said.out.splitlines()))
    value = json.loads(said.out)
    jsonschema.validate(value, json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8")))
    return value


def test_a_life_in_text(sindri: Sindri) -> None:
    """Each command ends with 0, answers on standard output and reports its steps on standard error."""
    steps = {
        "plan": "to create",
        "deploy": "dev is running",
        "status": "running",
        "list": "dev",
        "stop": "stopped",
        "start": "running",
        "destroy": "PersistentVolumeClaim/dev-home-pvc",
    }
    for command, expected in steps.items():
        said = sindri(command, *(["--yes"] if command == "destroy" else []))
        assert said.code == 0, said.err
        assert expected in said.out, command
        assert "Traceback" not in said.err
        assert "\x1b" not in said.out + said.err


def test_answers_as_data(sindri: Sindri) -> None:
    """plan, deploy, status, list, stop, start and destroy answer as their schemas say."""
    planned = answered(sindri, "plan", "plan")
    assert {item["action"] for item in planned["changes"]["items"]} == {"create"}
    assert answered(sindri, "deploy", "deploy")["status"]["state"] == "running"
    assert answered(sindri, "status", "status")["name"] == "dev"
    assert [one["name"] for one in answered(sindri, "list", "list")] == ["dev"]
    assert answered(sindri, "status", "stop")["state"] == "stopped"
    assert answered(sindri, "status", "start")["state"] == "running"
    gone = answered(sindri, "removal", "destroy", "--yes")
    assert gone["kept"][0]["object"] == "PersistentVolumeClaim/dev-home-pvc"


@pytest.mark.parametrize("command", ["plan", "status", "list"])
def test_yaml_says_what_json_says(sindri: Sindri, command: str) -> None:
    """Both forms hold the same values."""
    sindri("deploy")
    as_yaml, as_json = sindri(command, "-o", "yaml").out, sindri(command, "-o", "json").out
    assert yaml.safe_load(as_yaml) == json.loads(as_json)


def test_detailed_exit_code(sindri: Sindri) -> None:
    """6 while there is something to change, 0 when there is nothing."""
    assert sindri("plan", "--detailed-exitcode").code == 6
    sindri("deploy")
    assert sindri("plan", "--detailed-exitcode").code == 0


def test_options_stand_before_or_after_the_command(sindri: Sindri) -> None:
    """Both places mean the same, also for the name and the namespace."""
    options = ["--name", "other", "--namespace", "elsewhere", "-o", "json"]
    before, after = sindri(*options, "plan"), sindri("plan", *options)
    for said in (before, after):
        plan = json.loads(said.out)
        assert (plan["name"], plan["destination"]["namespace"]) == ("other", "elsewhere")


def test_an_unknown_context_is_named(sindri: Sindri) -> None:
    """The contexts that there are stand beside the one that is not."""
    said = sindri("status", "--context", "nowhere")
    assert said.code == 5
    assert "nowhere" in said.err
    assert said.out == ""


def test_a_kept_plan_is_applied(sindri: Sindri, project: Path) -> None:
    """Plan --out and deploy --plan work together, and only the owner may read the file."""
    assert sindri("plan", "--out", "p.json").code == 0
    assert (project / "p.json").stat().st_mode & 0o777 == 0o600
    assert sindri("deploy", "--plan", "p.json").code == 0
    again = sindri("deploy", "--plan", "p.json")
    assert again.code == 5
    assert "SND-PLN-00" in again.err


def test_destroy_asks_nobody_when_nobody_is_there(sindri: Sindri) -> None:
    """Without a terminal and without --yes nothing goes, and the message says what to add."""
    sindri("deploy")
    said = sindri("destroy")
    assert (said.code, said.out) == (2, "")
    assert "--yes" in said.err
    assert sindri("status").code == 0


def test_render_is_what_kubectl_takes(sindri: Sindri) -> None:
    """YAML is one document for each object, JSON one list of them."""
    documents = list(yaml.safe_load_all(sindri("render").out))
    together = json.loads(sindri("render", "-o", "json").out)
    assert together["kind"] == "List"
    assert together["items"] == documents
    assert {"Namespace", "PersistentVolumeClaim", "Deployment", "Service"} <= {one["kind"] for one in documents}


def test_an_error_as_data(sindri: Sindri, cluster: SimulatedCluster) -> None:
    """With -o json an error is one line of JSON on standard error, as its schema says."""
    cluster.__exit__(None, None, None)
    said = sindri("status", "-o", "json")
    assert (said.code, said.out) == (5, "")
    assert "sindri_detect_cluster" not in said.err
    value = json.loads(said.err.splitlines()[-1])
    jsonschema.validate(value, json.loads((SCHEMAS / "error.schema.json").read_text("utf-8")))
    assert value["error"]["code"].startswith("SND-K8S-")
