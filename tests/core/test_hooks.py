"""Every hook is called for the right plugins, and every failure names its plugin, its hook and the way out."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from shelf import Adjuster, Shelf, Verifier, accept, crash

from sindri_core import HookSpecs, hookimpl
from sindri_core.context import Context
from sindri_core.errors import ClusterError, Interrupted, PluginCrashed, PluginError, PluginNotFound
from sindri_core.events import Event, HookFailed, StepStarted
from sindri_core.hooks import Hooks
from sindri_core.loading import HOOKS, load
from sindri_core.requests import (
    AdjustRequest,
    BuildRequest,
    CheckRequest,
    ConnectRequest,
    DetectRequest,
    LoadRequest,
    LocateRequest,
    ProvisionerRequest,
    ReadRequest,
    ResolveRequest,
    SecretSourceRequest,
    TargetRequest,
    ValidateRequest,
    VerifyRequest,
)
from sindri_core.settings import Config, Cpus, ImageSettings, Resources, Size, Trust, TrustPolicy
from sindri_core.types import (
    Check,
    Claim,
    ClusterCandidate,
    Destination,
    Issue,
    LoadOutcome,
    Manifest,
    Patch,
    PluginInfo,
    ResolvedImage,
    Severity,
    Verdict,
    Verification,
)

CONFIG = Config(
    name="demo",
    provider="shelf",
    resources=Resources(memory=Size(1), cpus=Cpus(1)),
    workspace_size=Size(1),
    workspace_path="/w",
)
CTX = Context(config=CONFIG)
HERE = Destination(provider="shelf")
CLUSTER = ClusterCandidate(kind="shelf", name="top", rank=1)
IMAGE = ResolvedImage(reference="a", deployed="a@sha256:" + "a" * 64, digest="sha256:" + "a" * 64)
DETECT = DetectRequest(destination=HERE)
EVENT = StepStarted(step="apply")
BUILD = BuildRequest(destination=HERE, cluster=CLUSTER, image=IMAGE)
VERIFY = VerifyRequest(
    image=IMAGE,
    claims=frozenset(Claim),
    trust=Trust(),
    settings=ImageSettings(),
    policy=TrustPolicy(verifiers=("one", "two")),
)


class Scripted(HookSpecs):
    """Does in every hook what it is told to."""

    def __init__(self, plugin_id: str, script: Callable[[], Any]) -> None:
        self.id = plugin_id
        self.script = script

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id=self.id, version="1.0", summary="scripted")

    @hookimpl
    def sindri_validate_config(self, ctx: Context, request: ValidateRequest) -> Sequence[Issue] | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_locate(self, ctx: Context, request: LocateRequest) -> Destination | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_read(self, ctx: Context, request: ReadRequest) -> Mapping[str, Any] | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_detect_cluster(self, request: DetectRequest) -> Sequence[ClusterCandidate] | None:  # type: ignore[override] # one that takes fewer arguments
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_cluster_provisioner(self, ctx: Context, request: ProvisionerRequest) -> Any:
        return self.script()

    @hookimpl
    def sindri_resolve_image(self, ctx: Context, request: ResolveRequest) -> ResolvedImage | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification] | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_load_image(self, ctx: Context, request: LoadRequest) -> LoadOutcome | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_build_manifests(self, ctx: Context, request: BuildRequest) -> Sequence[Manifest] | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_open_target(self, ctx: Context, request: TargetRequest) -> Any:
        return self.script()

    @hookimpl
    def sindri_connect(self, ctx: Context, request: ConnectRequest) -> Any:
        return self.script()

    @hookimpl
    def sindri_secret_source(self, ctx: Context, request: SecretSourceRequest) -> Any:
        return self.script()

    @hookimpl
    def sindri_check(self, ctx: Context, request: CheckRequest) -> Sequence[Check] | None:
        return self.script()  # type: ignore[no-any-return] # also what is wrong

    @hookimpl
    def sindri_on_event(self, event: Event) -> None:
        self.script()


class Rude(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


class Source:
    """Gives a secret."""

    def read(self, options: Mapping[str, object]) -> bytes:
        return b"secret"


def raising(error: BaseException) -> Callable[[], Any]:
    """Make a script that fails."""

    def script() -> Any:
        raise error

    return script


def hooks(*plugins: object, events: list[Event] | None = None) -> Hooks:
    """Make the facade of these plugins."""
    registry = load([], objects=plugins)
    assert not registry.rejected
    return Hooks(registry, (events if events is not None else []).append)


def scripted(script: Callable[[], Any]) -> Hooks:
    """Make the facade of one scripted plugin."""
    return hooks(Scripted("acme", script))


CALLS: dict[str, Callable[[Hooks], Any]] = {
    "sindri_validate_config": lambda h: h.validate_config(CTX, ValidateRequest()),
    "sindri_locate": lambda h: h.locate(CTX, "acme", LocateRequest()),
    "sindri_read": lambda h: h.read(CTX, "acme", ReadRequest(destination=HERE, path="/version")),
    "sindri_cluster_provisioner": lambda h: h.cluster_provisioner(CTX, "acme"),
    "sindri_resolve_image": lambda h: h.resolve_image(CTX, ResolveRequest(image=ImageSettings(), cluster=CLUSTER))[0],
    "sindri_load_image": lambda h: h.load_image(
        CTX, "acme", LoadRequest(image=IMAGE, cluster=CLUSTER, destination=HERE)
    ),
    "sindri_build_manifests": lambda h: h.build_manifests(CTX, "acme", BUILD),
    "sindri_open_target": lambda h: h.open_target(CTX, "acme", TargetRequest(destination=HERE, cluster=CLUSTER)),
    "sindri_connect": lambda h: h.connect(CTX, "acme", ConnectRequest(destination=HERE, cluster=CLUSTER)),
    "sindri_secret_source": lambda h: h.secret_source(CTX, "vault"),
}


def test_every_hook_has_a_method() -> None:
    """No hook is declared that nothing can call; those of the load are called by the load."""
    methods = {
        f"sindri_{name}" for name, _ in inspect.getmembers(Hooks, inspect.isfunction) if not name.startswith("_")
    }
    assert methods == HOOKS - {"sindri_plugin_info", "sindri_config_sections"}


@pytest.mark.parametrize("hook", CALLS)
@pytest.mark.parametrize("error", [ZeroDivisionError("zero"), SystemExit(4), Rude()], ids=["error", "exit", "rude"])
def test_a_crash_names_the_plugin_the_hook_and_the_way_out(hook: str, error: BaseException) -> None:
    """Whatever a hook raises, the person learns whose it is; the cause is kept."""
    with pytest.raises(PluginCrashed) as caught:
        CALLS[hook](scripted(raising(error)))
    assert (caught.value.code, caught.value.plugin, caught.value.hook) == ("SND-PLG-004", "acme", hook)
    assert "--no-plugin acme" in caught.value.hint
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("hook", CALLS)
def test_an_error_of_ours_passes_through(hook: str) -> None:
    """A plugin that knows what is wrong says it itself."""
    error = ClusterError("ACME-1", "the shelf is full")
    with pytest.raises(ClusterError) as caught:
        CALLS[hook](scripted(raising(error)))
    assert caught.value is error


@pytest.mark.parametrize("hook", CALLS)
@pytest.mark.parametrize("answer", ["text", 42, [object()]], ids=["text", "number", "list"])
def test_an_answer_of_the_wrong_type_breaks_the_contract(hook: str, answer: object) -> None:
    """The wrong type is noticed where it comes from, not three steps later."""
    with pytest.raises(PluginError) as caught:
        CALLS[hook](scripted(lambda: answer))
    assert (caught.value.code, caught.value.plugin, caught.value.hook) == ("SND-PLG-006", "acme", hook)


@pytest.mark.parametrize("hook", ["sindri_locate", "sindri_read", "sindri_open_target", "sindri_connect"])
def test_a_chosen_provider_must_answer(hook: str) -> None:
    """None from the one plugin that was asked is no answer."""
    with pytest.raises(PluginError) as caught:
        CALLS[hook](scripted(lambda: None))
    assert caught.value.code == "SND-PLG-006"


def test_what_is_no_provider_is_named() -> None:
    """A plugin without the hook of a provider is not a provider, and says so."""
    with pytest.raises(PluginNotFound, match="has no sindri_locate"):
        hooks(Adjuster("acme", [])).locate(CTX, "acme", LocateRequest())


def test_any_mapping_may_be_read() -> None:
    """What the specification allows is accepted, not just a dict."""
    body = MappingProxyType({"major": "1"})
    assert CALLS["sindri_read"](scripted(lambda: body)) is body


def test_detection_is_isolated_and_fills_in_the_plugin() -> None:
    """One that fails is an event with its name; the opinions of the others count and say whose they are."""
    events: list[Event] = []
    facade = hooks(Scripted("broken", raising(ZeroDivisionError())), Shelf(), events=events)
    assert [candidate.plugin for candidate in facade.detect_cluster(CTX, DETECT)] == ["shelf"]
    assert [(e.plugin, e.hook) for e in events if isinstance(e, HookFailed)] == [("broken", "sindri_detect_cluster")]


@pytest.mark.parametrize(
    "call",
    [
        lambda h: h.detect_cluster(CTX, DETECT),
        lambda h: h.verify_image(CTX, VERIFY),
        lambda h: h.check(CTX, CheckRequest()),
    ],
)
def test_an_interruption_ends_also_an_isolated_call(call: Callable[[Hooks], Any]) -> None:
    """Ctrl-C is neither an opinion, nor a refusal, nor a failed check."""
    with pytest.raises(Interrupted):
        call(hooks(Scripted("one", raising(Interrupted()))))


def test_only_trusted_verifiers_are_asked() -> None:
    """A verifier that the settings do not name has no say, and is not even called."""

    def untrusted(_: VerifyRequest) -> Sequence[Verification]:
        raise AssertionError("asked")

    verdicts = hooks(Verifier("one", accept), Verifier("other", untrusted)).verify_image(CTX, VERIFY)
    assert {(v.verifier, v.claim, v.verdict) for v in verdicts} == {("one", c, Verdict.ACCEPTED) for c in Claim}


def test_a_verifier_that_fails_refuses_every_claim() -> None:
    """A crash is a refusal of all that was asked, of exactly this digest, beside what others say."""
    verdicts = hooks(Verifier("one", accept), Verifier("two", crash)).verify_image(CTX, VERIFY)
    refused = [v for v in verdicts if v.verifier == "two"]
    assert {v.claim for v in refused} == set(Claim)
    assert {(v.verdict, v.digest) for v in refused} == {(Verdict.REFUSED, IMAGE.digest)}
    assert "ZeroDivisionError" in refused[0].reason


def test_a_verifier_cannot_speak_for_another() -> None:
    """Whose word it is is filled in by the core, whatever the plugin writes."""

    def forged(request: VerifyRequest) -> Sequence[Verification]:
        claim = Verification(
            claim=Claim.SIGNATURE, verdict=Verdict.ACCEPTED, digest=request.image.digest, verifier="two"
        )
        return [claim]

    assert [v.verifier for v in hooks(Verifier("one", forged)).verify_image(CTX, VERIFY)] == ["one"]


def test_the_first_resolver_wins_and_the_second_is_a_warning() -> None:
    """In id order; who is not used is named."""
    other = ResolvedImage(reference="b", deployed="b")
    facade = hooks(Scripted("two", lambda: other), Scripted("one", lambda: IMAGE))
    image, (issue,) = facade.resolve_image(CTX, ResolveRequest(image=ImageSettings(), cluster=CLUSTER))
    assert image is IMAGE
    assert (issue.code, issue.hint.split()[-1]) == ("SND-PLG-007", "two")


def test_an_image_is_loaded_by_the_plugin_that_recognised_the_cluster() -> None:
    """Nobody else is asked; one that cannot load has nothing to say."""
    outcome = LoadOutcome(method="carried")
    facade = hooks(Scripted("mine", lambda: outcome), Scripted("other", raising(AssertionError())), Shelf())
    request = LoadRequest(image=IMAGE, cluster=CLUSTER, destination=HERE)
    assert facade.load_image(CTX, "mine", request) is outcome
    assert facade.load_image(CTX, "shelf", request) is None


def test_adjusters_see_what_those_before_them_did() -> None:
    """In id order, each sees the result so far, and every patch says whose it is."""
    one = Adjuster("one", [Patch(manifest="Box/demo", op="add", path="/a", value=1, plugin="forged")])
    two = Adjuster("two", [Patch(manifest="Box/demo", op="add", path="/b", value=2)])
    start = [Manifest(kind="Box", name="demo", body={})]

    def request_for(manifests: Sequence[Manifest]) -> AdjustRequest:
        return AdjustRequest(manifests=manifests, destination=HERE, cluster=CLUSTER, image=IMAGE)

    def apply(manifests: Sequence[Manifest], patches: Sequence[Patch]) -> Sequence[Manifest]:
        body = dict(manifests[0].body) | {patch.path[1:]: patch.value for patch in patches}
        return [Manifest(kind="Box", name="demo", body=body)]

    result, patches = hooks(two, one).adjust_manifests(CTX, start, request_for, apply)
    assert result[0].body == {"a": 1, "b": 2}
    assert two.seen == [[{"a": 1}]]
    assert [patch.plugin for patch in patches] == ["one", "two"]


def test_a_secret_source_has_one_owner() -> None:
    """None, and more than one, are errors; the two are named."""
    source = Source()
    assert scripted(lambda: source).secret_source(CTX, "vault") is source
    with pytest.raises(PluginNotFound, match="no plugin gives secrets from vault"):
        scripted(lambda: None).secret_source(CTX, "vault")
    with pytest.raises(PluginNotFound, match="claimed by one and two"):
        hooks(Scripted("one", lambda: source), Scripted("two", lambda: source)).secret_source(CTX, "vault")


def test_a_check_that_fails_is_a_failed_check() -> None:
    """Doctor goes on, and shows whose check it was."""
    good = [Check(title="tools", ok=True)]
    checks = hooks(Scripted("good", lambda: good), Scripted("bad", raising(ValueError("x")))).check(CTX, CheckRequest())
    assert [(check.plugin, check.ok) for check in checks] == [("bad", False), ("good", True)]


def test_all_issues_of_all_plugins_are_gathered() -> None:
    """One report, in id order."""
    issues = {name: [Issue(code=name, severity=Severity.ERROR, path="", message="")] for name in ("one", "two")}
    facade = hooks(*(Scripted(name, lambda name=name: issues[name]) for name in issues), Shelf())  # type: ignore[misc] # a bound default
    assert [issue.code for issue in facade.validate_config(CTX, ValidateRequest())] == ["one", "two"]


@pytest.mark.parametrize("error", [ValueError(), Rude(), SystemExit(), GeneratorExit(), Interrupted()])
def test_an_observer_never_breaks_the_run(error: BaseException) -> None:
    """Whatever it raises is dropped, and the next observer still learns of the event."""
    seen: list[int] = []
    hooks(Scripted("one", raising(error)), Scripted("two", lambda: seen.append(1))).on_event(EVENT)
    assert seen == [1]


def test_ctrl_c_in_an_observer_is_not_swallowed() -> None:
    """A person who stops the program stops it."""
    with pytest.raises(KeyboardInterrupt):
        scripted(raising(KeyboardInterrupt())).on_event(EVENT)


def test_calls_from_many_threads_do_not_disturb_each_other() -> None:
    """After loading, one facade serves many threads."""
    facade, barrier = hooks(Shelf(), Adjuster("acme", [])), threading.Barrier(8)
    found: list[int] = []

    def look() -> None:
        barrier.wait(10)
        found.extend(len(facade.detect_cluster(CTX, DETECT)) for _ in range(50))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 400
