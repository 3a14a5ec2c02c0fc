"""The steps of a run. Each is a function of values that came before it; nothing flows back.

``locate → detect → resolve → verify → build → adjust → seal → diff`` is a plan and writes nothing, anywhere. Deploy
is the same, then ``load → apply → observe``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sindri_core import waiting
from sindri_core.errors import ClusterUnreachable, SindriError
from sindri_core.events import StepFailed, StepFinished, StepStarted, Warned
from sindri_core.oci.once import Once
from sindri_core.requests import (
    AdjustRequest,
    BuildRequest,
    DetectRequest,
    LoadRequest,
    LocateRequest,
    ReadRequest,
    TargetRequest,
)
from sindri_core.types import (
    Action,
    Applied,
    Change,
    Changes,
    ClusterCandidate,
    Destination,
    LoadOutcome,
    Manifest,
    Patch,
    Plan,
    ResolvedImage,
    State,
    Status,
    Verification,
)

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.hooks import Hooks
    from sindri_core.interfaces import Target
    from sindri_core.oci.client import RegistryClient
    from sindri_core.types import Body, Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user allowed for this run: foreign objects and fields to take over, another cluster to accept."""

    adopt: tuple[str, ...] = ()
    force_conflicts: bool = False
    accept_cluster: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The answer of a deploy: what was planned, loaded and written, and how the environment is after it."""

    plan: Plan
    load: LoadOutcome | None
    applied: Applied
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is known before the destination is compared: where, what kind of place, which image, which objects."""

    destination: Destination
    cluster: ClusterCandidate
    image: ResolvedImage
    others: tuple[ResolvedImage, ...]
    verifications: tuple[Verification, ...]
    manifests: tuple[Manifest, ...]
    adjustments: tuple[Patch, ...]
    issues: tuple[Issue, ...]


def locate(hooks: Hooks, ctx: Context) -> Destination:
    """Where the environment goes. Asked once."""
    return hooks.locate(ctx, ctx.config.provider, LocateRequest())


def detect(hooks: Hooks, ctx: Context, destination: Destination) -> ClusterCandidate:
    """What kind of place the destination is: the candidate of the highest rank, then the first by kind.

    What it leaves open (version, nodes, platforms) is taken from the others: they speak of the same place.
    """
    answers: Once[Body] = Once()
    away: list[ClusterUnreachable] = []

    def read(path: str) -> Body:
        if away:  # who is not there for one question is not there for the next
            raise away[0]
        request = ReadRequest(destination=destination, path=path)
        try:
            return answers.get(path, lambda: hooks.read(ctx, destination.provider, request))
        except ClusterUnreachable as error:
            away.append(error)
            raise

    request = DetectRequest(destination=destination, api=None if ctx.offline else read)
    candidates = hooks.detect_cluster(ctx, request)
    if not candidates:
        return ClusterCandidate(
            kind=destination.provider,
            name=destination.context,
            rank=0,
            evidence=("no plugin recognised it",),
            plugin=destination.provider,
        )
    ranked = sorted(candidates, key=lambda each: (-each.rank, each.kind, not each.local))
    best = ranked[0]
    same = (text for each in ranked if each.kind == best.kind for text in each.evidence)
    return replace(
        best,
        evidence=tuple(dict.fromkeys(same)),
        version=next((each.version for each in ranked if each.version), ""),
        nodes=next((each.nodes for each in ranked if each.nodes is not None), None),
        platforms=next((each.platforms for each in ranked if each.platforms), ()),
    )


def build(
    hooks: Hooks, ctx: Context, destination: Destination, cluster: ClusterCandidate, image: ResolvedImage
) -> tuple[tuple[Manifest, ...], tuple[Patch, ...]]:
    """Make the objects, first by the provider, then adjusted by every plugin in turn."""
    from sindri_core import patching

    provider = ctx.config.provider
    request = BuildRequest(destination=destination, cluster=cluster, image=image)
    manifests = patching.isolated(hooks.build_manifests(ctx, provider, request))

    def request_for(current: Sequence[Manifest]) -> AdjustRequest:
        return AdjustRequest(
            manifests=patching.isolated(current), destination=destination, cluster=cluster, image=image
        )

    adjusted, patches = hooks.adjust_manifests(ctx, manifests, request_for, patching.patched)
    return tuple(adjusted), tuple(patches)


def intend(hooks: Hooks, ctx: Context) -> Intent:
    """All steps up to the sealed manifests. Reads, never writes."""
    from sindri_core import sealing  # what only looks at an environment needs none of it

    with _step(ctx, "locate"):
        destination = locate(hooks, ctx)
        cluster = detect(hooks, ctx, destination)
    with registry_of(ctx) as registry:
        gate = sealing.Gate(hooks=hooks, ctx=ctx, cluster=cluster, registry=registry)
        with _step(ctx, "image") as done:
            main = gate.judge(ctx.config.image, main=True)
            done(f"{main.image.digest or main.image.deployed}{' verified' if main.verifications else ''}")
        manifests, patches = build(hooks, ctx, destination, cluster, main.image)
        sealed = sealing.seal(gate, main, manifests)
    judged = (main, *sealed.others)
    warnings = [*ctx.config.warnings, *(issue for each in judged for issue in each.issues)]
    for warning in warnings:
        ctx.emit(Warned(issue=warning))
    return Intent(
        destination=destination,
        cluster=cluster,
        image=main.image,
        others=tuple(each.image for each in sealed.others),
        verifications=tuple(answer for each in judged for answer in each.verifications),
        manifests=sealed.manifests,
        adjustments=patches,
        issues=tuple(warnings),
    )


@contextmanager
def registry_of(ctx: Context) -> Iterator[RegistryClient | None]:
    """The run's own client of registries, closed at the end; None offline."""
    if ctx.offline:
        yield None
        return
    from sindri_core.oci.client import RegistryClient

    with RegistryClient(
        registries={registry.host: registry for registry in ctx.config.trust.registries},
        environ=ctx.environ,
        deadline=ctx.deadline,
        cancel=ctx.cancel,
        emit=ctx.emit,
        cache_dir=ctx.cache_dir,
    ) as client:
        yield client


def plan(hooks: Hooks, ctx: Context, policy: Policy) -> Plan:
    """What deploying would do. Reads the destination, writes nothing, anywhere."""
    intent = intend(hooks, ctx)
    if ctx.offline:
        return _planned(hooks, ctx, intent, _not_compared(intent.manifests))
    with opened(hooks, ctx, intent.destination, intent.cluster, policy) as target, _step(ctx, "compare"):
        return _planned(hooks, ctx, intent, target.diff(intent.manifests))


def deploy(
    hooks: Hooks, ctx: Context, policy: Policy, *, plan_file: Mapping[str, object] | None = None, wait: bool = True
) -> Deployed:
    """Make it so. With a plan file: exactly that plan, or ``PlanStale`` and nothing written."""
    intent = intend(hooks, ctx)
    with opened(hooks, ctx, intent.destination, intent.cluster, policy) as target:
        with _step(ctx, "compare"):
            planned = _planned(hooks, ctx, intent, target.diff(intent.manifests))
        if plan_file is not None:
            from sindri_core import planfile

            planfile.check(plan_file, planned)
        ctx.cancel.check()
        loaded = load(hooks, ctx, intent)
        with _step(ctx, "apply") as done:
            applied = target.apply(intent.manifests, planned.changes)
            total = len(applied.written) + applied.unchanged
            done(f"{len(applied.written)} of {total} objects" if applied.written else "nothing to change")
        status = await_state(ctx, target, waiting.UP) if wait else target.observe()
    return Deployed(plan=planned, load=loaded, applied=applied, status=status)


def load(hooks: Hooks, ctx: Context, intent: Intent) -> LoadOutcome | None:
    """Bring the image to a local cluster; nothing to do anywhere else."""
    if not intent.cluster.local:
        return None
    request = LoadRequest(image=intent.image, cluster=intent.cluster, destination=intent.destination)
    with _step(ctx, "load"):
        return hooks.load_image(ctx, intent.cluster.plugin, request)


def power(hooks: Hooks, ctx: Context, policy: Policy, *, replicas: int, wait: bool = True) -> Status:
    """Start (1) or stop (0) the environment, and wait until it is so."""
    with opened_here(hooks, ctx, policy) as target:
        with _step(ctx, "scale") as done:
            changed = target.scale(replicas)
            done(("started" if replicas else "stopped") if changed else "was so already")
        return await_state(ctx, target, waiting.UP if replicas else waiting.DOWN) if wait else target.observe()


@contextmanager
def opened(
    hooks: Hooks, ctx: Context, destination: Destination, cluster: ClusterCandidate, policy: Policy
) -> Iterator[Target]:
    """Open the target and close it, whatever happens."""
    request = TargetRequest(
        destination=destination,
        cluster=cluster,
        accept_cluster=policy.accept_cluster,
        adopt=policy.adopt,
        force_conflicts=policy.force_conflicts,
    )
    target = hooks.open_target(ctx, ctx.config.provider, request)
    try:
        yield target
    finally:
        target.close()


@contextmanager
def opened_here(hooks: Hooks, ctx: Context, policy: Policy) -> Iterator[Target]:
    """Open the target of an environment that exists: no image is resolved, nothing is built."""
    destination = locate(hooks, ctx)
    with opened(hooks, ctx, destination, detect(hooks, ctx, destination), policy) as target:
        yield target


def await_state(ctx: Context, target: Target, wanted: frozenset[State]) -> Status:
    """Wait until the environment is in one of these states."""
    with _step(ctx, "wait") as done:
        status = waiting.until(ctx, target, wanted)
        done(status.instance or status.state.value)
    return status


def _planned(hooks: Hooks, ctx: Context, intent: Intent, changes: Changes) -> Plan:
    from sindri_core import patching, planfile

    return Plan(
        name=ctx.config.name,
        destination=intent.destination,
        cluster=intent.cluster,
        image=intent.image,
        others=intent.others,
        verifications=intent.verifications,
        changes=changes,
        manifests=intent.manifests,
        adjustments=tuple(map(patching.veiled, intent.adjustments)),
        issues=(*intent.issues, *changes.issues),
        intent=planfile.intent_of(intent.manifests),
        plugins=hooks.registry.versions(),
        offline=ctx.offline,
    )


def _not_compared(manifests: Sequence[Manifest]) -> Changes:
    unknown = (
        Change(action=Action.UNKNOWN, kind=m.kind, name=m.name, scope=m.scope, reason="offline: not compared")
        for m in manifests
    )
    return Changes(items=tuple(unknown))


@contextmanager
def _step(ctx: Context, name: str) -> Iterator[Callable[[str], None]]:
    """Tell observers when a step begins and how it ends; the caller may say what came of it."""
    began, said = time.monotonic(), [""]
    ctx.emit(StepStarted(step=name))
    try:
        yield lambda text: said.__setitem__(0, text)
    except SindriError as error:
        ctx.emit(StepFailed(step=name, message=error.message, seconds=time.monotonic() - began))
        raise
    ctx.emit(StepFinished(step=name, message=said[0], seconds=time.monotonic() - began))
