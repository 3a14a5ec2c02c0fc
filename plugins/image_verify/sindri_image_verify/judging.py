"""The verdict: which of what is attached to an image satisfies a policy, or why nothing does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core.errors import ConfigError
from sindri_core.oci.reference import Reference, parse
from sindri_core.types import Claim, Issue, Severity, Verdict, Verification
from sindri_image_verify import accepting, certificate, keys, policy, provenance, roots, settings
from sindri_image_verify.engines import Checked, Engines, Question
from sindri_image_verify.engines.cosign import Unusable
from sindri_image_verify.material import Candidate, Material, gather
from sindri_image_verify.statement import COSIGN_SIGN, Malformed
from sindri_image_verify.verdicts import Verdicts, key_of

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import VerifyRequest
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.certificate import Signer
    from sindri_image_verify.keys import Key

SHOWN = 4
"""Candidates whose refusal is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that is judged by: the terms with defaults filled in, the files that they name, and the image."""

    terms: TrustPolicy
    repository: Reference
    digest: str
    tag: str
    keys: tuple[Key, ...]
    root: bytes
    by_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why a candidate does not satisfy one claim, and what it says of itself."""

    reason: str
    found: tuple[str, ...] = ()
    signer: Signer | None = None


def verify(ctx: Context, request: VerifyRequest) -> tuple[Verification, ...]:
    """Judge every claim of the request. Raises ``ConfigError`` for terms that cannot be used."""
    case = _case(request)
    engines, verdicts = Engines(ctx), Verdicts(ctx.cache_dir)
    key = key_of(
        digest=case.digest,
        repository=case.repository.canonical,
        tag=case.tag,
        claims=request.claims,
        terms=case.terms,
        files=[*(each.pem for each in case.keys), case.root],
        engine=engines.stamp(case.terms),
    )
    if known := verdicts.known(key, case.digest):
        return known
    if request.registry is None:
        return tuple(_refused(case, claim, "offline: nothing can be fetched to be checked") for claim in request.claims)
    if why := policy.repository_problem(case.terms, case.repository):
        return tuple(_refused(case, claim, why) for claim in request.claims)
    material = gather(request.registry, case.repository, case.digest)
    answers = tuple(_judged(engines, case, material, claim) for claim in sorted(request.claims))
    verdicts.keep(key, answers)
    return answers


def _case(request: VerifyRequest) -> Case:
    reference = parse(request.image.deployed)
    repository = Reference(host=reference.host, path=reference.path)
    terms = policy.completed(request.policy, repository)
    if found := list(settings.problems(terms)):
        raise _unusable(terms, found)
    loaded = tuple(keys.load(text) for text in terms.public_keys if not keys.is_service(text))
    root = roots.load(terms)
    return Case(
        terms=terms,
        repository=repository,
        digest=request.image.digest,
        tag=request.image.tag,
        keys=loaded,
        root=root,
        by_default=terms is not request.policy,
    )


def _judged(engines: Engines, case: Case, material: Material, claim: Claim) -> Verification:
    rejected: list[Rejected] = []
    for candidate in material.candidates:
        if not _is_about(candidate, claim, case.terms):
            continue
        try:
            answer = _considered(engines, case, material, candidate, claim)
        except Malformed as error:
            answer = Rejected(reason=str(error))
        except Unusable as error:
            answer = Rejected(reason=str(error))
        if isinstance(answer, Verification):
            return answer
        rejected.append(answer)
    return _nothing(case, material, claim, rejected)


def _is_about(candidate: Candidate, claim: Claim, terms: TrustPolicy) -> bool:
    """Whether a candidate can speak for a claim; what cannot be read is told for both."""
    if candidate.problem:
        return True
    stated = candidate.statement
    if claim is Claim.PROVENANCE:
        return stated is not None and stated.predicate_type in (terms.provenance_types or provenance.TYPES)
    if candidate.signed or (stated and stated.predicate_type == COSIGN_SIGN):
        return True
    return bool(terms.provenance_as_signature and stated and stated.predicate_type in provenance.TYPES)


def _considered(
    engines: Engines, case: Case, material: Material, candidate: Candidate, claim: Claim
) -> Verification | Rejected:
    """Judge one candidate: first what it says, then whether it is genuine. Every demand must be met by it alone."""
    if candidate.problem:
        return Rejected(reason=candidate.problem)
    signer = certificate.read(candidate.certificate) if candidate.certificate else None
    stated = candidate.statement
    built = provenance.read(stated) if stated and claim is Claim.PROVENANCE else None
    found = (*(signer.lines() if signer else ("signed by a key",)), *(built.lines() if built else ()))
    wrong = list(_wrong(case, candidate, signer, claim))
    if built:
        wrong += policy.build_problems(case.terms, built, signer, case.tag)
    if wrong:
        return Rejected(reason="; ".join(dict.fromkeys(wrong)), found=found, signer=signer)
    if signer and not case.root:
        reason = (
            "whose certificates count is not known: write trusted_root, or pip install sindri-image-verify[keyless]"
        )
        return Rejected(reason=reason, found=found, signer=signer)
    question = Question(terms=case.terms, image=material.image, candidate=candidate, keys=case.keys, root=case.root)
    checked = engines.check(question)
    if checked.refusal:
        return Rejected(reason=checked.refusal, found=found, signer=signer)
    evidence = _evidence(case, candidate, signer, checked, built)
    return Verification(claim=claim, verdict=Verdict.ACCEPTED, digest=case.digest, evidence=evidence)


def _wrong(case: Case, candidate: Candidate, signer: Signer | None, claim: Claim) -> Iterator[str]:
    """What a candidate says that it must not: about another image, by somebody else."""
    stated = candidate.statement
    if stated is not None and case.digest not in stated.subjects:
        yield "it is about another image"
    if candidate.signed:
        if candidate.signed.digest != case.digest:
            yield "it is about another image"
        if case.terms.match_reference and not _names(candidate.signed.reference, case.repository):
            yield f"it was signed for the repository {candidate.signed.reference[:120] or '(none)'}"
    elif case.terms.match_reference and claim is Claim.SIGNATURE:
        yield "signatures of this form name no repository, and match_reference demands one"
    if case.terms.public_keys:
        if signer:
            yield "it was signed with a certificate, and a key is demanded"
    elif signer is None:
        yield "it was signed with a key, and an identity is demanded"
    else:
        yield from policy.signer_problems(case.terms, signer)
        if claim is Claim.SIGNATURE:
            yield from policy.signed_build_problems(case.terms, signer, case.tag)


def _names(reference: str, repository: Reference) -> bool:
    from sindri_core.errors import ImageError

    try:
        return parse(reference).canonical == repository.canonical
    except ImageError:
        return False


def _evidence(
    case: Case, candidate: Candidate, signer: Signer | None, checked: Checked, built: provenance.Provenance | None
) -> tuple[str, ...]:
    """What speaks for an accept, for people."""
    who = f"key {', '.join(key.name for key in case.keys) or 'of a service'}" if signer is None else signer.identity
    source = f"{built.repository} @ {built.ref}".strip(" @") if built else ""
    log = "no log asked" if signer is None and (case.terms.ignore_tlog or not case.root) else ""
    default = f"default for GitHub: {case.terms.certificate_identity_regexp}" if case.by_default else ""
    issuer = f"issuer {signer.issuer}" if signer else ""
    how = ", ".join(filter(None, (f"{candidate.form} format", f"checked by {checked.engine}", log)))
    return tuple(filter(None, (who, issuer, source, how, default)))


def _nothing(case: Case, material: Material, claim: Claim, rejected: Sequence[Rejected]) -> Verification:
    """Say why nothing that is attached satisfies the claim, what was found, and the setting that would accept it."""
    if not rejected:
        others = sorted({c.statement.predicate_type for c in material.candidates if c.statement})
        signed = any(c.signed for c in material.candidates)
        what = [*others, *(["signatures"] if signed else [])]
        reason = f"it has no {claim.value}" + (f"; attached are {', '.join(what)}" if what else ": nothing is attached")
        return _refused(case, claim, reason)
    first = rejected[0]
    told = [each.reason for each in rejected[:SHOWN]]
    more = f"; and {len(rejected) - SHOWN} more" if len(rejected) > SHOWN else ""
    found = tuple(line for each in rejected[:SHOWN] for line in each.found)
    accept = accepting.settings(first.signer, case.terms)
    return _refused(case, claim, "; or ".join(dict.fromkeys(told)) + more, found=found, accept=accept)


def _refused(
    case: Case, claim: Claim, reason: str, *, found: tuple[str, ...] = (), accept: tuple[str, ...] = ()
) -> Verification:
    return Verification(
        claim=claim,
        verdict=Verdict.REFUSED,
        digest=case.digest,
        reason=reason,
        found=tuple(dict.fromkeys(found)),
        wanted=policy.wanted(case.terms),
        accept=accept,
    )


def _unusable(terms: TrustPolicy, found: Sequence[settings.Problem]) -> ConfigError:
    issues = [issue(terms, each) for each in found]
    return ConfigError("SND-VER-001", f"the trust settings of {terms.source} cannot be used", issues=issues)


def issue(terms: TrustPolicy, problem: settings.Problem, severity: Severity = Severity.ERROR) -> Issue:
    """Make an issue of a problem, at its place in the file."""
    at = f"{terms.path}.{problem.field}" if terms.path else problem.field
    file = terms.source if Path(terms.source).is_absolute() else ""
    return Issue(code="SND-VER-001", severity=severity, path=at, message=problem.message, hint=problem.hint, file=file)
