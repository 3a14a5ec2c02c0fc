"""``stop`` and ``start``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import environment_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ExitCode

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen

_no_wait = click.option("--no-wait", is_flag=True, help="Do not wait.")
_accept = click.option("--accept-cluster", is_flag=True, help="Accept that the context leads to another cluster now.")


@click.command()
@_no_wait
@_accept
@environment_options
def stop(chosen: Chosen, no_wait: bool, accept_cluster: bool) -> int:
    """Take the power away and keep everything else."""
    from sindri_core.cli.render import text

    with opened(chosen) as core:
        now = core.stop(wait=not no_wait, accept_cluster=accept_cluster, **chosen.deadline())
    answer(now, chosen.output, text.status)
    return ExitCode.OK


@click.command()
@_no_wait
@_accept
@environment_options
def start(chosen: Chosen, no_wait: bool, accept_cluster: bool) -> int:
    """Give the power back and wait until the environment runs."""
    from sindri_core.cli.render import text

    with opened(chosen) as core:
        now = core.start(wait=not no_wait, accept_cluster=accept_cluster, **chosen.deadline())
    answer(now, chosen.output, text.status)
    return ExitCode.OK
