"""``status``, ``list`` and ``render``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import Chosen, environment_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ClusterUnreachable, ExitCode, Interrupted
from sindri_core.types import State

if TYPE_CHECKING:
    from sindri_core.core import Core
    from sindri_core.types import Status

BETWEEN_LOOKS = 1.0
"""Seconds between two looks of ``status --watch``."""


@click.command()
@click.option("--watch", is_flag=True, help="Show it again whenever it changes, until Ctrl-C.")
@environment_options
def status(chosen: Chosen, watch: bool) -> int:
    """Show how the environment is."""
    from sindri_core.cli.render import text

    with opened(chosen, steps=False) as core:
        try:
            now = core.status(**chosen.deadline())
        except ClusterUnreachable:
            if chosen.output == "text":
                click.echo(f"{core.config.name}\n  {'state':<10} {State.UNREACHABLE.value}")
            raise
        answer(now, chosen.output, text.status)
        return _followed(core, chosen, now) if watch else ExitCode.OK


def _followed(core: Core, chosen: Chosen, now: Status) -> int:
    """Show each change until somebody ends it, which is how watching ends."""
    from sindri_core.cli.render import text

    while True:
        try:
            chosen.cancel.wait(BETWEEN_LOOKS)
            before, now = now, core.status(**chosen.deadline())
        except Interrupted:
            return ExitCode.INTERRUPTED
        if now != before:
            answer(now, chosen.output, text.status)


@click.command(name="list")
@environment_options
def environments(chosen: Chosen) -> int:
    """List all environments in the cluster."""
    from sindri_core.cli.render import text

    with opened(chosen, steps=False) as core:
        answer(core.environments(**chosen.deadline()), chosen.output, text.environments)
    return ExitCode.OK


@click.command()
@environment_options
def render(chosen: Chosen) -> int:
    """Print the objects that deploy would apply, as YAML or JSON. Uses no network."""
    from sindri_core.cli.render.documents import dump, dump_all, to_plain

    with opened(chosen, steps=False) as core:
        bodies = [to_plain(manifest.body) for manifest in core.render(**chosen.deadline())]
    together = {"apiVersion": "v1", "kind": "List", "items": bodies}  # JSON is one document, and kubectl takes this one
    click.echo(dump(together, "json") if chosen.output == "json" else dump_all(bodies))
    return ExitCode.OK
