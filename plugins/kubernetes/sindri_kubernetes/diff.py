"""What applying would change in one object: the live one beside the answer of a dry run, in our own fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sindri_core.types import Body, FieldChange, FieldConflict
from sindri_kubernetes import fields
from sindri_kubernetes.fields import MISSING, Path
from sindri_kubernetes.manifests.names import ENV_UID

HIDDEN: frozenset[Path] = frozenset({("metadata", "annotations", ENV_UID)})
"""Fields that say nothing to people."""


def changed(live: Body, dry: Body) -> tuple[Path, ...]:
    """Return the paths of ours whose value differs between the live object and the dry run."""
    ours = fields.owned(live) | fields.owned(dry)
    return tuple(sorted((p for p in ours if _plain(live, p) != _plain(dry, p)), key=fields.readable))


def same_ownership(live: Body, dry: Body) -> bool:
    """Whether applying would leave the same fields ours."""
    return fields.owned(live) == fields.owned(dry)


def describe(live: Body, dry: Body, paths: Collection[Path], note: str = "") -> tuple[FieldChange, ...]:
    """Say what changes at these paths. Values of Secrets are masked."""
    secret = live.get("kind") == "Secret"
    return tuple(
        FieldChange(
            path=fields.readable(path),
            before=_shown(live, path, secret=secret),
            after=_shown(dry, path, secret=secret),
            note=note,
        )
        for path in paths
        if path not in HIDDEN
    )


def conflicts(
    live: Body, wanted: Body, reported: Collection[tuple[str, str]]
) -> tuple[tuple[FieldConflict, Path | None], ...]:
    """Give the conflicts that the server reported as (manager, field) their values, and their paths where known.

    ``wanted`` is the answer of a forced dry run.
    """
    paths = {fields.as_server_writes(path): path for path in fields.owned(wanted)}
    secret = live.get("kind") == "Secret"
    result: list[tuple[FieldConflict, Path | None]] = []
    for manager, field in reported:
        path = paths.get(field)
        result.append(
            (
                FieldConflict(
                    path=fields.readable(path) if path else field.lstrip("."),
                    manager=manager,
                    live=_shown(live, path, secret=secret) if path else None,
                    wanted=_shown(wanted, path, secret=secret) if path else None,
                ),
                path,
            )
        )
    return tuple(result)


def restarts(paths: Collection[Path]) -> bool:
    """Whether a change at these paths makes the Deployment replace its pods."""
    return any(path[:2] == ("spec", "template") for path in paths)


def _plain(body: Body, path: Path) -> Any:
    value = fields.value_at(body, path)
    return value if not isinstance(value, Mapping) or value else {}


def _shown(body: Body, path: Path, *, secret: bool) -> Any:
    value = fields.value_at(body, path)
    if value is MISSING:
        return None
    return "***" if secret and path[:1] in {("data",), ("stringData",)} else value
