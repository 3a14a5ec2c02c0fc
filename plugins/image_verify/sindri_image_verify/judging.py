"""One claim about one image: each candidate is tried, and the first that satisfies everything accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sindri_core.oci.reference import parse
from sindri_core.types import Claim
from sindri_image_verify import identity, provenance
from sindri_image_verify import policy as policies
from sindri_image_verify.candidates import BUNDLE, SIGN_TYPE, SIGNATURE, Candidate, Signed, read
from sindri_image_verify.refusals import Refused, Stage, printable

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference
    from sindri_image_verify.engines.answers import Checked
    from sindri_image_verify.terms import Terms

Check: TypeAlias = "Callable[[Signed], Checked]"
"""Checks the cryptography of a candidate; raises ``Refused``."""
SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A claim is vouched for. ``engine`` identifies what checked it."""

    evidence: tuple[str, ...]
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Holds candidates against the terms. ``image`` has the digest; ``check`` is asked last but for the content."""

    image: Reference
    terms: Terms
    check: Check

    def judge(self, claim: Claim, candidates: Iterable[Candidate]) -> Accepted:
        """Return the evidence of the first candidate that vouches for the claim. Raises ``Refused``."""
        refusals: list[Refused] = []
        for candidate in candidates:
            try:
                return self._tried(claim, candidate)
            except Refused as refusal:
                refusals.append(refusal)
        if not refusals:
            raise Refused(Stage.ABSENT, f"it has no {claim}: nothing is attached to it")
        raise _telling(claim, refusals)

    def _tried(self, claim: Claim, candidate: Candidate) -> Accepted:
        signed = read(candidate, self.image.digest)
        self._require_kind(claim, signed)
        identity.require_signer(signed, self.terms)
        self._require_proofs(signed)
        checked = self.check(signed)
        source = self._source(signed)
        form = "bundle" if candidate.form == BUNDLE else "legacy"
        evidence = (*source, *_signer(signed), *checked.signer, f"format {form}", *checked.evidence, *self.terms.notes)
        return Accepted(evidence=evidence, engine=checked.engine)

    def _require_kind(self, claim: Claim, signed: Signed) -> None:
        """Only a signature is a signature, and only provenance is provenance, whoever made it."""
        policy = self.terms.policy
        form = signed.candidate.form
        is_signature = form == SIGNATURE or (form == BUNDLE and signed.predicate_type == SIGN_TYPE)
        is_provenance = form != SIGNATURE and signed.predicate_type in policies.provenance_types(policy)
        if is_provenance and (claim == Claim.PROVENANCE or policy.provenance_as_signature):
            return
        if is_signature and claim == Claim.SIGNATURE:
            return
        types = policies.provenance_types(policy) if claim == Claim.PROVENANCE else (SIGN_TYPE,)
        raise Refused(
            Stage.OTHER,
            f"what is attached is no {claim}",
            found=[f"type: {printable(signed.predicate_type)}"],
            wanted=[f"type: {' or '.join(types)}"],
        )

    def _require_proofs(self, signed: Signed) -> None:
        policy = self.terms.policy
        if self.terms.logged and not signed.logged:
            raise Refused(
                Stage.UNCHECKED,
                "it carries no proof that a transparency log has it",
                found=["transparency log: no entry"],
                wanted=["transparency log: an entry"],
                accept=["ignore_tlog: true"],
            )
        if policy.use_signed_timestamps and not signed.stamped:
            raise Refused(
                Stage.UNCHECKED,
                "it carries no signed timestamp",
                found=["timestamp: none"],
                wanted=["timestamp: of a timestamp authority"],
            )

    def _source(self, signed: Signed) -> Sequence[str]:
        """Hold what is now known to be genuine against the policy, and say what was built from what."""
        policy, certificate = self.terms.policy, signed.certificate
        ref = policy.source_ref.replace("{tag}", self.terms.tag)
        if "{tag}" in policy.source_ref and not self.terms.tag and (signed.statement or certificate):
            raise Refused(
                Stage.CONTENT,
                f"source_ref is {policy.source_ref}, and no tag led to this image",
                accept=["name the image by its tag, or write source_ref without {tag}"],
            )
        if certificate:
            identity.require_source(certificate, policy, ref)
        if policy.match_reference:
            self._require_reference(signed)
        if not signed.statement or signed.predicate_type not in policies.provenance_types(policy):
            return ()
        build = provenance.require(signed.statement, certificate, policy, ref)
        at = f" @ {build.ref}" if build.ref else ""
        name = build.repository.removeprefix("https://") or build.builder
        return (printable(f"{name}{at}"), f"builder {printable(build.builder)}")

    def _require_reference(self, signed: Signed) -> None:
        """Only the older format names a repository."""
        if signed.candidate.form == SIGNATURE and _canonical(signed.repository) == self.image.canonical:
            return
        if signed.candidate.form != SIGNATURE and signed.predicate_type != SIGN_TYPE:
            return
        named = printable(signed.repository)
        raise Refused(
            Stage.CONTENT,
            f"it was signed as {named}" if named else "the signature names no repository",
            found=[f"signed repository: {named or 'none'}"],
            wanted=[f"signed repository: {self.image.canonical}"],
            accept=["match_reference: false"],
        )


def _signer(signed: Signed) -> Sequence[str]:
    certificate = signed.certificate
    return (f"identity {certificate.identity}", f"issuer {certificate.issuer}") if certificate else ()


def _canonical(name: str) -> str:
    from sindri_core.errors import BadReference

    try:
        return parse(name).canonical
    except BadReference:
        return ""


def _telling(claim: Claim, refusals: Sequence[Refused]) -> Refused:
    """Of all refusals that of the candidate that came furthest, with what the others were."""
    best = max(refusals, key=lambda refusal: refusal.stage)
    found = list(dict.fromkeys(line for refusal in (best, *refusals) for line in refusal.found))
    others = len(refusals) - 1
    reason = f"no {claim} of it is acceptable: {best.reason}" if best.stage != Stage.ABSENT else best.reason
    if others:
        reason += f" ({others} more attached, none of them acceptable)"
    return Refused(best.stage, reason, found=found[:SHOWN], wanted=best.wanted, accept=best.accept)
