"""A deploy that is cut off anywhere: what it left behind is completed by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from proxy import Cut, Proxy

from sindri_core.core import Core
from sindri_core.errors import ClusterError
from sindri_core.types import Action, State

if TYPE_CHECKING:
    from sindri_core.types import Status

from environment import IMAGE

MANY = 400
"""More requests than any deploy sends."""
FINE = 40
"""From here on cutting at any request skips some: they are the reads of a long list. No write is ever skipped."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries as always, but without the pauses between them."""
    monkeypatch.setattr("sindri_kubernetes.transport.random.random", lambda: -0.5)


def config(namespace: str) -> dict[str, Any]:
    """The smallest environment in this namespace."""
    return {
        "name": "cut",
        "deployment": {"provider": "kubernetes", "image": IMAGE},
        "providers": {"kubernetes": {"namespace": namespace}},
    }


def core(proxied: Proxy, namespace: str, state: Path) -> Core:
    """A core that goes through the proxy."""
    environ = {**os.environ, "KUBECONFIG": str(proxied.kubeconfig)}
    return Core(config(namespace), environ=environ, state_dir=state)


def converged(sindri: Core) -> Status:
    """Deploy again; the environment runs and nothing is left to do."""
    status = sindri.deploy(timeout=60).status
    assert status.state is State.RUNNING
    assert {c.action for c in sindri.plan().changes.items} == {Action.SAME}
    return status


@pytest.mark.parametrize("writes", [False, True], ids=["any request", "any write"])
@pytest.mark.parametrize("forwarded", [False, True], ids=["request lost", "answer lost"])
def test_a_deploy_cut_at_any_request_is_completed_by_the_next(
    proxied: Proxy, namespace: str, tmp_path: Path, forwarded: bool, writes: bool
) -> None:
    """Cut at the n-th request, or write, for growing n until a deploy survives; then nothing is left to do."""
    survived, n = False, 1
    while not survived:
        assert n < MANY
        proxied.cut = Cut(at=n, forwarded=forwarded, writes=writes)
        sindri = core(proxied, namespace, tmp_path)
        try:
            sindri.deploy(timeout=20)
            survived = True
        except ClusterError:
            survived = False
        n += 1 if n < FINE else 5
    proxied.cut = Cut()
    home = converged(core(proxied, namespace, tmp_path)).home
    assert home is not None
    assert home.phase == "Bound"


@pytest.mark.parametrize("writes", [False, True], ids=["any request", "any write"])
@pytest.mark.parametrize("forwarded", [False, True], ids=["request lost", "answer lost"])
def test_a_destroy_cut_at_any_request_is_completed_by_the_next(
    proxied: Proxy, namespace: str, tmp_path: Path, forwarded: bool, writes: bool
) -> None:
    """Destroy that is cut off goes on where it was: at the end nothing is left."""
    proxied.cut = Cut()
    core(proxied, namespace, tmp_path).deploy(timeout=60)
    survived, n = False, 1
    while not survived:
        assert n < MANY
        proxied.cut = Cut(at=n, forwarded=forwarded, writes=writes)
        try:
            core(proxied, namespace, tmp_path).destroy(delete_data=True, timeout=30)
            survived = True
        except ClusterError:
            survived = False
        n += 1 if n < FINE else 6
    proxied.cut = Cut()
    assert core(proxied, namespace, tmp_path).status().state is State.NOT_DEPLOYED
    removal = core(proxied, namespace, tmp_path).destroy(delete_data=True)
    assert removal.removed == ()


def test_ctrl_c_ends_with_130_and_the_next_deploy_completes(api_server: Any, namespace: str, tmp_path: Path) -> None:
    """SIGINT in the middle of a deploy: exit code 130, no traceback, and the next run converges."""
    file = tmp_path / "sindri.yaml"
    file.write_text(
        "name: cut\ndeployment: {provider: kubernetes, image: '" + IMAGE + "'}\n"
        f"providers: {{kubernetes: {{namespace: {namespace}}}}}\n"
    )
    environ = {**os.environ, "KUBECONFIG": str(api_server.kubeconfig), "SINDRI_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "sindri_core", "deploy", "--config", str(file)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        first = child.stderr.readline()
        child.send_signal(signal.SIGINT)
        _, rest = child.communicate(timeout=60)
    assert "Traceback" not in first + rest
    assert child.returncode == 130, first + rest
    again = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
