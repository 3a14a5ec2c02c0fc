"""Why an environment does not start: pure rules over one snapshot, the root cause first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes.diagnose import admission, running, scheduling, storage

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.diagnose.rule import Rule
    from sindri_kubernetes.snapshot import Snapshot

__all__ = ["RULES", "diagnose"]

RULES: tuple[Rule, ...] = (*admission.RULES, *storage.RULES, *scheduling.RULES, *running.RULES)
"""All rules in the order of causality: what is refused first hides what would come after it."""


def diagnose(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return what is wrong, the root cause first. Says nothing before the controller has seen the Deployment."""
    if not snapshot.settled():
        return ()
    return tuple(finding for rule in RULES if (finding := rule(snapshot)) is not None)
