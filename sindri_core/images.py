"""Images on their own, without deploying any: resolve, verify, inspect, and which versions there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sindri_core.errors import ClusterError, ImageError
from sindri_core.oci.reference import parse
from sindri_core.pipeline import detect, locate, registry_of
from sindri_core.requests import InspectRequest
from sindri_core.resolving import DEFAULT_IMAGE
from sindri_core.resolving.named import Named, named
from sindri_core.sealing import Gate, several
from sindri_core.settings import ImageSettings, TrustPolicy
from sindri_core.trust import demanded, lent
from sindri_core.types import Attachment, Claim, ClusterCandidate, Origin, RejectedTag, ResolvedImage, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.hooks import Hooks
    from sindri_core.oci.client import RegistryClient
    from sindri_core.settings import Config

NOWHERE = ClusterCandidate(kind="", name="", rank=0)
"""Where an image goes that is only looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """What is known of one image. ``attachments`` describe themselves; only ``verifications`` were checked."""

    image: ResolvedImage
    verifications: tuple[Verification, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVersions:
    """The tags of a repository: those that the settings choose (equal versions), and the others, newest first."""

    repository: str
    chosen: tuple[str, ...]
    why: str
    others: tuple[RejectedTag, ...]


def demands(config: Config) -> tuple[tuple[str, TrustPolicy], ...]:
    """List the policies that verifiers will be asked about, each with the one repository that it is about, if any."""
    main = parse(named(config.image, default=DEFAULT_IMAGE).repository)
    own = [(main.repository, policy) for policy in demanded(config.trust, main, main=True)]
    about = {(policy.source, policy.path) for _, policy in own}
    entries = [("", p) for p in config.trust.policies if p.claims and (p.source, p.path) not in about]
    return (*own, *entries)


def resolve(hooks: Hooks, ctx: Context, reference: str, *, explain: bool) -> ResolvedImage:
    """Find out which image is meant; without a reference as plan would, with the cluster in mind."""
    with registry_of(ctx) as registry:
        gate = Gate(hooks=hooks, ctx=ctx, cluster=_cluster(hooks, ctx, reference), registry=registry)
        image = gate.resolve(_settings(ctx, reference), explain=explain)[0]
        _require_there(registry, image)
        return image


def verify(
    hooks: Hooks, ctx: Context, references: Sequence[str], policy: TrustPolicy | None
) -> tuple[ImageReport, ...]:
    """Resolve and verify each. Where nothing is required of an image, a signature is.

    All are judged before the first error is raised, which then says what came of the others.
    """
    cluster = _cluster(hooks, ctx, "") if "" in references else NOWHERE
    with registry_of(ctx) as registry:

        def report(reference: str) -> ImageReport | ImageError:
            try:
                return judged(reference)
            except ImageError as error:
                return error

        def judged(reference: str) -> ImageReport:
            settings = _settings(ctx, reference)
            demanding, main = _demanding(ctx, settings, policy)
            there = NOWHERE if reference else cluster
            found = Gate(hooks=hooks, ctx=demanding, cluster=there, registry=registry).judge(settings, main=main)
            return ImageReport(image=found.image, verifications=found.verifications)

        return _all_accepted(several(report, references))


def _all_accepted(answers: Sequence[ImageReport | ImageError]) -> tuple[ImageReport, ...]:
    reports = tuple(answer for answer in answers if isinstance(answer, ImageReport))
    errors = [answer for answer in answers if isinstance(answer, ImageError)]
    if not errors:
        return reports
    first = errors[0]
    accepted = [("accepted", report.image.deployed) for report in reports]
    first.details = (*first.details, *(("also", other.message) for other in errors[1:]), *accepted)
    raise first


def _demanding(ctx: Context, settings: ImageSettings, policy: TrustPolicy | None) -> tuple[Context, bool]:
    """The run in which something is required of the image, and whether it counts as the environment's own."""
    trust = ctx.config.trust
    same = _repository(settings) == _repository(ctx.config.image)
    main = same or policy is not None
    if policy is not None:
        borrowed = same and not policy.names_somebody and trust.own.names_somebody
        trust = replace(trust, own=lent(policy, trust.own) if borrowed else policy)
    if not demanded(trust, parse(_repository(settings)), main=main):
        own = trust.own if main else TrustPolicy(source="command line")
        trust, main = replace(trust, own=replace(own, claims=frozenset({Claim.SIGNATURE}))), True
    return replace(ctx, config=replace(ctx.config, trust=trust)), main


def inspect(hooks: Hooks, ctx: Context, reference: str) -> ImageReport:
    """Resolve, and ask the plugins what is attached."""
    with registry_of(ctx) as registry:
        gate = Gate(hooks=hooks, ctx=ctx, cluster=_cluster(hooks, ctx, reference), registry=registry)
        image = gate.resolve(_settings(ctx, reference))[0]
        _require_there(registry, image)
        attached = hooks.inspect_image(ctx, InspectRequest(image=image, registry=registry)) if registry else ()
    return ImageReport(image=image, attachments=tuple(attached))


def versions(ctx: Context, repository: str) -> ImageVersions:
    """List the tags of a repository, and say which of them are chosen."""
    from sindri_core.resolving.registry import chosen

    settings = ctx.config.image
    asked = named(settings, default=DEFAULT_IMAGE)
    if repository:
        settings = ImageSettings()
    if repository or not asked.strategy:
        of = parse(repository or asked.repository).repository
        asked = Named(repository=of, written=of, why="", strategy="latest-stable")
    with registry_of(ctx) as registry:
        found, why, others = chosen(registry, settings, asked, explain=True) if registry else ((), "", ())
    return ImageVersions(repository=asked.repository, chosen=found, why=why, others=others)


def _require_there(registry: RegistryClient | None, image: ResolvedImage) -> None:
    """Whoever looks at a digest wants to know whether there is such an image. Raises ``ImageNotFound``."""
    if registry and image.digest and image.origin == Origin.REGISTRY:
        registry.manifest(replace(parse(image.deployed), tag=""))


def _settings(ctx: Context, reference: str) -> ImageSettings:
    return ImageSettings(reference=reference) if reference else ctx.config.image


def _repository(settings: ImageSettings) -> str:
    return named(settings, default=DEFAULT_IMAGE).repository


def _cluster(hooks: Hooks, ctx: Context, reference: str) -> ClusterCandidate:
    """Where the image would run, which decides what a plain name means; a reference is looked at on its own.

    Without a cluster the image can be looked at all the same.
    """
    if reference:
        return NOWHERE
    try:
        return detect(hooks, ctx, locate(hooks, ctx))
    except ClusterError:
        return NOWHERE
