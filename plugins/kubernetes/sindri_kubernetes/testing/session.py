"""What the demo types: a program that runs sindri's commands one after the other, each as a person would.

One process for all of them, because importing the Kubernetes client takes longer than any of the commands.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import click

STEPS = (
    ("what would happen", "plan"),
    ("make it", "deploy"),
    ("how is it", "status"),
    ("switch it off; its home stays", "stop"),
    ("and on again", "start"),
    ("deploying again changes nothing", "deploy"),
    ("away with it", "destroy --yes --delete-data"),
)
FILE = Path("sindri.yaml")


def main() -> int:
    """Show the configuration and run every command, until one fails; return its exit code."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        _typed(f"cat {FILE}")
        click.echo(FILE.read_text(encoding="utf-8"))
        sindri = _program()
        for why, command in STEPS:
            _typed(f"sindri {command}", why)
            sys.argv = ["sindri", *shlex.split(command)]
            if code := sindri():
                return code
            click.echo()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # nobody reads on (``| head``), and Python must not try again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _program() -> Callable[[], int]:
    """Find the console script ``sindri``, as the shell does."""
    scripts = distribution("sindri-core").entry_points.select(group="console_scripts", name="sindri")
    program: Callable[[], int] = next(iter(scripts)).load()
    return program


def _typed(command: str, why: str = "") -> None:
    click.echo(click.style(f"$ {command}", bold=True) + (f"    # {why}" if why else ""))


if __name__ == "__main__":
    sys.exit(main())
