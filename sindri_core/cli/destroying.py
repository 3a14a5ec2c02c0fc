"""``destroy``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import environment_options, opened
from sindri_core.cli.render import answer
from sindri_core.cli.render.clean import clean
from sindri_core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--delete-data", is_flag=True, help="Delete the home volume too. What is in it is lost.")
@click.option("--accept-cluster", is_flag=True, help="Accept that the context leads to another cluster now.")
@environment_options
def destroy(chosen: Chosen, yes: bool, delete_data: bool, accept_cluster: bool) -> int:
    """Take the environment away; its home stays unless --delete-data."""
    from sindri_core.cli.render import text

    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "SND-USE-002",
            "destroy asks before it removes anything, and there is no terminal to ask on",
            hint="sindri destroy --yes",
        )
    with opened(chosen) as core:
        if not yes:
            preview = core.destroy(
                delete_data=delete_data, dry_run=True, accept_cluster=accept_cluster, **chosen.deadline()
            )
            click.echo(clean(text.removal(preview)), err=True)
            if preview.removed and not click.confirm("Remove this?", err=True):
                click.echo("nothing was removed", err=True)
                return ExitCode.INTERRUPTED
        result = core.destroy(delete_data=delete_data, accept_cluster=accept_cluster, **chosen.deadline())
    answer(result, chosen.output, text.removal)
    return ExitCode.OK
