"""``plugins list`` and ``plugins doctor``."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from sindri_core.cli.render.clean import clean
from sindri_core.discovery import Verdict, cached_verdicts, find, remember
from sindri_core.errors import ExitCode

if TYPE_CHECKING:
    from sindri_core.loading import Registry
    from sindri_core.types import Check

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
        click.echo(clean(_text(known)))
        return ExitCode.OK
    from sindri_core.cli.render.documents import dump

    click.echo(dump([v._asdict() for v in known], output))
    return ExitCode.OK


@plugins.command()
@click.argument("plugin")
@click.option("-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", help="Form of the answer.")
def doctor(plugin: str, output: str) -> int:
    """Load one plugin alone and show everything about it: its hooks, its checks, the traceback of what failed."""
    from sindri_core.cli.render import answer

    report = _examined(plugin)
    answer(report, output, _report)
    return ExitCode.PLUGIN if report["errors"] or any(c["ok"] is False for c in report["checks"]) else ExitCode.OK


def _examined(plugin: str) -> dict[str, Any]:
    """Load the plugin and gather what there is to say. Raises ``PluginNotFound`` when it is not installed."""
    from traceback import format_exception

    from sindri_core.cli.render.documents import to_plain
    from sindri_core.loading import verdicts

    registry = _registry((), plugin)
    errors = [rejected.error for rejected in registry.rejected if rejected.error]
    if not registry.rejected:
        registry.require(plugin)
    return {
        "plugins": [verdict._asdict() for verdict in verdicts(registry)],
        "checks": to_plain(_checks(registry)),
        "errors": ["".join(format_exception(error)).strip() for error in errors],
        "hints": [error.hint for error in errors],
    }


def _checks(registry: Registry) -> list[Check]:
    """Let the plugin check its tools and services, as far as that needs no configuration."""
    from sindri_core.config.validation import default_config
    from sindri_core.context import Context
    from sindri_core.hooks import Hooks
    from sindri_core.requests import CheckRequest

    if not registry.loaded:
        return []
    ctx = Context(config=default_config(registry.sections()), environ=dict(os.environ), dry_run=True)
    return Hooks(registry, ctx.emit).check(ctx, CheckRequest())


def _report(report: dict[str, Any]) -> str:
    verdicts = [Verdict(**verdict) for verdict in report["plugins"]]
    hooks = [hook for verdict in verdicts for hook in verdict.hooks.split(", ") if hook]
    lines = [_text(verdicts), *([""] if hooks else []), *(f"  {hook}" for hook in hooks)]
    marks = {True: "✔", False: "✘", None: "-"}
    for check in report["checks"]:
        lines.append(f"  {marks[check['ok']]} {check['title']}   {check['detail']}".rstrip())
        lines += [f"    fix  {check['fix']}"] if check["fix"] else []
    for trace, hint in zip(report["errors"], report["hints"], strict=True):
        lines += ["", trace, "", f"  fix     {hint}"]
    return "\n".join(lines)


def _text(verdicts: tuple[Verdict, ...] | list[Verdict]) -> str:
    rows = [COLUMNS]
    said = ((v, " ".join((v.reason or v.provides or "-").split())) for v in verdicts)
    rows += [(v.id, v.version, v.distribution, v.api, v.state, text) for v, text in said]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _loaded(disabled: tuple[str, ...]) -> tuple[Verdict, ...]:
    from sindri_core.loading import verdicts

    return verdicts(_registry(disabled))


def _registry(disabled: tuple[str, ...], only: str = "") -> Registry:
    from sindri_core.discovery import disabled_by
    from sindri_core.loading import load

    found = tuple(ref for ref in find(os.environ) if not only or ref.id == only)
    with redirect_stdout(sys.stderr):  # what a plugin prints on import is no part of the answer
        return load(found, disabled={*disabled, *disabled_by(os.environ)})
