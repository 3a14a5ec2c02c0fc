"""The verifier: from one request to one verdict for each claim."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sindri_core.errors import ConfigError, ImageNotFound
from sindri_core.oci import documents
from sindri_core.oci.reference import Reference, parse
from sindri_core.types import Claim, Verdict, Verification
from sindri_image_verify import material, roots, terms, validation
from sindri_image_verify import policy as policies
from sindri_image_verify.engines.choosing import Engines
from sindri_image_verify.judging import Accepted, Judge
from sindri_image_verify.refusals import Refused, Stage
from sindri_image_verify.verdicts import Verdicts, key_of

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import VerifyRequest
    from sindri_image_verify.terms import Terms


def verify(ctx: Context, request: VerifyRequest) -> Sequence[Verification]:
    """Judge each claim. Raises ``ConfigError`` for settings that cannot be used, ``RegistryError`` for a registry's."""
    named = parse(request.image.deployed)
    image = Reference(host=named.host, path=named.path, digest=request.image.digest)
    validation.require_usable(request.policy, image.repository)
    ready = _prepared(request, image)
    claims = sorted(request.claims)
    if not policies.allowed(ready.policy, image):
        return [_refused(claim, image, _elsewhere(ready, image)) for claim in claims]
    if lost := _lost(request, image):
        return [_refused(claim, image, lost) for claim in claims]
    engines = Engines(ctx, ready)
    verdicts = Verdicts(ctx.cache_dir)
    answers = {claim: _known(verdicts, engines, ready, image, claim) for claim in claims}
    left = [claim for claim in claims if answers[claim] is None]
    for claim, answer in _judged(request, image, ready, engines, left).items():
        if isinstance(answer, Accepted):
            verdicts.keep(key_of(image, claim, ready.fingerprint, answer.engine), answer.evidence, _until(ready))
        answers[claim] = _verification(claim, image, answer)
    return [answer for answer in answers.values() if answer is not None]


def _lost(request: VerifyRequest, image: Reference) -> Refused | None:
    """Whether the repository does not have the image: asked also where a verdict is remembered from before."""
    if request.registry is None:
        return None
    try:
        documents.require_runnable(request.registry.manifest(image), image.repository)
    except ImageNotFound as error:
        return Refused(Stage.ABSENT, error.message)
    return None


def _prepared(request: VerifyRequest, image: Reference) -> Terms:
    policy = policies.completed(request.policy, image)
    notes = (policies.default_line(image),) if policy is not request.policy else ()
    try:
        return terms.prepare(policy, request.image.tag, notes)
    except ValueError as error:
        raise ConfigError(
            validation.CODE, f"{policy.source}: {error}", hint="look at the settings below trust"
        ) from None


def _known(verdicts: Verdicts, engines: Engines, ready: Terms, image: Reference, claim: Claim) -> Verification | None:
    for engine in engines.known():
        evidence = verdicts.find(key_of(image, claim, ready.fingerprint, engine))
        if evidence is not None:
            return _accepted(claim, image, (*evidence, "checked within the last day"))
    return None


def _judged(
    request: VerifyRequest, image: Reference, ready: Terms, engines: Engines, claims: Sequence[Claim]
) -> dict[Claim, Accepted | Refused]:
    if not claims:
        return {}
    if request.registry is None:
        offline = Refused(Stage.UNCHECKED, "offline: what is attached to the image cannot be fetched")
        return dict.fromkeys(claims, offline)
    try:
        found = material.gather(request.registry, image)
    except Refused as refusal:
        return dict.fromkeys(claims, refusal)
    judge = Judge(image=image, terms=ready, check=lambda signed: engines.check(signed, found.document))
    answers: dict[Claim, Accepted | Refused] = {}
    for claim in claims:
        try:
            answers[claim] = judge.judge(claim, found.candidates)
        except Refused as refusal:
            answers[claim] = refusal
    return answers


def _until(ready: Terms) -> float | None:
    """When the next authority of the trusted root ends: from then on the same check could say otherwise."""
    moments = [end.timestamp() for end in roots.ends(ready.root) if end] if ready.root else []
    return min((moment for moment in moments if moment > time.time()), default=None)


def _verification(claim: Claim, image: Reference, answer: Accepted | Refused) -> Verification:
    if isinstance(answer, Accepted):
        return _accepted(claim, image, answer.evidence)
    return _refused(claim, image, answer)


def _accepted(claim: Claim, image: Reference, evidence: Sequence[str]) -> Verification:
    return Verification(claim=claim, verdict=Verdict.ACCEPTED, digest=image.digest, evidence=tuple(evidence))


def _refused(claim: Claim, image: Reference, refusal: Refused) -> Verification:
    return Verification(
        claim=claim,
        verdict=Verdict.REFUSED,
        digest=image.digest,
        reason=refusal.reason,
        found=refusal.found,
        wanted=refusal.wanted,
        accept=refusal.accept,
    )


def _elsewhere(ready: Terms, image: Reference) -> Refused:
    allowed = ready.policy.allowed_repositories
    return Refused(
        Stage.CONTENT,
        f"images of {image.repository} are not allowed",
        found=[f"repository: {image.canonical}"],
        wanted=[f"repository: {' or '.join(allowed)}"],
        accept=[policies.setting("allowed_repositories", [*allowed, image.canonical])],
    )
