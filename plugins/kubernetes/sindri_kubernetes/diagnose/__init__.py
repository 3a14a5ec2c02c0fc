"""Why an environment does not run: pure rules over one snapshot, the root cause first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes.diagnose import (
    admission,
    configuration,
    image,
    quota,
    removal,
    runtime,
    scheduling,
    storage,
    taints,
)
from sindri_kubernetes.diagnose.rule import Rule
from sindri_kubernetes.diagnose.veil import veiled

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.snapshot import Snapshot

__all__ = ["RULES", "diagnose"]

_FILES = (removal, admission, quota, scheduling, taints, storage, image, configuration, runtime)
RULES: tuple[Rule, ...] = tuple(
    sorted(
        (found for file in _FILES for found in vars(file).values() if isinstance(found, Rule)),
        key=lambda rule: rule.rank,
    )
)
"""All rules in the order of causality; those of one rank in the order in which they are written."""


def diagnose(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return what is wrong, the root cause first."""
    return tuple(veiled(finding, snapshot) for rule in RULES if (finding := rule(snapshot)) is not None)
