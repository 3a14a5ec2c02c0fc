"""The options that environment commands share, and the ``Core`` that they make."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sindri_core.cli.chosen import Chosen
from sindri_core.cli.signals import Interruptible

if TYPE_CHECKING:
    from sindri_core.core import Core


_FORMS = click.Choice(["text", "json", "yaml"])
_FILE = click.Path(path_type=Path)


class _Seconds(click.FloatRange):
    """Seconds; ``nan`` is a float and no number of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        return seconds if seconds == seconds else self.fail(f"{value!r} is no number of seconds", param, ctx)  # noqa: PLR0124 - nan


_SECONDS = _Seconds(min=0.1, max=86400)
_SHARED = [
    click.option("-c", "--config", type=_FILE, help="The configuration. Default: sindri.yaml here or above."),
    click.option("--name", default="", help="Name of the environment, instead of the configuration's."),
    click.option("--context", default="", help="Context of the kubeconfig."),
    click.option("-n", "--namespace", default="", help="Namespace."),
    click.option("-o", "--output", type=_FORMS, default="text", help="Form of the answer."),
    click.option("--timeout", type=_SECONDS, help="Seconds after which the command gives up."),
    click.option("--no-plugin", "no_plugin", multiple=True, metavar="ID", help="Leave a plugin out."),
    click.option("--no-plugins", is_flag=True, help="Leave all plugins out."),
    click.option("-v", "--verbose", is_flag=True, help="Log every event and request to standard error."),
    click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of the log."),
    click.option("--no-color", is_flag=True, help="No colour, also on a terminal."),
]


_IMAGES = [
    click.option("--trust", type=_FILE, help="A trust file, instead of the user's own."),
    click.option("--no-cache", is_flag=True, help="Ask registries for everything anew, and keep nothing."),
]


def image_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that resolves images its options; stands above ``environment_options``."""

    @functools.wraps(command)
    def wrapped(**values: Any) -> Any:
        trust, no_cache = values.pop("trust"), values.pop("no_cache")
        return command(trust=trust, cache=not no_cache, **values)

    for option in reversed(_IMAGES):
        wrapped = option(wrapped)
    return wrapped


def environment_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it receives them as its first argument, a ``Chosen``."""

    @functools.wraps(command)
    def wrapped(**values: Any) -> Any:
        no_plugins = values.pop("no_plugins")
        named = values.pop("no_plugin")
        chosen = Chosen(
            config=values.pop("config"),
            name=values.pop("name"),
            context=values.pop("context"),
            namespace=values.pop("namespace"),
            output=values.pop("output"),
            timeout=values.pop("timeout"),
            disabled=("*", *named) if no_plugins else tuple(named),
            verbose=values.pop("verbose"),
            log_format=values.pop("log_format"),
            color=not values.pop("no_color"),
            trust=values.pop("trust", None),
            cache=values.pop("cache", True),
        )
        if not chosen.color:
            click.get_current_context().color = False
        return command(chosen, **values)

    for option in reversed(_SHARED):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def opened(chosen: Chosen, *, steps: bool = True, warnings: bool = True) -> Iterator[Core]:
    """Make the ``Core`` that a command works with; Ctrl-C cancels it, its events are shown.

    A command whose answer is all there is to report leaves out ``steps``, or also ``warnings`` of the configuration.
    """
    from sindri_core.cli.progress import observer
    from sindri_core.core import Core

    with Interruptible(chosen.cancel), observer(chosen, steps=steps, warnings=warnings) as tell:
        with redirect_stdout(sys.stderr):  # what a plugin prints on import is no part of the answer
            core = Core(
                chosen.config,
                disabled=chosen.disabled,
                on_event=tell,
                name=chosen.name,
                context=chosen.context,
                namespace=chosen.namespace,
                trust=chosen.trust,
                cache=chosen.cache,
                cancel=chosen.cancel,
            )
        installed = {plugin.id for plugin in core.registry.rejected} | core.registry.versions().keys()
        for unknown in sorted({*chosen.disabled} - installed - {"*"}):
            click.echo(f"! there is no plugin {unknown} to leave out: sindri plugins list", err=True)
        if not chosen.disabled:
            _remember(core)
        with core:
            yield core


def _remember(core: Core) -> None:
    """Keep what this load said of each plugin, for ``plugins list``."""
    from sindri_core.discovery import cached_verdicts, remember
    from sindri_core.loading import DISABLED, verdicts

    if any(rejected.state == DISABLED for rejected in core.registry.rejected):
        return  # one sindri.yaml leaves it out, which says nothing about other folders
    said = verdicts(core.registry)
    if cached_verdicts(os.environ) != said:
        remember(os.environ, said)
