"""Import plugins, check them, register them, and then never change the set again.

One broken plugin is one rejected plugin: everything else works on, and whoever needs the broken one is told which
of three things is wrong with it (not installed, cannot be imported, made for another version of the plugin API).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import pluggy

from sindri_core.discovery import PluginRef, Verdict, plugins
from sindri_core.errors import PluginError, PluginImportError, PluginIncompatible, PluginNotFound
from sindri_core.events import PluginRejected
from sindri_core.hookspecs import PLUGIN_API, PROJECT, HookSpecs
from sindri_core.spelling import nearest
from sindri_core.types import ConfigSection, PluginInfo

if TYPE_CHECKING:
    from sindri_core.events import Event

ID = re.compile(r"[a-z][a-z0-9-]*")
HOOKS = frozenset(name for name in vars(HookSpecs) if name.startswith("sindri_"))
DISABLED, BROKEN, INCOMPATIBLE, DUPLICATE = "disabled", "broken", "incompatible", "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """A plugin that takes part. ``ref`` is None for an object that the program handed over itself."""

    ref: PluginRef | None
    plugin: object
    info: PluginInfo
    sections: tuple[ConfigSection, ...]
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedPlugin:
    """A plugin that is installed and takes no part, with the reason."""

    id: str
    distribution: str
    version: str
    state: str
    reason: str
    error: PluginError | None = None


OWN = ("image-verify", "k3d", "kind", "kubernetes")
"""The plugins that are made with the core; each is the distribution ``sindri-`` and its id."""


class Registry:
    """The plugins of one ``Core``. Never changes after it is made, and may be used by many threads."""

    def __init__(
        self, manager: pluggy.PluginManager, loaded: Sequence[LoadedPlugin], rejected: Sequence[RejectedPlugin]
    ) -> None:
        self.manager = manager
        self.loaded = tuple(loaded)
        self.rejected = tuple(rejected)

    def sections(self) -> tuple[tuple[str, ConfigSection], ...]:
        """Every configuration section with the id of its plugin."""
        return tuple((plugin.info.id, section) for plugin in self.loaded for section in plugin.sections)

    def versions(self) -> dict[str, str]:
        """The version of every loaded plugin by id."""
        return {plugin.info.id: plugin.info.version for plugin in self.loaded}

    def providers(self) -> set[str]:
        """The ids of plugins that deploy, and of those that could not be loaded and so may."""
        deploying = {plugin.info.id for plugin in self.loaded if "sindri_open_target" in plugin.hooks}
        return deploying | {plugin.id for plugin in self.rejected}

    def require(self, plugin_id: str) -> LoadedPlugin:
        """Return a loaded plugin. Raises the ``PluginError`` that says why there is none."""
        for plugin in self.loaded:
            if plugin.info.id == plugin_id:
                return plugin
        for rejected in self.rejected:
            if rejected.id == plugin_id and rejected.error:
                raise rejected.error
            if rejected.id == plugin_id:
                raise PluginNotFound(
                    "SND-PLG-001",
                    f"the plugin {plugin_id} is installed but {rejected.reason}",
                    hint="leave out --no-plugin, SINDRI_DISABLE_PLUGINS or plugins.disabled",
                    plugin=plugin_id,
                    distribution=rejected.distribution,
                )
        raise PluginNotFound(
            "SND-PLG-001",
            f"the plugin {plugin_id} is not installed",
            hint=advice(plugin_id, [plugin.info.id for plugin in self.loaded]),
            plugin=plugin_id,
        )


def advice(wanted: str, known: Collection[str]) -> str:
    """Say how to get a plugin that is not there. Only our own are named as something to install."""
    if wanted in OWN:
        return f"pip install sindri-{wanted}   (sindri plugins list shows what is there)"
    near = nearest(wanted, {*known, *OWN})
    meant = f"did you mean {near}?   " if near else ""
    return f"{meant}sindri plugins list shows what is there; install the distribution that brings {wanted}"


def load(
    refs: Sequence[PluginRef],
    *,
    objects: Sequence[object] = (),
    disabled: Collection[str] = (),
    emit: Callable[[Event], None] = lambda _: None,
) -> Registry:
    """Load the installed plugins and the given objects, in the order of their ids."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    loaded: list[LoadedPlugin] = []
    rejected: list[RejectedPlugin] = []
    candidates: list[tuple[PluginRef | None, object | None]] = [(None, thing) for thing in objects]
    candidates += [(ref, None) for ref in sorted(plugins(refs), key=lambda ref: (ref.id, ref.distribution))]
    twice = _twice(refs)
    for ref, thing in candidates:
        if ref and (ref.id in disabled or "*" in disabled):
            rejected.append(_rejection(ref, DISABLED, "disabled"))
            continue
        if ref and ref.id in twice:
            clash = _duplicate(ref.id, twice[ref.id])
            rejected.append(_rejection(ref, DUPLICATE, clash.message, clash))
            continue
        try:
            loaded.append(_load_one(manager, ref, thing, loaded))
        except PluginError as error:
            rejected.append(_rejection(ref, _state(error), error.message, error))
        except Exception as error:  # noqa: BLE001 - a property, a metaclass: whatever it is, it is this plugin's
            broken = _contract(ref.id if ref else type(thing).__name__, ref, f"looking at it raised {described(error)}")
            broken.__cause__ = error
            rejected.append(_rejection(ref, BROKEN, broken.message, broken))
    for one in rejected:
        if one.error:
            emit(PluginRejected(plugin=one.id, distribution=one.distribution, reason=one.reason))
    loaded.sort(key=lambda plugin: plugin.info.id)
    return Registry(manager, loaded, rejected)


def _twice(refs: Sequence[PluginRef]) -> dict[str, list[str]]:
    """The ids that more than one distribution claims."""
    claims: dict[str, list[str]] = {}
    for ref in plugins(refs):
        claims.setdefault(ref.id, []).append(ref.distribution)
    return {plugin: names for plugin, names in claims.items() if len(names) > 1}


def _duplicate(plugin: str, distributions: Sequence[str]) -> PluginError:
    return PluginError(
        "SND-PLG-005",
        f"the id {plugin} is claimed by {' and '.join(distributions)}; none of them is loaded",
        hint=f"pip uninstall {distributions[-1]}",
        plugin=plugin,
        distribution=distributions[-1],
    )


def _load_one(
    manager: pluggy.PluginManager, ref: PluginRef | None, thing: object | None, loaded: Sequence[LoadedPlugin]
) -> LoadedPlugin:
    plugin = _imported(ref) if ref else thing
    if isinstance(plugin, type):
        plugin = _guarded(plugin, ref, "its constructor")
    info = _info(plugin, ref)
    if any(other.info.id == info.id for other in loaded):
        raise PluginError(
            "SND-PLG-005",
            f"the id {info.id} is taken by a plugin object that the program gave",
            hint=f"give the object another id, or leave the installed one out: --no-plugin {info.id}",
            plugin=info.id,
            distribution=ref.distribution if ref else "",
        )
    _check_api(info, ref)
    hooks = _hooks(plugin, info, ref)
    sections = _sections(plugin, info, ref, loaded)
    try:
        manager.register(plugin, name=info.id)
    except Exception as error:
        if manager.has_plugin(info.id):
            manager.unregister(name=info.id)
        raise _contract(info.id, ref, f"its hooks do not fit: {error}") from error
    return LoadedPlugin(ref=ref, plugin=plugin, info=info, sections=sections, hooks=hooks)


def _imported(ref: PluginRef) -> object:
    module, _, attribute = ref.value.partition("[")[0].replace(" ", "").partition(":")
    try:
        found: object = import_module(module)
        for part in filter(None, attribute.split(".")):
            found = getattr(found, part)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        missing = f" (the module {error.name} is missing)" if isinstance(error, ImportError) and error.name else ""
        raise PluginImportError(
            "SND-PLG-002",
            f"the plugin {ref.id} of {ref.distribution} {ref.version} cannot be imported: {described(error)}{missing}",
            hint=f"sindri plugins doctor {ref.id}   shows more; --no-plugin {ref.id} leaves it out",
            plugin=ref.id,
            distribution=ref.distribution,
        ) from error
    return found


def _guarded(call: Callable[[], object], ref: PluginRef | None, what: str) -> object:
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _contract(ref.id if ref else "", ref, f"{what} raised {described(error)}") from error


def described(error: BaseException) -> str:
    """Name an exception that a plugin raised; its own text may be broken too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - somebody else's __str__
        return type(error).__name__


def _info(plugin: object, ref: PluginRef | None) -> PluginInfo:
    name = ref.id if ref else type(plugin).__name__
    tell = getattr(plugin, "sindri_plugin_info", None)
    info = _guarded(tell, ref, "sindri_plugin_info") if callable(tell) else None
    if not isinstance(info, PluginInfo):
        raise _contract(name, ref, "sindri_plugin_info does not say who it is")
    if not ID.fullmatch(str(info.id)) or (ref and info.id != ref.id):
        raise _contract(name, ref, f"it calls itself {info.id!r}, its entry point {name!r}")
    return info


def _check_api(info: PluginInfo, ref: PluginRef | None) -> None:
    if [type(part) for part in info.api] != [int, int]:
        raise _contract(info.id, ref, f"its api is {info.api!r}, not (major, minor)")
    ours = ".".join(map(str, PLUGIN_API))
    if info.api[0] == PLUGIN_API[0] and info.api[1] <= PLUGIN_API[1]:
        return
    theirs = ".".join(map(str, info.api))
    distribution = ref.distribution if ref else info.id
    raise PluginIncompatible(
        "SND-PLG-003",
        f"the plugin {info.id} is made for plugin API {theirs}, this is {ours}",
        hint=f"pip install --upgrade sindri-core {distribution}; --no-plugin {info.id} leaves it out",
        plugin=info.id,
        distribution=distribution,
    )


def _hooks(plugin: object, info: PluginInfo, ref: PluginRef | None) -> tuple[str, ...]:
    """The hooks that a plugin implements; a misspelt one would never be called, so it rejects the plugin."""
    implemented = []
    for name in sorted(dir(plugin)):
        if not name.startswith("sindri_"):
            continue
        method = getattr(plugin, name)
        if name not in HOOKS:
            raise _contract(info.id, ref, f"{name} is no hook of plugin API {'.'.join(map(str, PLUGIN_API))}")
        options = getattr(method, f"{PROJECT}_impl", None)
        if options is None:
            if getattr(type(plugin), name, None) is not getattr(HookSpecs, name):
                raise _contract(info.id, ref, f"{name} is not marked with hookimpl, so that nobody would call it")
            continue
        if options["wrapper"] or options["hookwrapper"]:
            raise _contract(info.id, ref, f"{name} is a wrapper; hooks are called one by one and cannot be wrapped")
        kinds = {parameter.kind for parameter in inspect.signature(method).parameters.values()}
        if inspect.Parameter.KEYWORD_ONLY in kinds:
            raise _contract(info.id, ref, f"{name} has keyword-only parameters, which are never passed")
        implemented.append(name)
    return tuple(implemented)


def _sections(
    plugin: object, info: PluginInfo, ref: PluginRef | None, loaded: Sequence[LoadedPlugin]
) -> tuple[ConfigSection, ...]:
    tell = getattr(plugin, "sindri_config_sections", None)
    if not hasattr(tell, f"{PROJECT}_impl") or not callable(tell):
        return ()
    answer = _guarded(tell, ref, "sindri_config_sections")
    sections = tuple(answer) if isinstance(answer, list | tuple) else ()
    if answer is not None and not all(isinstance(section, ConfigSection) for section in sections):
        raise _contract(info.id, ref, "sindri_config_sections does not give sections")
    owners = {section.path: other.info.id for other in loaded for section in other.sections}
    for section in sections:
        if section.path in owners:
            raise _contract(info.id, ref, f"the section {section.path} belongs to {owners[section.path]}")
        owners[section.path] = info.id
    return sections


def _contract(plugin: str, ref: PluginRef | None, what: str) -> PluginError:
    return PluginError(
        "SND-PLG-006",
        f"the plugin {plugin} cannot be used: {what}",
        hint=f"report it to its author; --no-plugin {plugin} leaves it out",
        plugin=plugin,
        distribution=ref.distribution if ref else "",
    )


def _state(error: PluginError) -> str:
    if isinstance(error, PluginIncompatible):
        return INCOMPATIBLE
    return DUPLICATE if error.code == "SND-PLG-005" else BROKEN


def _rejection(ref: PluginRef | None, state: str, reason: str, error: PluginError | None = None) -> RejectedPlugin:
    return RejectedPlugin(
        id=ref.id if ref else error.plugin if error else "",
        distribution=ref.distribution if ref else "",
        version=ref.version if ref else "",
        state=state,
        reason=reason,
        error=error,
    )


def verdicts(registry: Registry) -> tuple[Verdict, ...]:
    """Sum up a load for ``sindri plugins list``."""
    rows = [
        Verdict(
            p.info.id,
            p.info.version,
            p.ref.distribution if p.ref else "",
            ".".join(map(str, p.info.api)),
            ", ".join(capability.value for capability in p.info.capabilities),
            "loaded",
            "",
            ", ".join(p.hooks),
        )
        for p in registry.loaded
    ]
    rows += [Verdict(r.id, r.version, r.distribution, "-", "", r.state, r.reason) for r in registry.rejected]
    return tuple(sorted(rows))
