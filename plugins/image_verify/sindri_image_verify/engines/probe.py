"""Whether a cosign that does not say its version judges as it must: tried on four small bundles, once per program.

``corpus`` in this folder holds them; ``make_corpus.py`` beside the package makes them anew.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sindri_image_verify.verdicts import Verdicts, key_of_probe

if TYPE_CHECKING:
    from sindri_image_verify.engines.cosign import Cosign

DIGEST = "5a" * 32
TYPE = "https://slsa.dev/provenance/v1"
OTHER_TYPE = "https://slsa.dev/provenance/v0.2"


def passes(cosign: Cosign) -> bool:
    """Whether it accepts what is right, and refuses another digest, another type, another key and a changed text."""
    verdicts = Verdicts(cosign.ctx.cache_dir)
    key = key_of_probe(cosign.fingerprint)
    if verdicts.find(key) is not None:
        return True
    folder = files("sindri_image_verify.engines") / "corpus"
    right, changed = ((folder / name).read_bytes() for name in ("right.json", "changed.json"))
    own, other = ((folder / name).read_bytes() for name in ("own.pub", "other.pub"))
    if not cosign.judges(right, own, DIGEST, TYPE):
        return False
    wrong = (
        (right, own, "a5" * 32, TYPE),
        (right, own, DIGEST, OTHER_TYPE),
        (right, other, DIGEST, TYPE),
        (changed, own, DIGEST, TYPE),
    )
    if any(cosign.judges(*case) for case in wrong):
        return False
    verdicts.keep(key, (), None)
    return True
