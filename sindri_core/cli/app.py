"""The group of all commands, which imports a command only when it is called, and what surrounds a call."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import click

from sindri_core import __version__
from sindri_core.cli.arguments import reordered
from sindri_core.errors import ExitCode, Interrupted, PluginImportError, UsageError

if TYPE_CHECKING:
    from sindri_core.discovery import PluginRef

COMMANDS = {
    "plan": ("lifecycle:plan", "Show what deploy would do, and do nothing."),
    "deploy": ("lifecycle:deploy", "Make the environment, or bring it up to date, and wait until it runs."),
    "status": ("looking:status", "Show how the environment is."),
    "list": ("looking:environments", "List all environments in the cluster."),
    "stop": ("power:stop", "Take the power away and keep everything else."),
    "start": ("power:start", "Give the power back and wait until the environment runs."),
    "destroy": ("destroying:destroy", "Take the environment away; its home stays."),
    "render": ("looking:render", "Print the objects that deploy would apply."),
    "image": ("imaging:image", "Resolve, verify and inspect images, and list their versions."),
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
        ref = _contributed().get(cmd_name)
        if not ref:
            return None
        module, _, attribute = ref.value.partition(":")
        try:
            return _command(module, attribute)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginImportError(
                "SND-PLG-002",
                f"the command {cmd_name} of {ref.distribution} {ref.version} cannot be imported: "
                f"{type(error).__name__}: {error}",
                hint=f"pip install --upgrade {ref.distribution}   or: pip uninstall {ref.distribution}",
                plugin=cmd_name,
                distribution=ref.distribution,
            ) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one say which is meant."""
        if args and not ctx.resilient_parsing and args[0] not in COMMANDS and args[0] not in _contributed():
            from sindri_core.spelling import nearest

            near = nearest(args[0], self.list_commands(ctx))
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything."""
        ours = [(name, text) for name, (_, text) in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(ours)
        theirs = [(name, f"from {ref.distribution}") for name, ref in sorted(_contributed().items())]
        theirs = [row for row in theirs if row[0] not in COMMANDS]
        if theirs:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(theirs)


def _command(module: str, attribute: str) -> click.Command:
    found = getattr(import_module(module), attribute)
    if not isinstance(found, click.Command):
        message = f"{module}:{attribute} is a {type(found).__name__} and no click command"
        raise TypeError(message)
    return found


def _contributed() -> dict[str, PluginRef]:
    from sindri_core.discovery import commands, disabled_by, find, plugins

    refs, disabled = find(os.environ), disabled_by(os.environ)
    silent = {ref.distribution for ref in plugins(refs) if ref.id in disabled or "*" in disabled}
    return {ref.id: ref for ref in commands(refs) if ref.distribution not in silent}


def _width() -> int:
    """Columns for help. Asked here, because click's own question imports all of shutil for it."""
    narrowest, usual, widest = 50, 80, 100
    try:
        columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(1).columns
    except (ValueError, OSError):
        columns = usual
    return max(narrowest, min(widest, columns) - 2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "terminal_width": _width()})
@click.version_option(__version__, "-V", "--version", prog_name="sindri", message="%(prog)s %(version)s")
def sindri() -> None:
    """Deploy a development environment from one sindri.yaml.

    Start with: sindri config init, sindri plan, sindri deploy. The options that all commands about an environment
    share (sindri plan --help) may also stand before the command.
    """


def run(args: Sequence[str] | None) -> int:
    """Run one command. Every error becomes a message and an exit code; nothing is raised."""
    from sindri_core.cli import failing

    words = reordered(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ✔ is no reason to fail
    try:
        code = _called(words)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return failing.failed(Interrupted(), words)
    except click.ClickException as error:
        return failing.failed(_misused(error), words)
    except BrokenPipeError:
        return _unread()
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, a person gets a message
        return failing.failed(error, words)
    return code


def _called(words: list[str]) -> int:
    """Call the command, or answer the shell that asks for completions."""
    if asked := os.environ.get("_SINDRI_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(sindri, {}, "sindri", "_SINDRI_COMPLETE", asked)
    try:
        with sindri.make_context("sindri", words) as ctx:
            if "NO_COLOR" in os.environ:
                ctx.color = False
            return int(sindri.invoke(ctx) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return int(ExitCode.OK)


def _misused(error: click.ClickException) -> UsageError:
    """Say what click says in the way of all our errors."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message().rstrip(".")
    hint = f"{ctx.command_path if ctx else 'sindri'} --help"
    return UsageError("SND-USE-004", message[:1].lower() + message[1:], hint=hint)


def _unread() -> int:
    """Nobody reads standard output any more (``| head``): that is no error of ours, so end quietly."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
    return int(ExitCode.OK)
