"""What makes a plan trustworthy: required claims are enforced here, for every image in the final objects.

The settings say which claims are required. Each needs an accept, for exactly the digest that is deployed, from a
verifier that the settings name. Everything else (no verifier, a broken one, another digest) is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from sindri_core import resolving
from sindri_core.errors import ImageRefused
from sindri_core.loading import advice
from sindri_core.oci.reference import parse
from sindri_core.patching import patched
from sindri_core.requests import FindImagesRequest, ResolveRequest, VerifyRequest
from sindri_core.settings import ImageSettings
from sindri_core.trust import demanded
from sindri_core.types import ClusterCandidate, Manifest, Origin, Patch, ResolvedImage, Verdict, Verification

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.hooks import Hooks
    from sindri_core.oci.client import RegistryClient
    from sindri_core.settings import TrustPolicy
    from sindri_core.types import Issue

Result = TypeVar("Result")
AT_ONCE = 20
"""Images that are resolved and verified at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An image that was resolved, what was said of it, and the warnings."""

    image: ResolvedImage
    verifications: tuple[Verification, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Manifests in which every image is resolved and verified, and the images that others than the provider added."""

    manifests: tuple[Manifest, ...]
    others: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The one way by which an image gets into a plan: resolved once, then verified by its digest.

    ``registry`` is the run's client, None offline.
    """

    hooks: Hooks
    ctx: Context
    cluster: ClusterCandidate
    registry: RegistryClient | None

    def judge(self, settings: ImageSettings, *, main: bool) -> Judged:
        """Find out which image the settings mean, and check the claims that are required of it.

        ``main`` tells the environment's own image from those that plugins added. Raises ``ImageError``.
        """
        gate = self if main else replace(self, cluster=replace(self.cluster, local=False))
        image, issues = gate.resolve(settings)  # only the environment's own image is loaded from the local engine
        return Judged(image=image, verifications=self.verify(image, settings, main=main), issues=tuple(issues))

    def resolve(self, settings: ImageSettings, *, explain: bool = False) -> tuple[ResolvedImage, list[Issue]]:
        """Ask the plugins, then the built-in resolvers. Nobody resolves the image again after this."""
        request = ResolveRequest(image=settings, cluster=self.cluster, registry=self.registry, explain=explain)
        image, issues = self.hooks.resolve_image(self.ctx, request)
        if image is None:
            image, more = resolving.resolve(self.ctx, request)
            return image, [*issues, *more]
        warning = resolving.unpinned(image)
        return image, [*issues, warning] if warning else issues

    def verify(self, image: ResolvedImage, settings: ImageSettings, *, main: bool) -> tuple[Verification, ...]:
        """Check what each policy requires of the image. Raises ``ImageRefused`` unless every claim is accepted."""
        policies = demanded(self.ctx.config.trust, parse(image.deployed), main=main)
        return tuple(answer for policy in policies for answer in self._verify(image, settings, policy))

    def _verify(self, image: ResolvedImage, settings: ImageSettings, policy: TrustPolicy) -> tuple[Verification, ...]:
        wanted = " and ".join(sorted(policy.claims))
        if not image.digest:
            raise ImageRefused(
                "SND-IMG-003",
                f"{image.deployed} must have a verified {wanted}, but it is only a tag and can change after the check",
                hint="write its digest: deployment.image_config.digest",
            )
        if image.origin == Origin.ENGINE:
            raise ImageRefused(
                "SND-IMG-003",
                f"{image.deployed} must have a verified {wanted}, but it lies in the local engine, "
                "and nobody signs that",
                hint="push it, sign it, and name it by its registry: deployment.image_config",
            )
        request = VerifyRequest(
            image=image,
            claims=policy.claims,
            trust=self.ctx.config.trust,
            settings=settings,
            policy=policy,
            registry=self.registry,
        )
        answers = self.hooks.verify_image(self.ctx, request)
        for claim in sorted(policy.claims):
            said = [a for a in answers if a.claim == claim and a.digest == image.digest]
            if not said or any(a.verdict != Verdict.ACCEPTED for a in said):
                raise _refusal(self.hooks, image, claim, said, policy)
        return tuple(answers)


def seal(gate: Gate, main: Judged, manifests: Sequence[Manifest]) -> Sealed:
    """Resolve and verify every image in the manifests, and write what was resolved into them."""
    uses = gate.hooks.find_images(gate.ctx, gate.ctx.config.provider, FindImagesRequest(manifests=manifests))
    strangers = list(dict.fromkeys(use.reference for use in uses if use.reference != main.image.deployed))
    answers = several(lambda text: gate.judge(ImageSettings(reference=text), main=False), strangers)
    judged = dict(zip(strangers, answers, strict=True))
    patches = [
        Patch(manifest=use.manifest, op="replace", path=use.path, value=pinned, reason="pinned")
        for use in uses
        if (pinned := judged[use.reference].image.deployed if use.reference in judged else use.reference)
        != use.reference
    ]
    return Sealed(manifests=tuple(patched(manifests, patches)), others=tuple(judged.values()))


def several(judge: Callable[[str], Result], references: Sequence[str]) -> list[Result]:
    """Judge several images at once; the first error in their order is raised."""
    if len(references) < 2:  # noqa: PLR2004 - a thread for one is none gained
        return [judge(reference) for reference in references]
    from concurrent.futures import ThreadPoolExecutor  # costs start-up time, and most environments have one image

    with ThreadPoolExecutor(min(AT_ONCE, len(references)), thread_name_prefix="sindri-image") as pool:
        return list(pool.map(judge, references))


def _refusal(
    hooks: Hooks, image: ResolvedImage, claim: str, said: Sequence[Verification], policy: TrustPolicy
) -> ImageRefused:
    """Say what was found beside what is required, and the setting that would accept it."""
    details = [("required", f"by {policy.source}{f', {policy.path}' if policy.path else ''}")]
    accept: list[str] = []
    for answer in said:
        if answer.verdict == Verdict.ACCEPTED:
            continue
        details.append(("refused", f"{answer.verifier}: {answer.reason or 'no reason given'}"))
        details += [("found", line) for line in answer.found]
        details += [("wanted", line) for line in answer.wanted]
        accept += answer.accept
    if not said:
        seen = " or ".join(policy.verifiers) or "anybody: trust.verifiers is empty"
        details.append(("seen", f"no answer from {seen}"))
    return ImageRefused(
        "SND-IMG-003",
        f"the {claim} of {image.deployed} is required and nobody vouches for it",
        hint="\n".join(accept) or _remedy(hooks, policy.verifiers),
        details=details,
    )


def _remedy(hooks: Hooks, verifiers: Sequence[str]) -> str:
    loaded = hooks.registry.versions()
    missing = [name for name in verifiers if name not in loaded]
    refused = {rejected.id for rejected in hooks.registry.rejected}
    if missing and missing[0] in refused:
        return f"{missing[0]} is installed and not loaded: sindri plugins doctor {missing[0]}"
    if missing:
        return f"install the verifier: {advice(missing[0], loaded)}"
    return "sindri image inspect REFERENCE   shows what is attached; docs/trust.md says how to demand something else"
