"""The reference of the command line: from the commands themselves."""

from __future__ import annotations

import tomllib
from importlib import import_module
from typing import TYPE_CHECKING

import click

from generator import markdown, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

Command = tuple[str, click.Command]

INTRODUCTION = """
Standard output carries the answer, standard error everything else. `-o json` and `-o yaml` print [documented
data](output.md). Every error has [a code and a page](../errors/README.md).
"""
EXIT_CODES = (
    ("0", "It worked."),
    ("1", "Something unexpected: a defect."),
    ("2", "Wrong usage, or sindri.yaml cannot be used."),
    ("3", "A plugin is missing or broken."),
    ("4", "The image cannot be found or was refused."),
    ("5", "The cluster or the deployment."),
    ("6", "Only `plan --detailed-exitcode`: there is something to change."),
    ("130", "Interrupted. Running the same command again continues."),
)


def pages() -> dict[str, str]:
    """Make the page."""
    found = [(f"sindri {name}", command) for top in _top() for name, command in _below(*top)]
    shared = _shared(dict(found))
    common = [option for option in _options(dict(found)["sindri plan"]) if option[0] in shared]
    text = markdown.page(
        "Commands",
        INTRODUCTION,
        markdown.table(("Command", "What it does"), [(_link(name), _summary(command)) for name, command in found]),
        "## Shared options\n\nEvery command that works with an environment takes these.",
        markdown.table(("Option", "Meaning", "Default"), common),
        *[_command(name, command, shared) for name, command in found],
        "## Exit codes",
        markdown.table(("Code", "Meaning"), EXIT_CODES),
    )
    return {"reference/commands.md": text}


def _top() -> list[Command]:
    """List the core's commands, then those that the plugins of this repository bring."""
    from sindri_core.cli import app

    context = click.Context(app.sindri)
    ours = [(name, app.sindri.get_command(context, name)) for name in app.COMMANDS]
    return [(name, command) for name, command in [*ours, *_contributed()] if command]


def _contributed() -> Iterator[Command]:
    for project in sorted(shipped.REPOSITORY.glob("plugins/*/pyproject.toml")):
        points = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["entry-points"]
        for name, value in sorted(points.get("sindri.commands", {}).items()):
            module, _, attribute = value.partition(":")
            yield name, getattr(import_module(module), attribute)


def _below(name: str, command: click.Command) -> Iterator[Command]:
    """Take the command itself, or what a group holds."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for below, each in command.commands.items():
        yield from _below(f"{name} {below}", each)


def _shared(found: dict[str, click.Command]) -> set[str]:
    """Name the options that all commands about one environment have."""
    names = [{option[0] for option in _options(found[f"sindri {name}"])} for name in ("plan", "status", "destroy")]
    return set.intersection(*names)


def _summary(command: click.Command) -> str:
    return markdown.prose(command.help).split("\n\n")[0]


def _link(name: str) -> str:
    return f"[`{name}`](#{name.replace(' ', '-')})"


def _options(command: click.Command) -> list[tuple[str, str, str]]:
    """List the options as they are typed, without the help that every command has."""
    rows = []
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            names = ", ".join(parameter.opts)
            metavar = "" if parameter.is_flag else f" {parameter.make_metavar(click.Context(command))}"
            plain = isinstance(parameter.default, str | int | float) and not parameter.is_flag
            rows.append((f"`{names}{metavar}`", parameter.help or "", str(parameter.default or "") if plain else ""))
    return rows


def _command(name: str, command: click.Command, shared: set[str]) -> str:
    options = _options(command)
    own = [option for option in options if option[0] not in shared]
    takes_shared = shared <= {option[0] for option in options}
    usage = " ".join([name, *command.collect_usage_pieces(click.Context(command))])
    parts = [f"## {name}", markdown.block(usage), markdown.prose(command.help)]
    if own:
        parts.append(markdown.table(("Option", "Meaning", "Default"), own))
    if takes_shared:
        parts.append("Also takes the [shared options](#shared-options).")
    return "\n\n".join(parts)
