"""Answers for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sindri_core.cli.render import images
from sindri_core.types import Action, Change, Plan, Removal, Severity, Status

SIGNS = {
    Action.CREATE: "+",
    Action.CHANGE: "~",
    Action.RECREATE: "-/+",
    Action.DELETE: "-",
    Action.SAME: "=",
    Action.CONFLICT: "!",
    Action.REFUSED: "!",
    Action.UNKNOWN: "?",
}
WORDS = {
    Action.CREATE: "to create",
    Action.CHANGE: "to change",
    Action.RECREATE: "to recreate",
    Action.DELETE: "to delete",
    Action.CONFLICT: "in conflict",
    Action.REFUSED: "refused",
    Action.UNKNOWN: "not compared",
    Action.SAME: "same",
}


def plan(value: Plan) -> str:
    """The plan: where, which image, object by object, and what it means."""
    place, cluster = value.destination, value.cluster
    known = [cluster.kind, f"{cluster.nodes} nodes" if cluster.nodes else "", cluster.version]
    evidence = f"; {', '.join(cluster.evidence)}" if cluster.evidence else ""
    where = f"{place.context or place.server or 'offline'} / {place.namespace or '-'}"
    lines = [
        f"{value.name} → {where} ({', '.join(word for word in known if word)}{evidence})",
        "",
        *_labelled("image", images.pinned(value.image)),
        *(line for other in value.others for line in _labelled("also", images.pinned(other))),
        *images.verifications(value.verifications),
    ]
    if not value.verifications:
        lines.append("  verified   no: nothing is required of the image")
    lines += [f"  adjusted   {p.manifest} {p.path or '(added)'} by {p.plugin}  {p.reason}" for p in value.adjustments]
    lines.append("")
    notes = [change.note for change in value.changes.items if change.note]
    shared = notes[0] if len(notes) > 1 and len(set(notes)) == 1 else ""
    for change in value.changes.items:
        lines += _change(change, said_below=bool(shared))
    lines += ["", f"  {shared}"] if shared else []
    lines += ["", f"  {_counts(value.changes.items)}{f' {value.changes.data}' if value.changes.data else ''}"]
    for issue in value.issues:
        mark = "!" if issue.severity is Severity.WARNING else "✘"
        lines.append(f"  {mark} {issue.message} [{issue.code}]")
        lines += [f"      {line}" for line in issue.hint.splitlines()]
    return "\n".join(lines)


def _labelled(label: str, texts: Sequence[str]) -> list[str]:
    """Lines below each other, with the label before the first."""
    return [f"  {label if number == 0 else '':<10} {text}" for number, text in enumerate(texts)]


def _change(change: Change, *, said_below: bool) -> list[str]:
    remarks = [
        change.reason or ("" if said_below else change.note),
        "restarts the environment" if change.restarts else "",
    ]
    head = f"  {SIGNS[change.action]:<3} {change.kind:<22} {change.name:<28} {'; '.join(filter(None, remarks))}"
    lines = [head.rstrip()]
    lines += [f"        {f.path:<45} {_value(f.before)} → {_value(f.after)}  {f.note}".rstrip() for f in change.fields]
    lines += [
        f"        {c.path:<45} {_value(c.live)} by {c.manager}, wanted {_value(c.wanted)}" for c in change.conflicts
    ]
    lines += [f"        drift: {f.path:<38} {_value(f.before)} → {_value(f.after)}" for f in change.drift]
    return lines + ([f"        {change.hint}"] if change.hint else [])


def _value(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _counts(changes: Sequence[Change]) -> str:
    counts = [(sum(c.action is action for c in changes), word) for action, word in WORDS.items()]
    return ", ".join(f"{count} {word}" for count, word in counts if count) + "."


def status(value: Status, now: datetime | None = None) -> str:
    """The environment in a few lines. ``now`` is what ages are counted to."""
    home = value.home
    rows = [
        ("state", value.state.value + (f" ({value.step})" if value.step else "")),
        ("where", _place(value)),
        ("image", value.image),
        ("pod", f"{value.instance} on {value.node}" if value.node else value.instance),
        ("since", _aged(value.since, now)),
        ("restarts", str(value.restarts) if value.instance else ""),
        ("home", f"{home.name}  {home.size}  {home.phase}" if home else ""),
        ("deployed", _aged(value.last_deploy, now)),
    ]
    lines = [value.name, *(f"  {label:<10} {text}" for label, text in rows if text)]
    if value.finding:
        lines += ["", f"  {value.finding.code}: {value.finding.message}"]
        lines += [f"    seen   {line}" for line in value.finding.seen]
        lines += [f"    cause  {value.finding.cause}"] if value.finding.cause else []
        lines += [f"    fix    {line}" for line in value.finding.fix]
    return "\n".join(lines)


def _place(value: Status) -> str:
    words = " / ".join(filter(None, [value.destination.context, value.destination.namespace]))
    return words + (f" ({value.cluster})" if value.cluster else "")


def _aged(moment: str, now: datetime | None) -> str:
    """Put its age behind a moment (RFC 3339); leave alone what is none."""
    try:
        seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):
        return moment
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    age = f"{days} d" if days else f"{hours} h" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"
    return f"{moment}   {age} ago" if seconds >= 0 else moment


def environments(values: Sequence[Status]) -> str:
    """All environments as a table."""
    if not values:
        return "no environments here"
    rows = [("NAME", "NAMESPACE", "STATE", "IMAGE", "DEPLOYED")]
    rows += [(v.name, v.destination.namespace, v.state.value, v.image or "-", v.last_deploy or "-") for v in values]
    return table(rows)


def removal(value: Removal) -> str:
    """What went and what stayed."""
    lines = [f"  - {name}" for name in value.removed]
    lines += [
        f"  = {kept.object}   {kept.reason}" + (f"\n      {kept.hint}" if kept.hint else "") for kept in value.kept
    ]
    return "\n".join(lines) or "  nothing is there"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Align columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
