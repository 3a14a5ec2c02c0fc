"""The streams of a real process: closed early, not UTF-8, coloured, interrupted."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from sindri_kubernetes.testing import SimulatedCluster

Process: TypeAlias = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; give the exit code and both streams."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_reader_that_leaves_early(process: Process) -> None:
    """As with ``| head -1``: no traceback and no complaint."""
    with process("render") as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        said = started.stderr.read()
    assert started.returncode == 0
    assert "pipe" not in said.lower()
    assert "Traceback" not in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_is_not_utf8(process: Process, encoding: str) -> None:
    """What cannot be written is replaced; the command works."""
    code, out, err = ended(process("plan", "--offline", PYTHONIOENCODING=encoding))
    assert code == 0, err
    assert "dev" in out
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["plan", "--offline"], ["plan", "--offlin"], ["--help"]])
def test_no_colour_where_no_terminal_is(process: Process, words: list[str]) -> None:
    """Neither stream holds an escape sequence."""
    _, out, err = ended(process(*words))
    assert "\x1b" not in out + err


def test_interrupted_while_the_server_is_silent(process: Process, project: Path, silent: socket.socket) -> None:
    """Ctrl-C ends a command that waits for an answer: 130, and a message instead of a traceback."""
    kubeconfig = project / "silent.yaml"
    port = silent.getsockname()[1]
    kubeconfig.write_text(
        f"current-context: x\nclusters: [{{name: x, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n"
        "contexts: [{name: x, context: {cluster: x}}]\n",
        encoding="utf-8",
    )
    started = process("status", KUBECONFIG=str(kubeconfig))
    silent.settimeout(60)
    connection, _ = silent.accept()
    with connection:
        started.send_signal(signal.SIGINT)
        code, out, err = ended(started)
    assert (code, out) == (130, "")
    assert "error[SND-RUN-001]" in err
    assert "Traceback" not in err


def test_watching_ends_with_an_interrupt(process: Process, simulated_cluster: SimulatedCluster) -> None:
    """Status --watch prints the state and ends with 130 on Ctrl-C, without a traceback."""
    started = process("status", "--watch", KUBECONFIG=str(simulated_cluster.kubeconfig))
    assert started.stdout is not None
    first = started.stdout.readline()
    started.send_signal(signal.SIGINT)
    code, _, err = ended(started)
    assert first == "dev\n"
    assert code == 130
    assert "Traceback" not in err


def test_the_answer_and_the_progress_are_apart(process: Process, simulated_cluster: SimulatedCluster) -> None:
    """A deploy reports its steps on standard error alone."""
    code, out, err = ended(process("deploy", KUBECONFIG=str(simulated_cluster.kubeconfig)))
    assert code == 0
    assert out.startswith("dev is running")
    assert err
    assert "dev is running" not in err
