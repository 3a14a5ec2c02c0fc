"""``status``, ``list`` and ``render``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import environment_options, image_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ClusterUnreachable, DeadlineExceeded, ExitCode, Interrupted
from sindri_core.types import Destination, State, Status
from sindri_core.waiting import unreachable

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen
    from sindri_core.core import Core


@click.command()
@click.option("--watch", is_flag=True, help="Show it again whenever it changes, until Ctrl-C.")
@environment_options
def status(chosen: Chosen, watch: bool) -> int:
    """Show how the environment is."""
    from sindri_core.cli.render import text

    with opened(chosen, steps=False) as core:
        try:
            if watch:
                return _followed(core, chosen)
            answer(core.status(**chosen.deadline()), chosen.output, text.status)
        except (ClusterUnreachable, DeadlineExceeded) as error:
            place = Destination(provider=core.config.provider, context=chosen.context, namespace=chosen.namespace)
            known = Status(name=core.config.name, state=State.UNREACHABLE, destination=place)
            answer(unreachable(known, error), chosen.output, _unseen)
            raise
    return ExitCode.OK


def _followed(core: Core, chosen: Chosen) -> int:
    """Show each change until somebody ends it, which is how watching ends."""
    from sindri_core.cli.render import text

    try:
        for number, now in enumerate(core.watch(**chosen.deadline())):
            if number and chosen.output != "json":
                click.echo("---" if chosen.output == "yaml" else "")
            answer(now, chosen.output, text.status)
    except Interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def _unseen(status: Status) -> str:
    """The state alone: why stands in the error below it."""
    return f"{status.name}\n  {'state':<10} {status.state.value}"


@click.command(name="list")
@environment_options
def environments(chosen: Chosen) -> int:
    """List all environments in the cluster."""
    from sindri_core.cli.render import text

    with opened(chosen, steps=False) as core:
        answer(core.environments(**chosen.deadline()), chosen.output, text.environments)
    return ExitCode.OK


@click.command()
@image_options
@environment_options
def render(chosen: Chosen) -> int:
    """Print the objects that deploy would apply, as YAML or JSON. Uses no network."""
    from sindri_core.cli.render.documents import dump, dump_all, to_plain

    with opened(chosen, steps=False) as core:
        bodies = [to_plain(manifest.body) for manifest in core.render(**chosen.deadline())]
    together = {"apiVersion": "v1", "kind": "List", "items": bodies}  # JSON is one document, and kubectl takes this one
    click.echo(dump(together, "json") if chosen.output == "json" else dump_all(bodies))
    return ExitCode.OK
