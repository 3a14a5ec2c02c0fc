"""Every hook through the façade: who is called, what failures mean."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sindri_core import HookSpecs, hookimpl
from sindri_core.context import Context
from sindri_core.errors import ClusterUnreachable, PluginCrashed, PluginError, PluginNotFound
from sindri_core.events import Event, HookFailed, StepStarted, Warned
from sindri_core.hooks import Hooks
from sindri_core.loading import load
from sindri_core.requests import (
    CheckRequest,
    ConnectRequest,
    DetectRequest,
    LoadRequest,
    ReadRequest,
    ResolveRequest,
    ValidateRequest,
)
from sindri_core.settings import Config, Cpus, ImageSettings, Resources, Size
from sindri_core.types import (
    Check,
    ClusterCandidate,
    Destination,
    Issue,
    LoadOutcome,
    PluginInfo,
    ResolvedImage,
    Severity,
)

HERE = Destination(provider="a")
CLUSTER = ClusterCandidate(kind="k", name="n", rank=1, plugin="a")
IMAGE = ResolvedImage(reference="x", deployed="x")
CTX = Context(
    config=Config(
        name="demo",
        provider="a",
        resources=Resources(memory=Size(1), cpus=Cpus(1)),
        workspace_size=Size(1),
        workspace_path="/w",
    )
)


def plugin(name: str, **hooks: Callable[..., Any]) -> object:
    """A plugin whose hooks are the given functions of (ctx, request)."""

    def tell(self: object) -> PluginInfo:
        return PluginInfo(id=name, version="1", summary="for a test")

    def method(answer: Callable[..., Any], hook: str) -> Any:
        if hook == "sindri_on_event":
            return hookimpl(lambda self, event: answer(event))
        if hook == "sindri_config_sections":
            return hookimpl(lambda self: answer())
        return hookimpl(lambda self, ctx, request: answer(ctx, request))

    body = {"sindri_plugin_info": hookimpl(tell)} | {hook: method(a, hook) for hook, a in hooks.items()}
    return type(name.title(), (HookSpecs,), body)()


def hooks_of(*plugins: object, events: list[Event] | None = None) -> Hooks:
    """A façade over just these plugins, all of which must load."""
    registry = load((), objects=plugins)
    assert registry.rejected == ()
    return Hooks(registry, (events if events is not None else []).append)


def boom(*_: object) -> Any:
    """Fail in a way nobody expects."""
    message = "boom"
    raise ValueError(message)


def test_validate_config_gathers_the_issues_of_all() -> None:
    """sindri_validate_config: every plugin's issues are in one list, in the order of the ids."""

    def issue(path: str) -> Callable[..., Any]:
        return lambda *_: [Issue(code="SND-CFG-102", severity=Severity.ERROR, path=path, message="m")]

    hooks = hooks_of(plugin("b", sindri_validate_config=issue("2")), plugin("a", sindri_validate_config=issue("1")))
    assert [i.path for i in hooks.validate_config(CTX, ValidateRequest())] == ["1", "2"]


def test_read_belongs_to_the_provider() -> None:
    """sindri_read: only the chosen provider is asked, and its errors pass through unchanged."""

    def unreachable(*_: object) -> Any:
        raise ClusterUnreachable("SND-K8S-001", "no", hint="h")

    hooks = hooks_of(plugin("a", sindri_read=lambda _, r: {"path": r.path}), plugin("b", sindri_read=unreachable))
    request = ReadRequest(destination=HERE, path="/version")
    assert hooks.read(CTX, "a", request) == {"path": "/version"}
    with pytest.raises(ClusterUnreachable):
        hooks.read(CTX, "b", request)


def test_a_broken_detector_does_not_hide_the_others() -> None:
    """sindri_detect_cluster: a failure is an event, and the others count, with their names."""
    events: list[Event] = []
    found = lambda *_: [ClusterCandidate(kind="kind", name="x", rank=100)]  # noqa: E731 - the shortest detector
    hooks = hooks_of(plugin("a", sindri_detect_cluster=boom), plugin("b", sindri_detect_cluster=found), events=events)
    candidates = hooks.detect_cluster(CTX, DetectRequest(destination=HERE))
    assert [c.plugin for c in candidates] == ["b"]
    assert [(e.plugin, e.hook) for e in events if isinstance(e, HookFailed)] == [("a", "sindri_detect_cluster")]


def test_the_first_resolver_counts_and_a_second_is_a_warning() -> None:
    """sindri_resolve_image: plugins are asked in the order of their ids; nobody's None ends it."""
    events: list[Event] = []
    answers = {name: ResolvedImage(reference=name, deployed=name) for name in ("b", "c")}
    hooks = hooks_of(
        plugin("a", sindri_resolve_image=lambda *_: None),
        plugin("c", sindri_resolve_image=lambda *_: answers["c"]),
        plugin("b", sindri_resolve_image=lambda *_: answers["b"]),
        events=events,
    )
    request = ResolveRequest(image=ImageSettings(), cluster=CLUSTER)
    assert hooks.resolve_image(CTX, request) == answers["b"]
    assert [e.issue.code for e in events if isinstance(e, Warned)] == ["SND-PLG-007"]


def test_only_the_owner_of_the_cluster_loads_the_image() -> None:
    """sindri_load_image: the plugin that recognised the cluster is asked, and nobody else."""
    outcome = LoadOutcome(method="archive", bytes=3)
    hooks = hooks_of(plugin("a", sindri_load_image=boom), plugin("b", sindri_load_image=lambda *_: outcome))
    request = LoadRequest(image=IMAGE, cluster=CLUSTER, destination=HERE)
    assert hooks.load_image(CTX, "b", request) == outcome
    assert hooks.load_image(CTX, "c", request) is None


def test_a_provisioner_is_found_by_its_id() -> None:
    """sindri_cluster_provisioner: the plugin that answers to the id gives it; nobody is an error with a remedy."""
    words = ("create", "list", "status", "delete", "kubeconfig", "install")
    maker = SimpleNamespace(id="kind", **dict.fromkeys(words, boom))
    hooks = hooks_of(plugin("a", sindri_cluster_provisioner=lambda _, r: maker if r.id == "kind" else None))
    assert hooks.cluster_provisioner(CTX, "kind") is maker
    with pytest.raises(PluginNotFound, match="minikube"):
        hooks.cluster_provisioner(CTX, "minikube")


def test_connect_belongs_to_the_provider() -> None:
    """sindri_connect: the provider's connection is handed over as it is; one without it is no provider."""
    words = ("exec", "forward", "copy", "logs", "close")
    way = SimpleNamespace(**dict.fromkeys(words, boom))
    hooks = hooks_of(plugin("a", sindri_connect=lambda *_: way), plugin("b"))
    request = ConnectRequest(destination=HERE, cluster=CLUSTER)
    assert hooks.connect(CTX, "a", request) is way
    with pytest.raises(PluginNotFound, match="no provider"):
        hooks.connect(CTX, "b", request)


def test_two_sources_of_one_name_are_an_error() -> None:
    """sindri_secret_source: exactly one plugin may answer to a name."""
    source = SimpleNamespace(read=boom)
    give = lambda _, r: source if r.source == "vault" else None  # noqa: E731 - the shortest source
    one = hooks_of(plugin("a", sindri_secret_source=give))
    assert one.secret_source(CTX, "vault") is source
    with pytest.raises(PluginNotFound, match="no plugin"):
        one.secret_source(CTX, "file")
    two = hooks_of(plugin("a", sindri_secret_source=give), plugin("b", sindri_secret_source=give))
    with pytest.raises(PluginNotFound, match="a and b"):
        two.secret_source(CTX, "vault")


def test_a_check_that_fails_is_a_failed_check() -> None:
    """sindri_check: an exception of one plugin becomes its failed check, and the others are there."""
    fine = Check(title="fine", ok=True)
    hooks = hooks_of(plugin("a", sindri_check=boom), plugin("b", sindri_check=lambda *_: [fine]))
    checks = hooks.check(CTX, CheckRequest())
    assert [(c.plugin, c.ok) for c in checks] == [("a", False), ("b", True)]


def test_a_watcher_cannot_break_the_run() -> None:
    """sindri_on_event: every watcher hears every event, whatever the others do."""
    heard: list[Event] = []
    hooks = hooks_of(plugin("a", sindri_on_event=boom), plugin("b", sindri_on_event=heard.append))
    hooks.on_event(StepStarted(step="x"))
    assert heard == [StepStarted(step="x")]


def test_a_crash_names_the_plugin_the_hook_and_the_way_out() -> None:
    """What no plugin should raise becomes an error that says who failed where, and keeps the cause."""
    hooks = hooks_of(plugin("broken", sindri_validate_config=boom))
    with pytest.raises(PluginCrashed) as caught:
        hooks.validate_config(CTX, ValidateRequest())
    assert (caught.value.plugin, caught.value.hook) == ("broken", "sindri_validate_config")
    assert "--no-plugin broken" in caught.value.hint
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("answer", ["text", [1], {"a": 1}, 7])
def test_an_answer_of_another_type_is_refused(answer: object) -> None:
    """What a hook returns is checked before anybody works with it."""
    hooks = hooks_of(plugin("odd", sindri_validate_config=lambda *_: answer))
    with pytest.raises(PluginError) as caught:
        hooks.validate_config(CTX, ValidateRequest())
    assert caught.value.code == "SND-PLG-006"


def test_a_section_has_one_owner() -> None:
    """sindri_config_sections: the second plugin that claims a path is rejected, naming the first."""
    from sindri_core.types import ConfigSection

    claim = lambda: [ConfigSection(path="providers.x", model="m:M")]  # noqa: E731 - the shortest claim
    registry = load((), objects=[plugin("a", sindri_config_sections=claim), plugin("b", sindri_config_sections=claim)])
    assert [p.info.id for p in registry.loaded] == ["a"]
    assert "belongs to a" in registry.rejected[0].reason
