"""What checks the cryptography: in this process where that is complete, else cosign on files that we fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_image_verify.engines import keyless, native
from sindri_image_verify.engines.cosign import Cosign, Unusable

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.oci.documents import Document
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.keys import Key
    from sindri_image_verify.material import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer of an engine: its name, and why it refuses; empty when the signature is genuine."""

    engine: str
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an engine is asked: is this candidate genuine, under these terms, for this image?

    ``keys`` are the keys of the terms that could be read, ``image`` is the document that the digest names, ``root``
    the content of the trusted root (empty for none).
    """

    terms: TrustPolicy
    image: Document
    candidate: Candidate
    keys: tuple[Key, ...] = ()
    root: bytes = b""

    @property
    def wants_log(self) -> bool:
        """Whether an entry in a transparency log is demanded. With keys alone, only where the log's keys are known."""
        return not self.terms.ignore_tlog and bool(self.root)


class Engines:
    """The engines of one run. cosign is looked for once, when it is needed first."""

    def __init__(self, ctx: Context) -> None:
        self._cosign = Cosign(ctx)

    def check(self, question: Question) -> Checked:
        """Ask the engine that the terms allow and that can judge this completely. Raises ``Unusable`` for none."""
        wanted = question.terms.engine
        if wanted != "cosign":
            if native.can_judge(question):
                return Checked(engine="native", refusal=native.refusal(question))
            if keyless.can_judge(question) and (wanted == "native" or not self._cosign.is_there()):
                return Checked(engine="sigstore", refusal=keyless.refusal(question))
        if wanted == "native":
            raise Unusable("the engine native cannot judge this kind of signature: engine: auto")
        return Checked(engine=self._cosign.name(), refusal=self._cosign.refusal(question))

    def stamp(self, terms: TrustPolicy) -> str:
        """What decides which engine judges, and as which version: part of what a verdict depends on."""
        return f"{terms.engine} {native.VERSION} {keyless.version()} {self._cosign.stamp()}"
