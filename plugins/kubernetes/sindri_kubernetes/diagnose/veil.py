"""What programs and webhooks say may quote a variable of the environment; a secret one is not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_kubernetes import pods as reading

if TYPE_CHECKING:
    from sindri_core.types import Finding
    from sindri_kubernetes.snapshot import Snapshot

SECRET = re.compile(r"token|passw|passphrase|secret|key|credential|auth", re.IGNORECASE)
SHORTEST = 4
"""Characters of a value that is looked for; a shorter one would veil half a sentence and protect nothing."""
VEIL = "***"


def veiled(finding: Finding, seen: Snapshot) -> Finding:
    """Return the finding without the values of variables whose names tell that they are secret."""
    values = sorted(set(_secrets(seen)), key=len, reverse=True)

    def veil(text: str) -> str:
        for value in values:
            text = text.replace(value, VEIL)
        return text

    return replace(finding, seen=tuple(map(veil, finding.seen))) if values else finding


def _secrets(seen: Snapshot) -> Iterator[str]:
    template = reading.part(seen.deployment, "spec", "template")
    for pod in (template, *seen.pods, *seen.old_pods):
        for kind in ("containers", "initContainers"):
            for container in reading.parts(pod, "spec", kind):
                for variable in reading.parts(container, "env"):
                    value = str(variable.get("value") or "")
                    if len(value) >= SHORTEST and SECRET.search(str(variable.get("name"))):
                        yield value
