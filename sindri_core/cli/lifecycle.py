"""``plan`` and ``deploy``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import environment_options, image_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ExitCode, UsageError
from sindri_core.files import replace_private

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen
    from sindri_core.pipeline import Deployed

LARGEST = 4 << 20
"""Bytes that a plan file may have."""
_adopt = click.option("--adopt", multiple=True, metavar="KIND/NAME", help="Take over a foreign object (or: all).")
_force = click.option("--force-conflicts", is_flag=True, help="Take fields from other managers.")
_accept = click.option("--accept-cluster", is_flag=True, help="Accept that the context leads to another cluster now.")


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Keep the plan for deploy --plan.")
@click.option("--offline", is_flag=True, help="Use no network and compare with nothing.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 6 when there is something to change.")
@_adopt
@_force
@_accept
@image_options
@environment_options
def plan(
    chosen: Chosen,
    out: Path | None,
    offline: bool,
    detailed_exitcode: bool,
    adopt: tuple[str, ...],
    force_conflicts: bool,
    accept_cluster: bool,
) -> int:
    """Show what deploy would do, and do nothing."""
    from sindri_core import planfile
    from sindri_core.cli.render import text

    with opened(chosen, steps=False, warnings=False) as core:
        result = core.plan(
            offline=offline,
            adopt=adopt,
            force_conflicts=force_conflicts,
            accept_cluster=accept_cluster,
            **chosen.deadline(),
        )
    if out:
        _write(out, json.dumps(planfile.to_document(result), indent=2) + "\n")
    answer(result, chosen.output, text.plan)
    return ExitCode.CHANGES if detailed_exitcode and result.pending() else ExitCode.OK


@click.command()
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), help="Apply exactly this plan, or refuse.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the environment runs.")
@_adopt
@_force
@_accept
@image_options
@environment_options
def deploy(
    chosen: Chosen,
    plan_file: Path | None,
    no_wait: bool,
    adopt: tuple[str, ...],
    force_conflicts: bool,
    accept_cluster: bool,
) -> int:
    """Make the environment, or bring it up to date, and wait until it runs."""
    document = _read(plan_file) if plan_file else None
    with opened(chosen) as core:
        result = core.deploy(
            plan_file=document,
            wait=not no_wait,
            adopt=adopt,
            force_conflicts=force_conflicts,
            accept_cluster=accept_cluster,
            **chosen.deadline(),
        )
    answer(result, chosen.output, _deployed)
    return ExitCode.OK


def _deployed(result: Deployed) -> str:
    status = result.status
    lines = [f"{status.name} is {status.state.value}" + (f" on {status.node}" if status.node else "")]
    lines += ["it was stopped and stays so:  sindri start"] if status.replicas == 0 else []
    return "\n".join([*lines, "", "  sindri status         how it is", "  sindri stop           take the power away"])


def _read(file: Path) -> dict[str, object]:
    """Read a plan file, which is untrusted: a regular file of bounded size, and not nested without end."""
    from sindri_core.files import read_regular

    problem, document = "it holds no mapping", None
    try:
        content = read_regular(file, LARGEST)
        if len(content) > LARGEST:
            problem = f"it is larger than {LARGEST >> 20} MiB"
        else:
            document = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        problem = getattr(error, "strerror", "") or str(error)
    if isinstance(document, dict):
        return document
    hint = f"make one: sindri plan --out {file}"
    raise UsageError("SND-PLN-001", f"the plan file {file} cannot be read: {problem}", hint=hint)


def _write(file: Path, content: str) -> None:
    """Replace the file in one step; only its owner may read it."""
    try:
        replace_private(file, content.encode())
    except OSError as error:
        raise UsageError(
            "SND-USE-001", f"{file} cannot be written: {error.strerror}", hint="choose another file: --out FILE"
        ) from None
