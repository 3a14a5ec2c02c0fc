"""A provider that keeps environments in a dictionary: the smallest thing that the pipeline can deploy to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_core import HookSpecs, hookimpl
from sindri_core.types import (
    Action,
    Applied,
    Body,
    Capability,
    Change,
    Changes,
    Claim,
    ClusterCandidate,
    Destination,
    ImageUse,
    Manifest,
    Patch,
    PluginInfo,
    Removal,
    State,
    Status,
    Verdict,
    Verification,
)

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import (
        AdjustRequest,
        BuildRequest,
        DetectRequest,
        FindImagesRequest,
        LocateRequest,
        TargetRequest,
        VerifyRequest,
    )


@dataclass
class Shelf(HookSpecs):
    """Keeps objects by id. ``writes`` counts them; ``states`` scripts what observing sees, the last for ever."""

    objects: dict[str, Body] = field(default_factory=dict)
    writes: int = 0
    closed: int = 0
    states: list[Status] = field(default_factory=list)
    before_apply: Callable[[], None] = lambda: None

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="shelf", version="1.0", summary="a shelf", capabilities=(Capability.PROVIDER,))

    @hookimpl
    def sindri_locate(self, ctx: Context, request: LocateRequest) -> Destination:
        return Destination(provider="shelf", context=ctx.context or "top", namespace=ctx.namespace)

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate]:
        return [ClusterCandidate(kind="shelf", name="top", rank=100, evidence=("it is made of wood",))]

    @hookimpl
    def sindri_build_manifests(self, ctx: Context, request: BuildRequest) -> Sequence[Manifest]:
        name = ctx.config.name
        body = {"kind": "Box", "metadata": {"name": name}, "image": request.image.deployed}
        return [Manifest(kind="Box", name=name, body=body)]

    @hookimpl
    def sindri_find_images(self, ctx: Context, request: FindImagesRequest) -> Sequence[ImageUse]:
        return [ImageUse(manifest=m.id, path="/image", reference=m.body["image"]) for m in request.manifests]

    @hookimpl
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> ShelfTarget:
        return ShelfTarget(self, request.destination, ctx.config.name)


@dataclass
class ShelfTarget:
    """One environment on the shelf."""

    shelf: Shelf
    destination: Destination
    name: str

    def diff(self, manifests: Sequence[Manifest]) -> Changes:
        items = [
            Change(action=self._action(m), kind=m.kind, name=m.name, version=str(self.shelf.writes)) for m in manifests
        ]
        return Changes(items=tuple(items), identity="the shelf")

    def _action(self, manifest: Manifest) -> Action:
        if manifest.id not in self.shelf.objects:
            return Action.CREATE
        return Action.SAME if self.shelf.objects[manifest.id] == manifest.body else Action.CHANGE

    def apply(self, manifests: Sequence[Manifest], changes: Changes) -> Applied:
        self.shelf.before_apply()
        todo = [c for c in changes.items if c.action is not Action.SAME]
        for manifest in manifests:
            if any(c.name == manifest.name for c in todo):
                self.shelf.objects[manifest.id] = manifest.body
                self.shelf.writes += 1
        return Applied(written=tuple(todo), unchanged=len(changes.items) - len(todo))

    def observe(self) -> Status:
        if self.shelf.states:
            return self.shelf.states.pop(0) if len(self.shelf.states) > 1 else self.shelf.states[0]
        state = State.RUNNING if self.shelf.objects else State.NOT_DEPLOYED
        return Status(name=self.name, state=state, destination=self.destination)

    def await_change(self, seconds: float) -> None:
        assert seconds >= 0

    def scale(self, replicas: int) -> bool:
        self.shelf.writes += 1
        return True

    def remove(self, *, delete_data: bool, dry_run: bool) -> Removal:
        names = tuple(self.shelf.objects)
        if not dry_run:
            self.shelf.objects.clear()
        return Removal(removed=names)

    def environments(self) -> Sequence[Status]:
        return [self.observe()]

    def close(self) -> None:
        self.shelf.closed += 1


@dataclass
class Verifier(HookSpecs):
    """Answers as it is told to."""

    id: str = "image-verify"
    answer: Callable[[VerifyRequest], Sequence[Verification]] = lambda _: ()

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id=self.id, version="1.0", summary="a verifier")

    @hookimpl
    def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification]:
        return self.answer(request)


def accept(request: VerifyRequest) -> Sequence[Verification]:
    """Accept every claim of the digest that was asked about."""
    return [Verification(claim=c, verdict=Verdict.ACCEPTED, digest=request.image.digest) for c in request.claims]


def accept_another(request: VerifyRequest) -> Sequence[Verification]:
    """Accept every claim, but of another digest."""
    other = "sha256:" + "0" * 64
    return [Verification(claim=c, verdict=Verdict.ACCEPTED, digest=other) for c in request.claims]


def accept_and_refuse(request: VerifyRequest) -> Sequence[Verification]:
    """Say both."""
    refusals = [
        Verification(claim=c, verdict=Verdict.REFUSED, digest=request.image.digest, reason="revoked")
        for c in request.claims
    ]
    return [*accept(request), *refusals]


def accept_only_the_signature(request: VerifyRequest) -> Sequence[Verification]:
    """Say nothing about provenance."""
    return [v for v in accept(request) if v.claim is Claim.SIGNATURE]


def crash(request: VerifyRequest) -> Sequence[Verification]:
    """Fail in a way nobody expects."""
    raise ZeroDivisionError(request.image.digest)


@dataclass
class Adjuster(HookSpecs):
    """Changes manifests by the given patches."""

    id: str
    patches: Sequence[Patch]
    seen: list[Any] = field(default_factory=list)

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id=self.id, version="1.0", summary="an adjuster")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> Sequence[Patch]:
        self.seen.append([m.body for m in request.manifests])
        return self.patches
