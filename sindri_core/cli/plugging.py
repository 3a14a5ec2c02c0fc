"""``plugins list`` and ``plugins doctor``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from sindri_core.discovery import Verdict, cached_verdicts, find, remember

if TYPE_CHECKING:
    from sindri_core.loading import Registry

COLUMNS = ("ID", "VERSION", "DISTRIBUTION", "API", "STATE", "PROVIDES")


@click.group()
def plugins() -> None:
    """Show the plugins and what is wrong with them."""


@plugins.command(name="list")
@click.option("-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", help="Form of the answer.")
@click.option("--check", is_flag=True, help="Load the plugins instead of remembering the last time.")
@click.option("--no-plugin", "no_plugin", multiple=True, metavar="ID", help="Leave a plugin out.")
@click.option("--no-plugins", is_flag=True, help="Leave all plugins out.")
def listed(output: str, check: bool, no_plugin: tuple[str, ...], no_plugins: bool) -> int:
    """List every installed plugin, loaded or not, and why not."""
    known = None if check or output != "text" or no_plugin or no_plugins else cached_verdicts(os.environ)
    if known is None:
        disabled = (*no_plugin, *(["*"] if no_plugins else []))
        known = _loaded(disabled)
        if not disabled:
            remember(os.environ, known)
    if output == "text":
        click.echo(_text(known))
        return 0
    from sindri_core.cli.render.documents import dump

    click.echo(dump([v._asdict() for v in known], output))
    return 0


@plugins.command()
@click.argument("plugin")
@click.option("-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", help="Form of the answer.")
def doctor(plugin: str, output: str) -> int:
    """Load one plugin and show everything about it, with the traceback of what failed."""
    import traceback

    from sindri_core.loading import verdicts

    registry = _registry(())
    found = [v for v in verdicts(registry) if v.id == plugin]
    errors = [r.error for r in registry.rejected if r.id == plugin and r.error]
    if not found:
        registry.require(plugin)
    traces = ["".join(traceback.format_exception(error)).strip() for error in errors]
    hooks = [list(p.hooks) for p in registry.loaded if p.info.id == plugin]
    document = {"plugins": [v._asdict() for v in found], "hooks": hooks, "errors": traces}
    if output == "text":
        click.echo(_text(found))
        click.echo("\n".join(["", *(f"  {hook}" for those in hooks for hook in those), *traces]))
        click.echo("".join(f"\n  {error.hint}" for error in errors))
    else:
        from sindri_core.cli.render.documents import dump

        click.echo(dump(document, output))
    return 3 if errors else 0


def _text(verdicts: tuple[Verdict, ...] | list[Verdict]) -> str:
    rows = [COLUMNS]
    rows += [(v.id, v.version, v.distribution, v.api, v.state, v.reason or v.provides or "-") for v in verdicts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _loaded(disabled: tuple[str, ...]) -> tuple[Verdict, ...]:
    from sindri_core.loading import verdicts

    return verdicts(_registry(disabled))


def _registry(disabled: tuple[str, ...]) -> Registry:
    from sindri_core.core import disabled_by
    from sindri_core.loading import load

    return load(find(os.environ), disabled={*disabled, *disabled_by(os.environ)})
