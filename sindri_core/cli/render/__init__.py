"""Answers: as text for people, as JSON or YAML for machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sindri_core.cli.render.clean import clean


def answer(value: Any, output: str, as_text: Callable[[Any], str]) -> None:
    """Write the answer to standard output, in the form that was asked for."""
    if output == "text":
        written = clean(as_text(value))
        if written:
            click.echo(written)
        return
    from sindri_core.cli.render.documents import dump, to_plain

    click.echo(dump(to_plain(value), output))
