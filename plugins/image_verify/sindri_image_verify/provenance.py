"""What provenance says about a build, from SLSA 1.0 and 0.2 in one form. Sources: https://slsa.dev/spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sindri_image_verify.statement import SLSA_V02, SLSA_V1, Malformed, Statement

TYPES = (SLSA_V1, SLSA_V02)
GITHUB_BUILDS = {
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
    "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
}
"""Kinds of build that this module knows how to read."""
USUAL_PARAMETERS = {"workflow"}
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A build: who built what from where. Each is empty where nothing is said. ``parameters`` are names of inputs."""

    builder: str = ""
    build_type: str = ""
    repository: str = ""
    ref: str = ""
    commit: str = ""
    workflow: str = ""
    trigger: str = ""
    runner: str = ""
    parameters: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """What people want to see of it."""
        source = f"{self.repository} @ {self.ref}".strip(" @")
        rows = (("source", source), ("commit", self.commit), ("workflow", self.workflow), ("builder", self.builder))
        more = (("build type", self.build_type), ("trigger", self.trigger), ("runner", self.runner))
        return tuple(f"{label}: {text}" for label, text in (*rows, *more) if text)


def read(stated: Statement) -> Provenance:
    """Read the predicate of a statement. Raises ``Malformed``."""
    predicate = stated.predicate
    if stated.predicate_type == SLSA_V02 or ("invocation" in predicate and "buildDefinition" not in predicate):
        return _v02(predicate)
    return _v1(predicate)


def _v1(predicate: Mapping[str, Any]) -> Provenance:
    definition, details = _map(predicate, "buildDefinition"), _map(predicate, "runDetails")
    external = _map(definition, "externalParameters")
    workflow = _map(external, "workflow") if "workflow" in external else {}
    github = _map(_map(definition, "internalParameters"), "github")
    repository = source(_text(workflow, "repository"))[0] if workflow else ""
    commits = {
        digest
        for uri, digest in _dependencies(definition.get("resolvedDependencies"), "gitCommit")
        if same_repository(uri, repository)
    }
    if len(commits) > 1:
        raise Malformed("the provenance names several commits of its source")
    return Provenance(
        builder=_text(_map(details, "builder"), "id"),
        build_type=_text(definition, "buildType"),
        repository=repository,
        ref=_text(workflow, "ref"),
        commit=next(iter(commits), ""),
        workflow=_text(workflow, "path"),
        trigger=_text(github, "event_name"),
        runner=_text(github, "runner_environment"),
        parameters=tuple(sorted(name for name in external if name not in USUAL_PARAMETERS and external[name])),
    )


def _v02(predicate: Mapping[str, Any]) -> Provenance:
    invocation = _map(predicate, "invocation")
    config, environment = _map(invocation, "configSource"), _map(invocation, "environment")
    repository, ref = source(_text(config, "uri"))
    listed = predicate.get("materials")
    first = next((uri for uri, _ in _dependencies(listed, "sha1")), repository)
    if not same_repository(first, repository):
        raise Malformed("the provenance names one source for the workflow and another for the build")
    commit = _text(_map(config, "digest"), "sha1")
    if commit and not _COMMIT.fullmatch(commit):
        raise Malformed("the provenance names a commit that is none")
    return Provenance(
        builder=_text(_map(predicate, "builder"), "id"),
        build_type=_text(predicate, "buildType"),
        repository=repository,
        ref=ref,
        commit=commit,
        workflow=_text(config, "entryPoint"),
        trigger=_text(environment, "github_event_name"),
        parameters=tuple(sorted(name for name, value in _map(invocation, "parameters").items() if value)),
    )


def source(uri: str) -> tuple[str, str]:
    """Take ``git+https://github.com/acme/app@refs/tags/v1`` apart. Raises ``Malformed`` for anything unusual."""
    text = uri.removeprefix("git+")
    text, _, ref = text.partition("@")
    try:
        parts = urlsplit(text)
        unusual = parts.scheme != "https" or not parts.hostname or parts.port is not None
    except ValueError:
        raise Malformed("the provenance names a source that is no address") from None
    if not uri:
        return "", ""
    if unusual or parts.query or parts.fragment or parts.username is not None or "@" in ref or ".." in parts.path:
        raise Malformed(f"the provenance names the unusual source {uri[:120]!r}")
    return f"https://{parts.hostname}{parts.path.rstrip('/')}", ref


def same_repository(one: str, other: str) -> bool:
    """Whether two addresses mean one repository. GitHub takes upper and lower case for the same."""
    one, other = one.removesuffix(".git"), other.removesuffix(".git")
    if one.lower().startswith("https://github.com/"):
        return one.lower() == other.lower()
    return one == other


def _dependencies(listed: Any, algorithm: str) -> list[tuple[str, str]]:
    found = []
    for each in listed if isinstance(listed, list) else ():
        digest = each.get("digest") if isinstance(each, dict) else None
        uri = each.get("uri") if isinstance(each, dict) else None
        if isinstance(uri, str) and uri.startswith("git+") and isinstance(digest, dict):
            commit = digest.get(algorithm)
            if isinstance(commit, str) and _COMMIT.fullmatch(commit):
                found.append((source(uri)[0], commit))
    return found


def _map(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Malformed(f"{key} of the provenance is no mapping")
    return found


def _text(data: Mapping[str, Any], key: str) -> str:
    found = data.get(key, "")
    if not isinstance(found, str):
        raise Malformed(f"{key} of the provenance is no text")
    return found
