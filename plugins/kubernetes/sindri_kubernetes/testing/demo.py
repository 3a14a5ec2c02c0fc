"""``sindri demo``: the whole life of an environment, by the real commands, on the simulated cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import FrameType

CONFIG = """\
version: "1.0"
name: demo
deployment:
  provider: kubernetes
  image: ghcr.io/acme/app@sha256:9f2cb1f0b2a4d2c2d6bb8b7c6f0d5e3a1c4b7a9e8d6f5c4b3a29181706f5e4d3
  resources:
    memory: 4GB
    cpus: 2
providers:
  kubernetes:
    namespace: dev-acme
"""
NOTICE = """\
This is a simulation. The cluster is a small program on this machine: no container runs, no image is pulled,
nothing of yours is read or changed. The commands and what they print are the real ones.
"""
SESSION = "sindri_kubernetes.testing.session"
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@click.command()
def demo() -> int:
    """Show the whole life of an environment on a simulated cluster."""
    from sindri_kubernetes.testing.cluster import SimulatedCluster
    from sindri_kubernetes.testing.controllers.scene import Pace

    click.secho(NOTICE, bold=True)
    with (
        _stoppable() as stop,
        tempfile.TemporaryDirectory(prefix="sindri-demo-") as folder,
        SimulatedCluster(pace=Pace(start=0.4, stop=0.2)) as cluster,
    ):
        Path(folder, "sindri.yaml").write_text(CONFIG, encoding="utf-8")
        code = stop.follow(_session(folder, cluster.kubeconfig))
        requests = len(cluster.requests)
    if stop.asked:
        click.echo("the demo was stopped; nothing is left of it", err=True)
        return 130
    if code:
        return code
    click.secho(f"That was a simulation: {requests} requests to a cluster that no longer exists.", bold=True)
    click.echo("With a cluster of your own: sindri config init, sindri plan, sindri deploy.")
    return 0


def _session(folder: str, kubeconfig: Path) -> subprocess.Popen[bytes]:
    """Start the program that types the commands, in the folder of their sindri.yaml.

    It is out of reach of the terminal's Ctrl-C, which comes by way of ``Stop``: once, and not before it can take it.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", SESSION],
        cwd=folder,
        env=_secluded(folder, kubeconfig),
        stdin=subprocess.DEVNULL,
        process_group=0,
    )


class Stop:
    """Passes a wish to stop on to the session, which lets its command come to a safe point."""

    def __init__(self) -> None:
        self.asked = False
        self._session: subprocess.Popen[bytes] | None = None

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Stop the session as Ctrl-C would."""
        self.asked = True
        if self._session:
            self._session.send_signal(signal.SIGINT)

    def follow(self, session: subprocess.Popen[bytes]) -> int:
        """Wait until the session has ended; give its exit code."""
        self._session = session
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        return session.wait()


@contextmanager
def _stoppable() -> Iterator[Stop]:
    """Take signals for a wish to stop, so that the folder and the cluster are always cleared away.

    They wait until there is a session to stop; it starts with them blocked and lets them in when it is ready.
    """
    stop = Stop()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    before = {number: signal.signal(number, stop.ask) for number in STOPPING}
    try:
        yield stop
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        for number, handler in before.items():
            signal.signal(number, handler)


def _secluded(folder: str, kubeconfig: Path) -> Mapping[str, str]:
    """Return an environment with a home and a state of its own, which leads to the simulated cluster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SINDRI_", "XDG_"))}
    return kept | {"HOME": folder, "SINDRI_STATE_DIR": f"{folder}/state", "KUBECONFIG": str(kubeconfig)}
