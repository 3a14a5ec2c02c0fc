"""``config init``, ``validate``, ``show`` and ``schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sindri_core.cli.options import environment_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen


@click.group()
def config() -> None:
    """Make, check and show sindri.yaml."""


@config.command()
@click.option("--name", default="", help="Name of the environment. Default: the folder's.")
@click.option("--provider", default="kubernetes", help="Plugin that deploys.")
@click.option("--image", default="", help="The image.")
@click.option("--file", type=click.Path(path_type=Path), default=Path("sindri.yaml"), help="Where to write it.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(name: str, provider: str, image: str, file: Path, force: bool) -> int:
    """Write a first sindri.yaml."""
    from sindri_core.config.initial import initial_document
    from sindri_core.config.naming import fitted

    text = initial_document(name or fitted(file.absolute().parent.name), provider, image)
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        hint = f"sindri config init --file {file} --force   replaces it"
        raise UsageError("SND-USE-003", f"{file} exists", hint=hint) from None
    except OSError as error:
        raise UsageError(
            "SND-USE-001", f"{file} cannot be written: {error.strerror}", hint="choose another file: --file FILE"
        ) from None
    click.echo(f"{file} is written; now: sindri plan")
    return ExitCode.OK


@config.command()
@click.option("--trust", type=click.Path(path_type=Path), help="A trust file, instead of the user's own.")
@environment_options
def validate(chosen: Chosen) -> int:
    """Check the configuration and report every problem."""
    with opened(chosen, steps=False) as core:
        checked = core.validate()
    found = {"valid": True, "file": str(checked.file or ""), "warnings": checked.warnings}
    warnings = "".join(f"\n  ! {i.path}: {i.message} [{i.code}]" for i in checked.warnings)
    answer(found, chosen.output, lambda f: f"{f['file']} is valid{warnings}")
    return ExitCode.OK


@config.command()
@environment_options
def show(chosen: Chosen) -> int:
    """Show the configuration as it is understood, each default marked as one."""
    from sindri_core.config.show import annotated
    from sindri_core.config.show import show as shown

    with opened(chosen, steps=False) as core:
        core.validate()
        if chosen.output == "text":
            answer(core.config, "text", annotated)
        else:
            answer(shown(core.config), chosen.output, str)
    return ExitCode.OK


@config.command()
@environment_options
def schema(chosen: Chosen) -> int:
    """Print the JSON schema of sindri.yaml with the sections of the installed plugins."""
    from sindri_core.cli.render.documents import dump

    with opened(chosen, steps=False) as core:
        answer(core.schema(), chosen.output, lambda plain: dump(plain, "json"))
    return ExitCode.OK
