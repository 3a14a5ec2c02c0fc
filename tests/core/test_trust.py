"""What plugins cannot do: deploy another image than was verified, change objects unseen, end a run with raw errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shelf import Adjuster, Shelf, Verifier, accept
from test_pipeline import DIGEST, core, settings

from sindri_core import Core, HookSpecs, hookimpl
from sindri_core.errors import ImageRefused, PluginCrashed, PluginError
from sindri_core.events import Event, HookFailed
from sindri_core.types import Claim, Origin, Patch, PluginInfo, ResolvedImage, Verdict, Verification

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import AdjustRequest, ResolveRequest, TargetRequest, VerifyRequest

OTHER = "sha256:" + "b" * 64
SIGNED = settings(registry="ghcr.io/acme/app", digest=DIGEST, verify_signature=True)


class Resolver(HookSpecs):
    """Answers every question with one image."""

    def __init__(self, image: ResolvedImage) -> None:
        self.image = image

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="resolver", version="1.0", summary="resolves")

    @hookimpl
    def sindri_resolve_image(self, ctx: Context, request: ResolveRequest) -> ResolvedImage | None:
        return self.image


@pytest.mark.parametrize(
    ("deployed", "digest", "origin"),
    [
        ("ghcr.io/o/x:latest", DIGEST, Origin.REGISTRY),
        (f"ghcr.io/o/x@{OTHER}", DIGEST, Origin.REGISTRY),
        (f"ghcr.io/o/x@{DIGEST}", "", Origin.REGISTRY),
        ("ghcr.io/o/x:latest", "notadigest", Origin.REGISTRY),
        ("-x; rm", "", Origin.AS_WRITTEN),
        ("ghcr.io/o/x:latest", DIGEST, Origin.AS_WRITTEN),
        ("ghcr.io/o/x:1", "notadigest", Origin.ENGINE),
        ("", "", Origin.AS_WRITTEN),
    ],
)
def test_an_image_that_is_not_what_was_resolved_is_refused(
    tmp_path: Path, deployed: str, digest: str, origin: Origin
) -> None:
    """A resolver's answer that would deploy anything but its digest ends the run, and the resolver is named."""
    shelf = Shelf()
    image = ResolvedImage(reference="x", deployed=deployed, digest=digest, origin=origin)
    with core(tmp_path, shelf, Resolver(image)) as sindri, pytest.raises(PluginError, match="resolver") as caught:
        sindri.deploy()
    assert caught.value.code == "SND-PLG-006"
    assert shelf.writes == 0


def test_an_image_of_the_local_engine_satisfies_no_requirement(tmp_path: Path) -> None:
    """Nobody signs what lies in an engine, whatever a verifier says."""
    shelf = Shelf()
    image = ResolvedImage(reference="x", deployed="sindri:1", digest=DIGEST, origin=Origin.ENGINE)
    with (
        core(tmp_path, shelf, Resolver(image), Verifier(answer=accept), config=SIGNED) as sindri,
        pytest.raises(ImageRefused, match="local engine"),
    ):
        sindri.deploy()
    assert shelf.writes == 0


def test_a_second_resolver_is_a_warning_of_the_plan(tmp_path: Path) -> None:
    """Whoever reads the plan learns that another plugin would have resolved the image too."""
    image = ResolvedImage(reference="x", deployed=f"x@{DIGEST}", digest=DIGEST, origin=Origin.REGISTRY)

    class Second(Resolver):
        @hookimpl
        def sindri_plugin_info(self) -> PluginInfo:
            return PluginInfo(id="second", version="1.0", summary="resolves too")

    with core(tmp_path, Shelf(), Resolver(image), Second(image)) as sindri:
        assert [issue.code for issue in sindri.plan().issues] == ["SND-PLG-007"]


def test_all_images_are_judged_before_the_first_error(tmp_path: Path) -> None:
    """Of several images the error says which were accepted and which others were refused."""

    def only_good(request: VerifyRequest) -> Sequence[Verification]:
        return accept(request) if "good" in request.image.deployed else ()

    names = [f"{name}@{DIGEST}" for name in ("good/a", "bad/b", "good/c", "bad/d")]
    with core(tmp_path, Shelf(), Verifier(answer=only_good)) as sindri, pytest.raises(ImageRefused) as caught:
        sindri.verify_images(names)
    assert "bad/b" in caught.value.message
    told = [(label, text) for label, text in caught.value.details if label in {"also", "accepted"}]
    assert [label for label, _ in told] == ["also", "accepted", "accepted"]
    assert "bad/d" in told[0][1]


@pytest.mark.parametrize("verdict", ["refused", "perhaps", None])
def test_one_answer_that_is_no_accept_refuses(tmp_path: Path, verdict: Any) -> None:
    """A refusal counts also when it is a plain text, and whatever nobody knows is a refusal."""

    def both(request: VerifyRequest) -> list[Verification]:
        good = Verification(claim=Claim.SIGNATURE, verdict=Verdict.ACCEPTED, digest=request.image.digest)
        return [good, Verification(claim=Claim.SIGNATURE, verdict=verdict, digest=request.image.digest)]

    with core(tmp_path, Shelf(), Verifier(answer=both), config=SIGNED) as sindri:
        with pytest.raises(ImageRefused) as caught:
            sindri.plan()
        assert ("refused", "image-verify: no reason given") in caught.value.details


class Meddler(HookSpecs):
    """Keeps the objects that it is shown, and changes them at once or when an event comes."""

    def __init__(self, moment: str) -> None:
        self.moment = moment
        self.kept: list[Any] = []

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="meddler", version="1.0", summary="meddles")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> Sequence[Patch]:
        self.kept = [manifest.body for manifest in request.manifests]
        if self.moment == "adjust":
            self._meddle()
        return []

    @hookimpl
    def sindri_on_event(self, event: Event) -> None:
        if self.moment == "event":
            self._meddle()

    def _meddle(self) -> None:
        for body in self.kept:
            body["image"] = "evil/evil:latest"


@pytest.mark.parametrize("moment", ["adjust", "event"])
def test_objects_change_by_patches_alone(tmp_path: Path, moment: str) -> None:
    """What a plugin does to the objects that it was shown changes nothing."""
    shelf = Shelf()
    with core(tmp_path, shelf, Meddler(moment)) as sindri:
        sindri.deploy()
    assert shelf.objects["Box/demo"]["image"] == f"ghcr.io/acme/app@{DIGEST}"


@pytest.mark.parametrize(
    "patch",
    [
        Patch(manifest="Box/demo", op="add", path="noslash", value=1),
        Patch(manifest="Box/demo", op="add", path="/set", value={1, 2}),
        Patch(manifest="Box/demo", op="add", path="/nan", value=float("nan")),
        Patch(manifest="Box/demo", op="replace", path="/metadata/name", value="other"),
        Patch(manifest="Box/demo", op="add", path="/metadata/namespace", value="kube-system"),
        Patch(manifest="Box/demo", op="replace", path="/kind", value="Other"),
        Patch(manifest="Box/demo", op="remove", path="/metadata"),
    ],
    ids=str,
)
def test_a_patch_cannot_make_another_object_of_it(tmp_path: Path, patch: Patch) -> None:
    """Paths begin with a slash, values are plain data, and an object keeps its name and place."""
    with core(tmp_path, Shelf(), Adjuster("adjuster", [patch])) as sindri, pytest.raises(PluginError) as caught:
        sindri.plan()
    assert (caught.value.code, caught.value.plugin) == ("SND-PLG-006", "adjuster")


class Stop(BaseException):
    """No ``Exception``: what escapes a careless guard."""


RAISED = [ValueError("odd"), SystemExit(3), asyncio.CancelledError(), Stop("odd")]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_a_hook_raises_names_the_plugin(tmp_path: Path, error: BaseException) -> None:
    """Also what is no ``Exception`` becomes an error of the plugin; in a verifier it is a refusal."""

    def fail(_: object) -> list[Verification]:
        raise error

    with core(tmp_path, Shelf(), Verifier(answer=fail), config=SIGNED) as sindri:
        with pytest.raises(ImageRefused) as caught:
            sindri.plan()
        assert any("failed in sindri_verify_image" in text for _, text in caught.value.details)


class Broken:
    """A target of which one method is broken."""

    def __init__(self, target: Any, method: str, answer: Callable[[], object]) -> None:
        self._target = target
        self._method = method
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            return lambda *_, **__: self._answer()
        return getattr(self._target, name)


class BrokenShelf(Shelf):
    """A shelf whose target is broken."""

    method = ""
    answer: Callable[[], object] = staticmethod(lambda: None)

    @hookimpl
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> Any:
        return Broken(super().sindri_open_target(ctx, request), self.method, self.answer)


def raises(error: BaseException) -> object:
    """Raise it."""
    raise error


CALLS = {
    "diff": lambda sindri: sindri.plan(),
    "apply": lambda sindri: sindri.deploy(),
    "observe": lambda sindri: sindri.status(),
    "scale": lambda sindri: sindri.stop(),
    "remove": lambda sindri: sindri.destroy(),
    "environments": lambda sindri: sindri.environments(),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_a_target_raises_names_the_plugin(tmp_path: Path, method: str, error: BaseException) -> None:
    """A third party's provider that fails is reported as such, with the method."""
    shelf = BrokenShelf()
    shelf.method, shelf.answer = method, lambda: raises(error)
    with core(tmp_path, shelf) as sindri, pytest.raises(PluginCrashed, match=rf"shelf failed in Target\.{method}"):
        CALLS[method](sindri)


@pytest.mark.parametrize("method", CALLS)
def test_what_a_target_answers_is_checked(tmp_path: Path, method: str) -> None:
    """An answer of another type is reported with the method and what was expected."""
    shelf = BrokenShelf()
    shelf.method, shelf.answer = method, lambda: None
    with core(tmp_path, shelf) as sindri, pytest.raises(PluginError, match="NoneType instead of") as caught:
        CALLS[method](sindri)
    assert caught.value.code == "SND-PLG-006"


def test_a_close_that_fails_hides_nothing(tmp_path: Path) -> None:
    """The answer comes all the same, and the failure is an event."""
    shelf, seen = BrokenShelf(), list[Event]()
    shelf.method, shelf.answer = "close", lambda: raises(ValueError("odd"))
    with core(tmp_path, shelf, on_event=seen.append) as sindri:
        assert sindri.status().name == "demo"
    assert [event.hook for event in seen if isinstance(event, HookFailed)] == ["Target.close"]


def test_what_people_write_by_hand_is_understood(tmp_path: Path) -> None:
    """A configuration may be named by a text, and one object to adopt needs no list."""
    file = tmp_path / "sindri.yaml"
    file.write_text(f"name: demo\ndeployment: {{provider: shelf, image: 'app@{DIGEST}'}}\n", encoding="utf-8")
    shelf = Shelf()
    with Core(str(file), plugins=[shelf], environ={}, state_dir=tmp_path) as sindri:
        assert sindri.plan(adopt="Box/demo").name == "demo"


def test_state_lies_in_the_given_environment(tmp_path: Path) -> None:
    """A program that gives its own environment gets no file into the user's folders."""
    from sindri_core.core import _state_dir

    assert _state_dir({"HOME": str(tmp_path)}) == tmp_path / ".local/state/sindri"
    assert _state_dir({"HOME": "/x", "XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "sindri"
    assert _state_dir({"HOME": "/x", "SINDRI_STATE_DIR": str(tmp_path)}) == tmp_path
