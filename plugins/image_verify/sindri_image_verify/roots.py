"""The keys of the authorities: from the file that the terms name, else those of the public service."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.files import read_regular
from sindri_image_verify.settings import LARGEST_ROOT

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy

PUBLIC = "_store/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"


def load(terms: TrustPolicy) -> bytes:
    """Return the content of the trusted root; nothing where none is needed or none is at hand. Asks no network."""
    if terms.trusted_root:
        return read_regular(Path(terms.trusted_root), LARGEST_ROOT)
    return b"" if terms.public_keys else public()


@cache
def public() -> bytes:
    """The root of the public service as the package ``sigstore`` ships it; nothing without the package."""
    spec = find_spec("sigstore")
    if spec is None or spec.origin is None:
        return b""
    try:
        return read_regular(Path(spec.origin).parent / PUBLIC, LARGEST_ROOT)
    except OSError:
        return b""
