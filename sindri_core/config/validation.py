"""A document into a ``Config``: every problem of every section in one report, each with its place and a way out."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from sindri_core.config.convert import Validated, to_config
from sindri_core.config.document import Document, KeyPath, provider_of
from sindri_core.config.models import LONGEST_NAME, NAME, FileModel
from sindri_core.config.retired import RETIRED
from sindri_core.errors import ConfigError, PluginError
from sindri_core.settings import Config
from sindri_core.types import ConfigSection, Issue, Severity


@dataclass(frozen=True, slots=True)
class _Owned:
    """A section of a plugin, with its model imported."""

    plugin: str
    path: tuple[str, ...]
    model: type[BaseModel]


def validate(document: Document, sections: Sequence[tuple[str, ConfigSection]], *, name: str = "") -> Config:
    """Check the document as ``check`` does, and make the configuration of it."""
    validated, warnings = check(document, sections, name=name)
    return replace(to_config(validated), file=document.file, warnings=warnings)


def check(
    document: Document, sections: Sequence[tuple[str, ConfigSection]], *, name: str = ""
) -> tuple[Validated, tuple[Issue, ...]]:
    """Check the document against the core's models and the plugins'; return what they accepted, and warnings.

    ``name`` comes before the file's.

    Raises ``ConfigError`` ``SND-CFG-001`` with all issues, ``PluginError`` when a plugin's model cannot be imported.
    """
    owned = [_Owned(plugin, tuple(section.path.split(".")), _model(plugin, section)) for plugin, section in sections]
    issues: list[Issue] = []
    rest, divided = _divided(document, owned, issues)
    model = _checked(FileModel, rest, (), document, issues)
    plugins = {".".join(o.path): _checked(o.model, divided.get(o.path, {}), o.path, document, issues) for o in owned}
    chosen = _name(document, name, issues)
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    if errors or model is None:
        noun = "problem" if len(errors) == 1 else "problems"
        where = document.file.name if document.file else "the configuration"
        raise ConfigError(
            "SND-CFG-001",
            f"{len(errors)} {noun} in {where}",
            hint="correct the lines above and check: sindri config validate",
            issues=sorted(issues, key=lambda issue: (issue.line, issue.column)),
        )
    issues += _doubled_prefix(document)
    core = model.model_dump(mode="json")
    parts = {path: part.model_dump(mode="json") for path, part in plugins.items() if part is not None}
    return Validated(chosen, core, parts, _digest(chosen, core, parts)), tuple(issues)


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
    parts: dict[tuple[str, ...], Any] = {}
    for path, instead in RETIRED.items():
        if _found(document.data, path) is not None and not any(o.path == path for o in owned):
            issues.append(_issue(document, path, f"no longer a key: {instead}", code="SND-CFG-103"))
            core.pop(path[0], None)
    for section in owned:
        if section.path[0] in core:
            part = core.pop(section.path[0]) if len(section.path) == 1 else None
        else:
            part = _found(document.data, section.path)
        if part is not None:
            parts[section.path] = part
    providers = document.data.get("providers")
    if providers is not None and not isinstance(providers, Mapping):
        issues.append(_issue(document, ("providers",), "must be a mapping of provider names"))
    elif providers:
        known = {o.path[1] for o in owned if o.path[0] == "providers"}
        strangers = (str(key) for key in providers if str(key) not in known)
        issues += [_unowned(document, key, known) for key in strangers if ("providers", key) not in RETIRED]
    return core, parts


def _unowned(document: Document, key: str, known: set[str]) -> Issue:
    if key == provider_of(document):
        message = f"the plugin {key} is not loaded: pip install sindri-{key}, or sindri plugins list"
        return _issue(document, ("providers", key), message, code="SND-CFG-104")
    message = f"no loaded plugin owns this section{_did_you_mean(key, known)}"
    return _issue(document, ("providers", key), message, code="SND-CFG-104", severity=Severity.WARNING)


def _found(data: Mapping[str, Any], path: Sequence[str]) -> Any:
    at: Any = data
    for key in path:
        at = at.get(key) if isinstance(at, Mapping) else None
    return at


def _checked(model: type[BaseModel], part: Any, path: tuple[str, ...], document: Document, issues: list[Issue]) -> Any:
    if not isinstance(part, Mapping):
        issues.append(_issue(document, path, "must be a mapping of keys to values"))
        return None
    try:
        return model.model_validate(dict(part))
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            location = tuple(step for step in problem["loc"] if not _internal(step))
            issues.append(_issue(document, (*path, *location), _said(problem, model, location)))
        return None


def _internal(step: object) -> bool:
    """Pydantic names the member of a union in the location; the file has no such key."""
    return isinstance(step, str) and bool(re.search(r"[\[(]", step) or step in {"str", "literal['']"})


def _said(problem: Any, model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """Say the problem in our words, with what is allowed."""
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind == "extra_forbidden":
        return f"unknown key{_did_you_mean(str(location[-1]), _keys(model, location[:-1]))}"
    if kind == "literal_error":
        allowed = context.get("expected", "")
        return f"{_short(problem['input'])} is not allowed: write {allowed}".replace("'', ", "")
    if kind == "string_pattern_mismatch":
        return f"{_short(problem['input'])} does not match {context.get('pattern')}"
    if kind == "missing":
        return "is missing"
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return message if kind == "value_error" else f"{message}, not {_short(problem['input'])}"


def _keys(model: type[BaseModel], location: Sequence[Any]) -> set[str]:
    """The keys that a nested model knows, followed through annotations."""
    current: Any = model
    for step in location:
        if isinstance(step, int):
            continue
        field = current.model_fields.get(step)
        candidates = [a for a in _annotated(field.annotation if field else None) if hasattr(a, "model_fields")]
        if not candidates:
            return set()
        current = candidates[0]
    return set(current.model_fields)


def _annotated(annotation: Any) -> list[Any]:
    inner = getattr(annotation, "__args__", ())
    return [annotation, *(found for part in inner for found in _annotated(part))]


def _did_you_mean(word: str, known: set[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f": known are {', '.join(sorted(known))}" if known else ""


def _short(value: object) -> str:
    longest = 60
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= longest else text[:longest] + "…"


def _name(document: Document, override: str, issues: list[Issue]) -> str:
    """Choose the name: the one asked for, the file's, or the folder's made fit."""
    written = override or str(document.data.get("name") or "")
    if not written and document.file:
        folder = re.sub(r"[^a-z0-9]+", "-", document.file.resolve().parent.name.lower()).strip("-")
        written = (folder if folder[:1].isalpha() else f"env-{folder}".rstrip("-"))[:LONGEST_NAME].rstrip("-")
    written = written or "sindri"
    if not re.fullmatch(NAME, written) or len(written) > LONGEST_NAME:
        message = f"{_short(written)} is not a name: at most {LONGEST_NAME} of a-z, 0-9 and -, beginning with a letter"
        issues.append(_issue(document, ("name",), message))
    return written


def _doubled_prefix(document: Document) -> list[Issue]:
    digest = _found(document.data, ("deployment", "image_config", "digest"))
    if isinstance(digest, str) and digest.startswith("sha256:sha256:"):
        path = ("deployment", "image_config", "digest")
        message = "the prefix sha256: stands twice; read as one"
        return [_issue(document, path, message, code="SND-CFG-105", severity=Severity.WARNING)]
    return []


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
        path=".".join(map(str, path)),
        message=message,
        file=str(document.file or ""),
        line=line,
        column=column,
    )


def _digest(name: str, core: Mapping[str, Any], sections: Mapping[str, Any]) -> str:
    """A SHA-256 of the meaning: defaults filled in, comments and order left out."""
    meaning = [{**core, "name": name}, sections]
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
