"""How tests say what a diagnosis has to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes.diagnose import diagnose

if TYPE_CHECKING:
    from recording import Recording

    from sindri_core.types import Finding


def found(recording: Recording) -> Finding:
    """Return the root cause."""
    findings = diagnose(recording.snapshot())
    assert findings, "nothing was found"
    return findings[0]


def codes(recording: Recording) -> list[str]:
    """Return the codes of all findings, the root cause first."""
    return [finding.code for finding in diagnose(recording.snapshot())]


def text(finding: Finding) -> str:
    """Return all that people read of a finding."""
    return "\n".join((finding.message, *finding.seen, finding.cause, *finding.fix))
