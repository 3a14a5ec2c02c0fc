"""Errors as people see them: what was seen, why, what to type next. A traceback only with -v."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from sindri_core.errors import ConfigError, ExitCode, Interrupted, NotReady, SindriError

if TYPE_CHECKING:
    from sindri_core.types import Finding


def failed(error: Exception, arguments: Sequence[str]) -> int:
    """Report an error and return its exit code."""
    if not isinstance(error, SindriError):
        if {"-v", "--verbose"} & set(arguments):
            traceback.print_exception(error)
        error = SindriError(
            "SND-RUN-003",
            f"unexpected: {type(error).__name__}: {error}",
            hint="this is a defect of sindri or of a plugin; run it again with -v and report what it prints",
        )
    if _machine(arguments):
        click.echo(json.dumps({"error": error.to_dict()}, default=str), err=True)
    else:
        click.echo(text(error), err=True)
    return int(error.exit_code)


def interrupted() -> int:
    """Report Ctrl-C."""
    click.echo(text(Interrupted()), err=True)
    return int(ExitCode.INTERRUPTED)


def wrong_usage(error: click.ClickException) -> int:
    """Report a wrong argument as click words it."""
    error.show(file=sys.stderr)
    return int(ExitCode.USAGE)


def text(error: SindriError) -> str:
    """Write an error as lines: the problem, what was seen, the cause, the fix, the page."""
    lines: list[str] = []
    if isinstance(error, ConfigError):
        for issue in error.issues:
            place = f"{issue.file}:{issue.line}:{issue.column}" if issue.line else issue.file or "configuration"
            lines.append(f"{place}  {issue.path}  {issue.message}".replace("    ", "  "))
    lines.append(f"{click.style(f'error[{error.code}]', fg='red')}: {error.message}")
    finding = error.finding if isinstance(error, NotReady) else None
    if finding:
        lines += _finding(finding)
    lines += _labelled(error.details)
    if error.hint:
        lines += _labelled([("fix", error.hint)])
    lines += _labelled([("more", f"docs/errors/{error.code}.md")])
    return "\n".join(lines)


def _finding(finding: Finding) -> list[str]:
    rows = [("seen", f"{finding.object}: {finding.seen[0]}" if finding.seen else finding.object)]
    rows += [("", line) for line in finding.seen[1:]]
    rows += [("cause", finding.cause)] if finding.cause else []
    rows += [("fix" if first else "", line) for first, line in zip((True, *[False] * 9), finding.fix, strict=False)]
    return _labelled(rows)


def _labelled(rows: Sequence[tuple[str, str]]) -> list[str]:
    lines, before = [], ""
    for label, content in rows:
        for index, line in enumerate(str(content).splitlines() or [""]):
            shown = label if index == 0 and label != before else ""
            lines.append(f"  {shown:<8}{line}".rstrip())
        before = label
    return lines


def _machine(arguments: Sequence[str]) -> bool:
    """Whether the answer was asked for in a form for machines."""
    words = list(arguments)
    joined = {"-ojson", "-oyaml", "--output=json", "--output=yaml"}
    pairs = pairwise(words)
    return bool(joined & set(words)) or any(a in {"-o", "--output"} and b in {"json", "yaml"} for a, b in pairs)
