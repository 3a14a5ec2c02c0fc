"""``sindri demo``: the whole life of an environment, by the real commands, on the simulated cluster."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

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
STEPS = (
    ("what would happen", "plan"),
    ("make it", "deploy"),
    ("how is it", "status"),
    ("switch it off; its home stays", "stop"),
    ("and on again", "start"),
    ("deploying again changes nothing", "deploy"),
    ("away with it", "destroy --yes --delete-data"),
)
NOTICE = """\
This is a simulation. The cluster is a small program inside this process: no container runs, no image is pulled,
nothing of yours is read or changed. The commands and what they print are the real ones.
"""


@click.command()
def demo() -> int:
    """Show the whole life of an environment on a simulated cluster."""
    from sindri_kubernetes.testing.cluster import SimulatedCluster
    from sindri_kubernetes.testing.controllers.scene import Pace

    click.secho(NOTICE, bold=True)
    with (
        tempfile.TemporaryDirectory(prefix="sindri-demo-") as folder,
        SimulatedCluster(pace=Pace(start=0.4, stop=0.2)) as cluster,
    ):
        Path(folder, "sindri.yaml").write_text(CONFIG)
        _show("cat sindri.yaml")
        click.echo(CONFIG)
        environ = _secluded(folder, cluster.kubeconfig)
        for why, command in STEPS:
            _show(f"sindri {command}", why)
            code = _run(command, folder, environ)
            if code:
                click.echo(f"sindri demo: sindri {command} ended with {code}, which it should not", err=True)
                return code
    click.secho(
        f"That was a simulation: {len(cluster.requests)} requests to a cluster that no longer exists.", bold=True
    )
    click.echo("With a cluster of your own: sindri config init, sindri plan, sindri deploy.")
    return 0


def _run(command: str, folder: str, environ: Mapping[str, str]) -> int:
    """Run a command as a person would: as a program of its own, in the folder of its sindri.yaml."""
    done = subprocess.run(
        [sys.executable, "-m", "sindri_core", *shlex.split(command)], cwd=folder, env=environ, check=False
    )
    click.echo()
    return done.returncode


def _show(command: str, why: str = "") -> None:
    click.echo(click.style(f"$ {command}", bold=True) + (f"    # {why}" if why else ""))


def _secluded(folder: str, kubeconfig: Path) -> dict[str, str]:
    """Return an environment with a home and a state of its own, which leads to the simulated cluster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SINDRI_", "XDG_"))}
    return kept | {"HOME": folder, "SINDRI_STATE_DIR": f"{folder}/state", "KUBECONFIG": str(kubeconfig)}
