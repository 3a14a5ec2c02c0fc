"""One broken plugin is one rejected plugin, named with its distribution, the reason and the way out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shelf import Adjuster, Shelf, Verifier

from sindri_core import HookSpecs, hookimpl
from sindri_core.discovery import PluginRef
from sindri_core.errors import PluginError, PluginImportError, PluginIncompatible, PluginNotFound
from sindri_core.events import Event, PluginRejected
from sindri_core.loading import load, verdicts
from sindri_core.types import ClusterCandidate, ConfigSection, PluginInfo

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import DetectRequest

GOOD = """
from sindri_core import HookSpecs, hookimpl
from sindri_core.types import PluginInfo

class Plugin(HookSpecs):
    @hookimpl
    def sindri_plugin_info(self):
        return PluginInfo(id="acme", version="1.0", summary="good")
"""

Module = Callable[[str], PluginRef]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Module]:
    """Write the module of a plugin ``acme``; give its reference."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names: list[str] = []

    def write(source: str, *, attribute: str = "plugin") -> PluginRef:
        name = f"acme_{len(names)}_{tmp_path.name.replace('-', '_')}"
        names.append(name)
        (tmp_path / f"{name}.py").write_text(source)
        return PluginRef("acme", f"{name}:{attribute}", "sindri-acme", "1.0")

    yield write
    for name in names:
        sys.modules.pop(name, None)


class Told(HookSpecs):
    """A plugin that says of itself what it is told to."""

    def __init__(self, info: object = None, **more: Any) -> None:
        self.told = info or PluginInfo(**{"id": "told", "version": "1.0", "summary": "told"} | more)

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return self.told  # type: ignore[return-value] # also what is wrong


@pytest.mark.parametrize("line", ["plugin = Plugin()", "plugin = Plugin", "class plugin(Plugin): pass"])
def test_an_entry_point_is_an_object_or_a_class(module: Module, line: str) -> None:
    """An instance is taken as it is, a class is instantiated."""
    registry = load([module(f"{GOOD}\n{line}\n")])
    assert registry.versions() == {"acme": "1.0"}
    assert registry.loaded[0].hooks == ("sindri_plugin_info",)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('no licence')", "ValueError: no licence"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import no_such_module_at_all", "the module no_such_module_at_all is missing"),
        ("from sindri_core import no_such_name", "ImportError: cannot import name 'no_such_name'"),
        ("def broken(:", "SyntaxError"),
        ("other = 1", "AttributeError"),
        ("class Rude(Exception):\n    def __str__(self): raise RuntimeError\nraise Rude", "Rude"),
    ],
)
def test_what_an_import_raises_is_that_plugin_s_failure(module: Module, source: str, reason: str) -> None:
    """Whatever happens at import, the plugin is rejected with the reason and the others are loaded."""
    registry = load([module(source)], objects=[Shelf()])
    assert registry.versions() == {"shelf": "1.0"}
    (rejected,) = registry.rejected
    assert (rejected.id, rejected.distribution, rejected.state) == ("acme", "sindri-acme", "broken")
    assert reason in rejected.reason
    with pytest.raises(PluginImportError) as caught:
        registry.require("acme")
    assert caught.value.code == "SND-PLG-002"
    assert "--no-plugin acme" in caught.value.hint


def test_ctrl_c_during_an_import_is_not_swallowed(module: Module) -> None:
    """A person who stops the program stops it."""
    with pytest.raises(KeyboardInterrupt):
        load([module("raise KeyboardInterrupt")])


def test_a_plugin_for_another_api_is_incompatible() -> None:
    """Another major, or a later minor, is refused with both versions; the same major and minor is taken."""
    for api in ((9, 0), (1, 99), (0, 1)):
        registry = load([], objects=[Told(api=api)])
        with pytest.raises(PluginIncompatible) as caught:
            registry.require("told")
        assert caught.value.code == "SND-PLG-003"
        assert f"plugin API {api[0]}.{api[1]}, this is 1.0" in caught.value.message
    assert load([], objects=[Told(api=(1, 0))]).versions() == {"told": "1.0"}


@pytest.mark.parametrize(
    "info",
    [{"id": "Told"}, {"id": ""}, {"id": "1st"}, {"id": 7}, {"api": (1,)}, {"api": ("1", "0")}, {"api": (1, 0, 0)}],
)
def test_a_plugin_that_says_nonsense_about_itself_is_rejected(info: dict[str, Any]) -> None:
    """An id or API version that cannot be one breaks the contract, not the program."""
    (rejected,) = load([], objects=[Told(**info)]).rejected
    assert rejected.error
    assert rejected.error.code == "SND-PLG-006"


@pytest.mark.parametrize("answer", ["acme", 1, {"id": "acme"}])
def test_an_info_that_is_none_is_rejected(answer: object) -> None:
    """Who does not say who it is takes no part."""
    (rejected,) = load([], objects=[Told(answer)]).rejected
    assert "does not say who it is" in rejected.reason


def test_an_id_other_than_the_entry_point_is_rejected(module: Module) -> None:
    """The name in sindri.yaml is the name that the plugin has."""
    (rejected,) = load([module(GOOD.replace('"acme"', '"other"') + "plugin = Plugin()")]).rejected
    assert "calls itself 'other', its entry point 'acme'" in rejected.reason


class Misspelt(Told):
    """Has a hook that does not exist."""

    @hookimpl
    def sindri_detect_clutser(self, ctx: Context, request: DetectRequest) -> None:
        """Never called."""


class Unmarked(Told):
    """Forgot the marker, so that its hook would never be called."""

    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        return None


class KeywordOnly(Told):
    """Wants an argument by keyword, which is never given."""

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, *, request: DetectRequest) -> None:  # type: ignore[override]
        """Never called."""


class Wrapper(Told):
    """Wants to wrap the hooks of others."""

    @hookimpl(wrapper=True)
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Any:
        return (yield)


class Greedy(Told):
    """Wants an argument that the hook does not have."""

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest, more: int) -> None:  # type: ignore[override]
        """Never called."""


class Thorny(Told):
    """Cannot even be looked at."""

    @property
    def sindri_check(self) -> object:  # type: ignore[override]
        raise OSError("thorns")


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Misspelt, "sindri_detect_clutser is no hook"),
        (Unmarked, "sindri_detect_cluster is not marked with hookimpl"),
        (KeywordOnly, "keyword-only"),
        (Wrapper, "wrapper"),
        (Greedy, "more"),
        (Thorny, "thorns"),
    ],
)
def test_a_hook_that_would_never_be_called_rejects_the_plugin(plugin: type[Told], reason: str) -> None:
    """What would silently do nothing is said at load; nothing of the plugin stays registered."""
    registry = load([], objects=[plugin()])
    (rejected,) = registry.rejected
    assert reason in rejected.reason
    assert registry.loaded == ()
    assert registry.manager.get_plugins() == set()


def test_two_distributions_with_one_id_are_both_rejected(module: Module) -> None:
    """Neither wins, both are named, and neither is imported."""
    one = module("raise AssertionError('imported')")
    registry = load([one, one._replace(distribution="sindri-zeta")], objects=[Shelf()])
    assert [rejected.distribution for rejected in registry.rejected] == ["sindri-acme", "sindri-zeta"]
    assert {rejected.state for rejected in registry.rejected} == {"duplicate"}
    with pytest.raises(PluginError) as caught:
        registry.require("acme")
    assert caught.value.code == "SND-PLG-005"
    assert "sindri-acme and sindri-zeta" in caught.value.message


def test_an_object_of_the_program_comes_before_an_installed_plugin(module: Module) -> None:
    """The program's own object is used, and the installed plugin of the same id is listed as a duplicate."""
    mine = Told(id="acme")
    registry = load([module(GOOD + "plugin = Plugin()")], objects=[mine])
    assert registry.require("acme").plugin is mine
    assert [rejected.state for rejected in registry.rejected] == ["duplicate"]


def test_a_disabled_plugin_is_not_imported(module: Module) -> None:
    """Left out by name or all together; who needs it is told how it was left out. Given objects stay."""
    ref = module("raise AssertionError('imported')")
    for disabled in ({"acme"}, {"*"}):
        registry = load([ref], objects=[Shelf()], disabled=disabled)
        assert [(rejected.state, rejected.error) for rejected in registry.rejected] == [("disabled", None)]
        assert registry.versions() == {"shelf": "1.0"}
        with pytest.raises(PluginNotFound, match="is installed but disabled"):
            registry.require("acme")


def test_what_is_not_installed_says_what_to_install() -> None:
    """The hint is the command."""
    with pytest.raises(PluginNotFound) as caught:
        load([]).require("kind")
    assert caught.value.hint.startswith("pip install sindri-kind")


def test_every_rejection_is_an_event(module: Module) -> None:
    """Who watches learns of each broken plugin once."""
    events: list[Event] = []
    load([module("raise ValueError('x')")], emit=events.append)
    assert [(e.plugin, e.distribution) for e in events if isinstance(e, PluginRejected)] == [("acme", "sindri-acme")]


def test_plugins_are_in_the_order_of_their_ids() -> None:
    """The order does not depend on who was installed first."""
    plugins = [Verifier("zeta"), Shelf(), Adjuster("acme", [])]
    for order in (plugins, plugins[::-1]):
        assert list(load([], objects=order).versions()) == ["acme", "shelf", "zeta"]


class Sections(Told):
    """Owns the given sections."""

    def __init__(self, name: str, *paths: str) -> None:
        super().__init__(id=name)
        self.paths = paths

    @hookimpl
    def sindri_config_sections(self) -> Sequence[ConfigSection]:
        return [ConfigSection(path=path, model="no.such:Model") for path in self.paths]


def test_a_section_has_one_owner() -> None:
    """The later plugin is rejected and told whose the section is, also when it names one twice."""
    registry = load([], objects=[Sections("one", "providers.one"), Sections("two", "providers.one")])
    assert registry.sections() == (("one", ConfigSection(path="providers.one", model="no.such:Model")),)
    assert "belongs to one" in registry.rejected[0].reason
    assert load([], objects=[Sections("one", "a", "a")]).loaded == ()


def test_registries_share_nothing() -> None:
    """Two threads load different plugins at the same time and each sees its own."""
    registries: dict[str, dict[str, str]] = {}

    def one(name: str) -> None:
        registries[name] = load([], objects=[Told(id=name)]).versions()

    threads = [threading.Thread(target=one, args=(f"plugin-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registries == {f"plugin-{n}": {f"plugin-{n}": "1.0"} for n in range(8)}


def test_a_load_is_summed_up_for_the_list(module: Module) -> None:
    """The list has one line for each plugin, loaded or not."""
    rows = verdicts(load([module("raise ValueError('x')")], objects=[Shelf()]))
    assert [(row.id, row.state, row.provides) for row in rows] == [
        ("acme", "broken", ""),
        ("shelf", "loaded", "provider"),
    ]
