"""The group of all commands, which imports a command only when it is called, and what surrounds a call."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from types import FrameType

    from sindri_core.context import CancelToken

COMMANDS = {
    "plan": ("lifecycle:plan", "Show what deploy would do, and do nothing."),
    "deploy": ("lifecycle:deploy", "Make the environment, or bring it up to date, and wait until it runs."),
    "status": ("looking:status", "Show how the environment is."),
    "list": ("looking:environments", "List all environments in the cluster."),
    "stop": ("power:stop", "Take the power away and keep everything else."),
    "start": ("power:start", "Give the power back and wait until the environment runs."),
    "destroy": ("destroying:destroy", "Take the environment away; its home stays."),
    "render": ("looking:render", "Print the objects that deploy would apply."),
    "config": ("configuring:config", "Make, check and show sindri.yaml."),
    "plugins": ("plugging:plugins", "Show the plugins and what is wrong with them."),
    "completion": ("completing:completion", "Print the completion script of a shell."),
}


class Commands(click.Group):
    """Knows its commands by name; each is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List ours in the order of a life, then those of plugins."""
        return [*COMMANDS, *sorted(set(_contributed()) - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command. Ours come before a plugin's of the same name."""
        if cmd_name in COMMANDS:
            module, _, attribute = COMMANDS[cmd_name][0].partition(":")
            return _command(f"sindri_core.cli.{module}", attribute)
        value = _contributed().get(cmd_name)
        if not value:
            return None
        module, _, attribute = value.partition(":")
        try:
            return _command(module, attribute)
        except Exception as error:
            message = f"the plugin command {cmd_name} cannot be imported: {type(error).__name__}: {error}"
            raise click.ClickException(message) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything."""
        ours = [(name, text) for name, (_, text) in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(ours)
        theirs = sorted(set(_contributed()) - set(COMMANDS))
        if theirs:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, f"sindri {name} --help") for name in theirs])


def _command(module: str, attribute: str) -> click.Command:
    found = getattr(import_module(module), attribute)
    assert isinstance(found, click.Command)  # noqa: S101 - what an entry point of ours names
    return found


def _contributed() -> dict[str, str]:
    from sindri_core.discovery import commands, find

    return {ref.id: ref.value for ref in commands(find(os.environ))}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sindri-core", prog_name="sindri", message="%(prog)s %(version)s")
def sindri() -> None:
    """Deploy a development environment from one sindri.yaml.

    Start with: sindri config init, sindri plan, sindri deploy.
    """


def run(args: Sequence[str] | None) -> int:
    """Run one command. Every error becomes a message and an exit code."""
    from sindri_core.cli import failing

    arguments = list(sys.argv[1:] if args is None else args)
    try:
        answer = sindri.main(args=arguments, prog_name="sindri", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return failing.interrupted()
    except click.ClickException as error:
        return failing.wrong_usage(error)
    except BrokenPipeError:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, a person gets a message
        return failing.failed(error, arguments)
    return int(answer or 0)


class Interruptible:
    """While a command runs, the first Ctrl-C asks it to stop at a safe point; the second stops it at once."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        except ValueError:  # not the main thread: signals are somebody else's
            self._before.clear()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._cancel.cancelled:
            raise KeyboardInterrupt
        self._cancel.set()
        click.echo("stopping; once more leaves at once", err=True)
