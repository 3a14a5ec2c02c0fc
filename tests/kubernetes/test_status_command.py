"""``sindri status`` as people run it: as a program, on a cluster that is there, and on one that is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from sindri_kubernetes.testing import SimulatedCluster

CONFIG = "name: demo\ndeployment: {provider: kubernetes, image: 'sindri@sha256:" + "5" * 64 + "'}\n"
REFUSED = "https://127.0.0.1:9"


def environ(home: Path, kubeconfig: Path) -> dict[str, str]:
    """Make the environment of somebody who has nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SINDRI_", "XDG_", "KUBE"))}
    return kept | {"HOME": str(home), "SINDRI_STATE_DIR": str(home / "state"), "KUBECONFIG": str(kubeconfig)}


def sindri(folder: Path, env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "sindri_core", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sindri.yaml."""
    (tmp_path / "sindri.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """An environment whose cluster refuses connections: nothing listens on the port of discard."""
    cluster = {"name": "x", "cluster": {"server": REFUSED}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": "x"}
    body |= {"clusters": [cluster], "contexts": [context], "users": [{"name": "x", "user": {}}]}
    (tmp_path / "kubeconfig").write_text(json.dumps(body))
    return environ(tmp_path, tmp_path / "kubeconfig")


@pytest.mark.parametrize("more", [[], ["--watch"]])
def test_unreachable_for_people(folder: Path, nowhere: dict[str, str], more: list[str]) -> None:
    """The state on standard output, the cause and the way out on standard error, exit code 5."""
    done = sindri(folder, nowhere, "status", *more)
    assert done.returncode == 5
    assert done.stdout == "demo\n  state      unreachable\n"
    assert f"error[SND-K8S-001]: {REFUSED} (context x) cannot be reached" in done.stderr
    assert "Connection refused" in done.stderr
    assert "fix " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_unreachable_for_machines(folder: Path, nowhere: dict[str, str], form: str, read: Any) -> None:
    """The same document as ever, with the state and the finding; exit code 5."""
    done = sindri(folder, nowhere, "status", "-o", form)
    document = read(done.stdout)
    assert (done.returncode, document["name"], document["state"]) == (5, "demo", "unreachable")
    assert document["finding"]["code"] == "SND-K8S-001"
    assert "Connection refused" in document["finding"]["seen"][0]


def watching(folder: Path, env: Mapping[str, str], *more: str) -> subprocess.Popen[str]:
    """Start watching."""
    command = [sys.executable, "-m", "sindri_core", "status", "--watch", *more]
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watching_ends_with_ctrl_c(folder: Path, simulated_cluster: SimulatedCluster, number: int) -> None:
    """The first status comes at once, what stays the same is not said again, and Ctrl-C ends with 130 and no noise."""
    with watching(folder, environ(folder, simulated_cluster.kubeconfig)) as process:
        assert process.stdout
        assert process.stderr
        assert [process.stdout.readline() for _ in range(2)] == ["demo\n", "  state      not deployed\n"]
        process.send_signal(number)
        assert "state" not in process.stdout.read()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 130


def test_watching_shows_each_change(folder: Path, simulated_cluster: SimulatedCluster) -> None:
    """A deploy beside it is seen, as one document after the other."""
    env = environ(folder, simulated_cluster.kubeconfig)
    with watching(folder, env, "-o", "yaml") as process:
        assert process.stdout
        shown = [process.stdout.readline()]
        assert sindri(folder, env, "deploy").returncode == 0
        while shown[-1] != 'state: "running"\n':
            shown.append(process.stdout.readline())
            assert shown[-1], "watching ended by itself"
        process.send_signal(signal.SIGINT)
        shown += process.stdout.readlines()
    documents = list(yaml.safe_load_all("".join(shown)))
    assert documents[0]["state"] == "not deployed"
    assert documents[-1]["state"] == "running"
    assert len(documents) > 1
