"""What engines answer: the cryptography holds, it does not, or there is no engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_image_verify.refusals import Refused, Stage

if TYPE_CHECKING:
    from sindri_image_verify.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The cryptography of a candidate holds. ``engine`` is exactly what checked it, ``signer`` names the key."""

    engine: str
    evidence: tuple[str, ...]
    signer: tuple[str, ...] = ()


class NoCosign(Exception):
    """There is no cosign that may be used. ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def wrong_key(terms: Terms) -> Refused:
    """Make the refusal of what none of the keys signed."""
    return Refused(
        Stage.CRYPTOGRAPHY,
        "the signature is of none of the keys, or what was signed is changed",
        found=["signer: another key, or none"],
        wanted=[f"key: {key.name}" for key in terms.keys],
        accept=["public_keys: [cosign.pub]  # the key that signed it, if you trust it"],
    )
