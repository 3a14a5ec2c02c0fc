"""Signatures by certificates, checked in this process by the package ``sigstore``, where it is installed."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigstore.verify import Verifier

    from sindri_image_verify.engines import Question

NEWEST = "application/vnd.dev.sigstore.bundle.v0.3+json"


@cache
def version() -> str:
    """The version of the package; empty where it is not installed."""
    if find_spec("sigstore") is None:
        return ""
    from importlib.metadata import version as version_of

    return f"sigstore-{version_of('sigstore')}"


def can_judge(question: Question) -> bool:
    """Whether the package judges this completely: a bundle with a certificate and one entry in a log."""
    terms, bundle = question.terms, question.candidate.bundle
    if bundle is None or bundle.certificate is None or bundle.media_type != NEWEST or bundle.log_entries != 1:
        return False
    loose = terms.ignore_tlog or terms.ignore_sct or terms.use_signed_timestamps or bundle.timestamps
    return not loose and bool(question.root) and bool(version())


def refusal(question: Question) -> str:
    """Say why the signature does not count; empty when it does. Who signed is judged elsewhere."""
    from sigstore.errors import Error
    from sigstore.models import Bundle
    from sigstore.verify.policy import UnsafeNoOp

    bundle = question.candidate.bundle
    if bundle is None:
        return "it is no bundle"
    try:
        kind, payload = _verifier(question.root).verify_dsse(Bundle.from_json(bundle.content), UnsafeNoOp())
    except (Error, ValueError) as error:
        return str(error).partition("\n")[0][:200] or type(error).__name__
    if payload != bundle.envelope.payload or kind != "application/vnd.in-toto+json":
        return "the package checked something else than what is judged here"
    return ""


@cache
def _verifier(root: bytes) -> Verifier:
    import tempfile

    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(root)
        file.flush()
        return Verifier(trusted_root=TrustedRoot.from_file(file.name))
