"""A document into a ``Config``: every problem of every section in one report, each with its place and a way out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from sindri_core.config.convert import Validated, to_config
from sindri_core.config.document import Document, provider_of
from sindri_core.config.models import FileModel
from sindri_core.config.naming import complaint, fitted
from sindri_core.config.retired import PROVIDERS, RETIRED
from sindri_core.config.trust_models import PLUGIN_ID, TermsModel
from sindri_core.config.wording import said
from sindri_core.errors import ConfigError, PluginError
from sindri_core.loading import advice
from sindri_core.settings import Config
from sindri_core.spelling import nearest
from sindri_core.types import ConfigSection, Issue, Severity

if TYPE_CHECKING:
    from sindri_core.config.plain import KeyPath


@dataclass(frozen=True, slots=True)
class _Owned:
    """A section of a plugin, with its model imported."""

    plugin: str
    path: tuple[str, ...]
    model: type[BaseModel]


def validate(
    document: Document,
    sections: Sequence[tuple[str, ConfigSection]],
    *,
    name: str = "",
    providers: Collection[str] = (),
) -> Config:
    """Check the document as ``check`` does, and make the configuration of it."""
    validated, warnings = check(document, sections, name=name, providers=providers)
    return replace(to_config(validated, document.file), warnings=warnings)


def check(
    document: Document,
    sections: Sequence[tuple[str, ConfigSection]],
    *,
    name: str = "",
    providers: Collection[str] = (),
) -> tuple[Validated, tuple[Issue, ...]]:
    """Check the document against the core's models and the plugins'; return what they accepted, and warnings.

    ``name`` comes before the file's.

    ``providers`` are the ids of what may deploy, loaded or not. Raises ``ConfigError`` ``SND-CFG-001`` with
    all issues, ``PluginError`` when a plugin's model cannot be imported.
    """
    owned = [_Owned(plugin, tuple(section.path.split(".")), _model(plugin, section)) for plugin, section in sections]
    issues: list[Issue] = []
    rest, divided = _divided(document, owned, issues)
    if message := misnamed_provider(document, providers) if providers else "":
        issues.append(_issue(document, ("deployment", "provider"), message))
    model = checked(FileModel, rest, (), document, issues)
    plugins = {".".join(o.path): checked(o.model, divided.get(o.path, {}), o.path, document, issues) for o in owned}
    chosen = _name(document, name, issues)
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    if errors or model is None:
        where = document.file.name if document.file else "the configuration"
        raise refused(
            issues, where, code="SND-CFG-001", hint="correct the lines above and check: sindri config validate"
        )
    issues += [*_doubled_prefix(document), *_idle_terms(document)]
    effective = _effective(model, chosen, plugins)
    validated = Validated(
        effective=effective,
        sections=[path for path, part in plugins.items() if part is not None],
        written=[*_paths(document.data), *(["name"] if name else [])],
        digest=hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest(),
    )
    return validated, tuple(issues)


def refused(issues: Sequence[Issue], where: str, *, code: str, hint: str) -> ConfigError:
    """Make one error of all problems of a file, in the order in which they stand there."""
    count = sum(issue.severity is Severity.ERROR for issue in issues)
    in_order = sorted(issues, key=lambda issue: (issue.line, issue.column))
    return ConfigError(
        code, f"{count} {'problem' if count == 1 else 'problems'} in {where}", hint=hint, issues=in_order
    )


def misnamed_provider(document: Document, providers: Collection[str]) -> str:
    """Say what to write when ``deployment.provider`` is misspelt or a provider of the earlier program; else empty."""
    provider = _found(document.data, ("deployment", "provider"))
    if not isinstance(provider, str) or provider in providers or not re.fullmatch(PLUGIN_ID, provider):
        return ""
    if instead := PROVIDERS.get(provider):
        return f"{provider} is not a provider here: {instead}"
    if near := nearest(provider, providers):
        return f"there is no provider {provider}; did you mean {near}?"
    return ""


def default_config(
    sections: Sequence[tuple[str, ConfigSection]], *, name: str = "", provider: str = "kubernetes"
) -> Config:
    """Make the configuration of an empty file, for commands that need none."""
    document = Document(data={"name": name or "sindri", "deployment": {"provider": provider}})
    return validate(document, sections)


def _model(plugin: str, section: ConfigSection) -> type[BaseModel]:
    module, _, attribute = section.model.partition(":")
    try:
        model = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            "SND-PLG-006",
            f"the model {section.model} of the section {section.path} cannot be imported: {error}",
            hint=f"report it to the plugin's author, or leave it out: --no-plugin {plugin}",
            plugin=plugin,
            hook="sindri_config_sections",
        ) from error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(
            "SND-PLG-006",
            f"{section.model} is not a pydantic model",
            hint=f"report it to the plugin's author, or leave it out: --no-plugin {plugin}",
            plugin=plugin,
            hook="sindri_config_sections",
        )
    return model


def _divided(
    document: Document, owned: Sequence[_Owned], issues: list[Issue]
) -> tuple[dict[str, Any], dict[tuple[str, ...], Any]]:
    """Take the plugins' sections out of the document; what nobody owns under ``providers`` becomes an issue."""
    core = {key: value for key, value in document.data.items() if key != "providers"}
    if isinstance(core.get("name"), str | None):
        core.pop("name", None)  # checked where the name is chosen
    parts: dict[tuple[str, ...], Any] = {}
    for path, instead in RETIRED.items():
        if _has(document.data, path) and not any(o.path == path for o in owned):
            issues.append(_issue(document, path, f"a key of the earlier program: {instead}", code="SND-CFG-103"))
            core.pop(path[0], None)
    for section in owned:
        if section.path[0] in core:
            part = core.pop(section.path[0]) if len(section.path) == 1 else None
        else:
            part = _found(document.data, section.path)
        if part is not None:
            parts[section.path] = _without_retired(part, section.path)
    providers = document.data.get("providers")
    if providers is not None and not isinstance(providers, Mapping):
        message = "this is not a mapping: write the name of a provider below it, and its keys below that"
        issues.append(_issue(document, ("providers",), message))
    elif providers:
        known = {o.path[1] for o in owned if o.path[0] == "providers"}
        strangers = (str(key) for key in providers if str(key) not in known)
        issues += [_unowned(document, key, known) for key in strangers if ("providers", key) not in RETIRED]
    return core, parts


def _unowned(document: Document, key: str, known: set[str]) -> Issue:
    path = ("providers", key)
    if key == provider_of(document):
        message = f"the plugin {key} is not loaded: {advice(key, known)}"
        return _issue(document, path, message, code="SND-CFG-104")
    if near := nearest(key, {*known, "kubernetes"}):
        return _issue(document, path, f"there is no provider {key}; did you mean {near}?")
    message = f"not read, because no plugin for {key} is installed: install the plugin, or remove the section"
    return _issue(document, path, message, code="SND-CFG-104", severity=Severity.WARNING)


def _without_retired(part: Any, path: tuple[str, ...]) -> Any:
    """Leave out the keys that are reported as retired already."""
    gone = {key[-1] for key in RETIRED if key[:-1] == path}
    return {key: value for key, value in part.items() if key not in gone} if isinstance(part, Mapping) else part


def _has(data: Mapping[str, Any], path: Sequence[str]) -> bool:
    around = _found(data, path[:-1])
    return isinstance(around, Mapping) and path[-1] in around


def _found(data: Mapping[str, Any], path: Sequence[str]) -> Any:
    at: Any = data
    for key in path:
        at = at.get(key) if isinstance(at, Mapping) else None
    return at


def checked(model: type[BaseModel], part: Any, path: tuple[str, ...], document: Document, issues: list[Issue]) -> Any:
    """Validate a part of a document and return the model, or None with its problems added to ``issues``."""
    if not isinstance(part, Mapping):
        message = f"this is not a mapping: write keys below it ({', '.join(sorted(model.model_fields))})"
        issues.append(_issue(document, path, message))
        return None
    try:
        return model.model_validate(dict(part))
    except ValidationError as error:
        seen: set[KeyPath] = set()
        for problem in error.errors(include_url=False):
            location = tuple(_written(problem["loc"], part, missing=problem["type"] == "missing"))
            if location not in seen:
                issues.append(_issue(document, (*path, *location), said(problem, model, location)))
            seen.add(location)
        return None


def _written(location: Sequence[str | int], data: Any, *, missing: bool) -> Iterator[str | int]:
    """The steps of pydantic's location that the file has; the others name the member of a union."""
    for index, step in enumerate(location):
        there = isinstance(data, Mapping) and step in data
        if there or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data[step]
            yield step
        elif missing and index == len(location) - 1:
            yield step


def _name(document: Document, override: str, issues: list[Issue]) -> str:
    """Choose the name: the one asked for, the file's, or the folder's made fit."""
    written = document.data.get("name")
    if override:
        if message := complaint(override):
            issues.append(replace(_issue(document, ("--name",), message), file="", line=0, column=0))
        return override
    if isinstance(written, str) and written:
        if message := complaint(written):
            issues.append(_issue(document, ("name",), message))
        return written
    return fitted(document.file.resolve().parent.name) if document.file else "sindri"


def _doubled_prefix(document: Document) -> list[Issue]:
    digest = _found(document.data, ("deployment", "image_config", "digest"))
    if isinstance(digest, str) and digest.startswith("sha256:sha256:"):
        path = ("deployment", "image_config", "digest")
        message = "the prefix sha256: stands twice; read as one"
        return [_issue(document, path, message, code="SND-CFG-105", severity=Severity.WARNING)]
    return []


def _idle_terms(document: Document) -> list[Issue]:
    """Warn of terms beside which nothing is demanded: whoever wrote them thinks that something is verified."""
    path = ("deployment", "image_config")
    parts = _found(document.data, path)
    if not isinstance(parts, Mapping) or parts.get("verify_signature") or parts.get("verify_provenance"):
        return []
    idle = [key for key in TermsModel.model_fields if key in parts]
    if not idle:
        return []
    message = f"nothing requires a signature, so {idle[0]} counts for nothing: add verify_signature: true"
    return [_issue(document, (*path, idle[0]), message, code="SND-CFG-107", severity=Severity.WARNING)]


def _issue(
    document: Document,
    path: KeyPath,
    message: str,
    *,
    code: str = "SND-CFG-102",
    severity: Severity = Severity.ERROR,
) -> Issue:
    line, column = document.position(path)
    return Issue(
        code=code,
        severity=severity,
        path="".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix("."),
        message=message,
        file=str(document.file or ""),
        line=line,
        column=column,
    )


def _effective(model: FileModel, name: str, sections: Mapping[str, Any]) -> dict[str, Any]:
    """The meaning as plain data in the order of the file: defaults filled in, comments left out."""
    plain: dict[str, Any] = model.model_dump(mode="json") | {"name": name}
    last = {key: plain.pop(key) for key in ("plugins", "registries", "trust")}
    for path, part in sections.items():
        *around, key = path.split(".")
        at = plain
        for step in around:
            at = at.setdefault(step, {})
        at[key] = part.model_dump(mode="json")
    return plain | last


def _paths(data: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The dotted paths of all keys that stand in the file."""
    for key, value in data.items():
        yield f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{key}.")
