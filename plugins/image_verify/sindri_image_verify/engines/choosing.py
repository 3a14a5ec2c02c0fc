"""Which engine checks which candidate: each only what it can judge completely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sindri_image_verify.candidates import BUNDLE, Signed
from sindri_image_verify.engines.answers import Checked, NoCosign, wrong_key
from sindri_image_verify.refusals import Refused, Stage

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.oci.documents import Document
    from sindri_image_verify.engines.cosign import Cosign
    from sindri_image_verify.terms import Terms

NATIVE, KEYLESS = "native", "sigstore"
INSTALL = "cosign 3.0.6 or later on PATH, or: pip install 'sindri-image-verify[keyless]'"
NO_ROOT = "cosign trusted-root create --out trusted_root.json, then: trusted_root: trusted_root.json"


class Engines:
    """The engines of one check. cosign is looked for only once something needs it."""

    def __init__(self, ctx: Context, terms: Terms) -> None:
        self._ctx = ctx
        self._terms = terms

    def check(self, signed: Signed, document: Document) -> Checked:
        """Check one candidate with the engine that it is for. Raises ``Refused``."""
        engine = self._terms.policy.engine
        if engine != "cosign" and self._native_can(signed):
            return self._by_key(signed)
        if not self._terms.root and not self._terms.keys:
            raise Refused(
                Stage.UNCHECKED,
                "no trusted root says which certificate authority is trusted",
                wanted=["trusted_root: a file, or the package sigstore, which brings one"],
                accept=[NO_ROOT],
            )
        problem = "only the engine native is allowed, which cannot judge this kind of signature"
        if engine != "native":
            try:
                return self._cosign.check(signed, self._terms, document)
            except NoCosign as missing:
                problem = missing.reason
        if engine != "cosign" and self._keyless_can(signed):
            return self._by_certificate(signed)
        raise Refused(Stage.UNCHECKED, problem, wanted=[f"engine: {INSTALL}"], accept=[INSTALL])

    def known(self) -> Iterator[str]:
        """Identify every engine that may check candidates of these terms, the quickest to identify first."""
        engine = self._terms.policy.engine
        if engine != "cosign":
            yield from (_native_name(), _keyless_name())
        if engine != "native" and not (self._terms.keys and engine == "auto" and self._key_checks_are_ours):
            try:
                yield self._cosign.fingerprint
            except (NoCosign, Refused):
                return

    @property
    def _key_checks_are_ours(self) -> bool:
        terms = self._terms
        local = all(key.public is not None for key in terms.keys)
        return local and not terms.logged and not terms.policy.use_signed_timestamps

    def _native_can(self, signed: Signed) -> bool:
        return bool(self._terms.keys) and signed.certificate is None and self._key_checks_are_ours

    def _keyless_can(self, signed: Signed) -> bool:
        """It takes a bundle whose timestamps it does not trust, so it gets none that has any."""
        policy = self._terms.policy
        plain = self._terms.logged and not policy.ignore_sct and not policy.use_signed_timestamps
        dated = len(signed.logged_at) == 1 and signed.logged_at[0] > 0 and not signed.stamped
        fits = signed.candidate.form == BUNDLE and signed.certificate is not None and dated
        return plain and fits and find_spec("sigstore") is not None

    def _by_key(self, signed: Signed) -> Checked:
        from sindri_image_verify.engines.native import signed_by

        for key in self._terms.keys:
            if signed_by(key, signed):
                evidence = (*self._unlogged, f"engine {NATIVE}")
                return Checked(engine=_native_name(), evidence=evidence, signer=(f"key {key.name}",))
        raise wrong_key(self._terms)

    def _by_certificate(self, signed: Signed) -> Checked:
        from sindri_image_verify.engines import keyless

        keyless.check(signed, self._terms)
        return Checked(engine=_keyless_name(), evidence=(f"engine {KEYLESS} {_version(KEYLESS)}",))

    @property
    def _unlogged(self) -> Sequence[str]:
        return () if self._terms.logged else ("no transparency log is asked for",)

    @cached_property
    def _cosign(self) -> Cosign:
        from sindri_image_verify.engines.finding import found

        return found(self._ctx)


def _native_name() -> str:
    return f"{NATIVE} {_version('cryptography')}"


def _keyless_name() -> str:
    return f"{KEYLESS} {_version(KEYLESS)}" if find_spec(KEYLESS) else ""


@cache
def _version(distribution: str) -> str:
    from importlib.metadata import version

    return version(distribution)
