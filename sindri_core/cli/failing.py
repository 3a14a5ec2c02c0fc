"""Errors as people see them: what was seen, why, what to type next. A traceback only with -v."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sindri_core.cli.arguments import form, verbose
from sindri_core.cli.render.clean import clean
from sindri_core.errors import ConfigError, NotReady, SindriError

if TYPE_CHECKING:
    from sindri_core.types import Finding, Issue


def failed(error: Exception, arguments: Sequence[str]) -> int:
    """Report an error on standard error and return its exit code."""
    if not isinstance(error, SindriError):
        if verbose(arguments):
            from traceback import format_exception  # costs start-up time

            click.echo(clean("".join(format_exception(error))), err=True)
        error = unforeseen(error)
    if form(arguments) == "text":
        click.echo(text(error), err=True, color=False if "--no-color" in arguments else None)
    else:
        click.echo(json.dumps({"error": error.to_dict()}, default=str), err=True)
    return int(error.exit_code)


def unforeseen(error: Exception) -> SindriError:
    """Turn what nobody foresaw into an error that says what to do about it."""
    said = str(error).strip().partition("\n")[0]
    return SindriError(
        "SND-RUN-003",
        f"unexpected: {type(error).__name__}" + (f": {said}" if said else ""),
        hint="this is a defect of sindri or of a plugin; run it again with -v and report what it prints",
    )


def text(error: SindriError) -> str:
    """Write an error as lines: the problems in the file, what was seen, the cause, the fix, the page."""
    lines = _issues(error.issues) if isinstance(error, ConfigError) else []
    finding = error.finding if isinstance(error, NotReady) else None
    rows = _finding(finding) if finding else []
    rows += error.details
    if error.hint:
        rows.append(("fix", error.hint))
    rows.append(("more", f"docs/errors/{error.code}.md"))
    return "\n".join([*lines, f"{_styled(f'error[{error.code}]')}: {clean(one_line(error.message))}", *_labelled(rows)])


def one_line(text: str) -> str:
    """A message is one line: whoever wrote a part of it must not write the lines below it."""
    return " ".join(text.split("\n"))


def _styled(text: str) -> str:
    return click.style(text, fg="red", bold=True)


def _issues(issues: Sequence[Issue]) -> list[str]:
    """Write one line for each problem of the file: where, which key, what is wrong."""
    places = [f"{i.file}:{i.line}:{i.column}" if i.line else i.file for i in issues]
    width = max(map(len, places), default=0)
    lines = []
    for place, issue in zip(places, issues, strict=True):
        hint, *more = issue.hint.splitlines() or [""]
        said = f"{issue.message}; {hint}" if hint and not more else issue.message
        mark = "warning: " if issue.severity == "warning" else ""
        parts = (place.ljust(width), issue.path, f"{mark}{said}")
        lines.append(clean("   ".join(part for part in parts if part)))
        lines += [f"    {clean(line)}" for line in (hint, *more) if more]
    return lines


def _finding(finding: Finding) -> list[tuple[str, str]]:
    seen = list(finding.seen) or ([finding.object] if finding.object else [])
    if finding.seen and finding.object:
        seen[0] = f"{finding.object}: {seen[0]}"
    rows = [("seen", line) for line in seen]
    rows += [("cause", finding.cause)] if finding.cause else []
    return rows + [("fix", line) for line in finding.fix]


def _labelled(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Indent each text behind its label, which stands only before the first line of a run."""
    width, before, lines = max(len(label) for label, _ in rows) + 2, "", []
    for label, content in rows:
        for index, line in enumerate(clean(content).splitlines() or [""]):
            shown = label if index == 0 and label != before else ""
            lines.append(f"  {shown:<{max(width, 8)}}{line}".rstrip())
        before = label
    return lines
