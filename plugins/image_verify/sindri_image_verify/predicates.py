"""What a SLSA predicate says about a build, v0.2 and v1 alike.

Sources: https://slsa.dev/spec/v1.0/provenance, https://slsa.dev/spec/v0.2/provenance, and the build types of GitHub:
https://actions.github.io/buildtypes/workflow/v1, https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sindri_image_verify import uris
from sindri_image_verify.strictjson import listed, part, text, within

if TYPE_CHECKING:
    from sindri_image_verify.uris import Source

V02 = "https://slsa.dev/provenance/v0.2"
MOST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build as its provenance describes it. Empty where it does not say.

    ``repository`` is spelt as ``uris.parse`` does. ``parameters`` are the external parameters besides the workflow
    and the source.
    """

    builder: str
    build_type: str
    repository: str = ""
    ref: str = ""
    commit: str = ""
    workflow: str = ""
    trigger: str = ""
    runner: str = ""
    parameters: tuple[str, ...] = ()


def parse(predicate_type: str, predicate: Mapping[str, Any]) -> Build:
    """Read a predicate. Raises ``ValueError`` where it contradicts itself or is malformed."""
    return _v02(predicate) if predicate_type == V02 else _v1(predicate)


def _v1(predicate: Mapping[str, Any]) -> Build:
    definition = part(predicate, "buildDefinition")
    external = part(definition, "externalParameters")
    github = part(part(definition, "internalParameters"), "github")
    workflow = external.get("workflow", {})
    known = {"workflow"}
    if isinstance(workflow, dict):
        source, ref, path = text(workflow, "repository"), text(workflow, "ref"), text(workflow, "path")
    else:
        source, ref, path, known = "", "", "", set()
    if not source and isinstance(external.get("source"), str):
        source, known = external["source"], known | {"source"}
    origin = uris.parse(source) if source else None
    if origin and origin.ref and ref and origin.ref != ref:
        raise ValueError(f"the provenance names two refs: {origin.ref} and {ref}")
    ref = ref or (origin.ref if origin else "")
    materials = [
        (text(each, "uri"), part(each, "digest"))
        for each in map(_mapping, listed(definition, "resolvedDependencies", MOST))
    ]
    return Build(
        builder=text(part(part(predicate, "runDetails"), "builder"), "id"),
        build_type=text(definition, "buildType"),
        repository=origin.repository if origin else "",
        ref=ref,
        commit=_commit(origin, ref, materials, ("gitCommit", "sha1")),
        workflow=path,
        trigger=text(github, "event_name"),
        runner=text(github, "runner_environment"),
        parameters=_given(external, known),
    )


def _v02(predicate: Mapping[str, Any]) -> Build:
    invocation = part(predicate, "invocation")
    config = part(invocation, "configSource")
    environment = part(invocation, "environment")
    source = text(config, "uri")
    origin = uris.parse(source) if source else None
    materials = [
        (text(each, "uri"), part(each, "digest")) for each in map(_mapping, listed(predicate, "materials", MOST))
    ]
    commit = text(part(config, "digest"), "sha1")
    built = _commit(origin, origin.ref if origin else "", materials, ("sha1", "gitCommit"))
    if commit and built and commit != built:
        raise ValueError(f"the provenance names two commits: {commit} and {built}")
    return Build(
        builder=text(part(predicate, "builder"), "id"),
        build_type=text(predicate, "buildType"),
        repository=origin.repository if origin else "",
        ref=origin.ref if origin else "",
        commit=commit or built,
        workflow=text(config, "entryPoint"),
        trigger=text(environment, "github_event_name"),
        runner=text(environment, "github_runner_environment"),
        parameters=_given(part(invocation, "parameters"), set()),
    )


def _commit(
    origin: Source | None,
    ref: str,
    materials: Sequence[tuple[str, Mapping[str, Any]]],
    names: Sequence[str],
) -> str:
    """The commit of the source among what was built from. What is not source code has addresses of other kinds."""
    found: set[str] = set()
    for uri, digest in materials:
        try:
            material = uris.parse(uri)
        except ValueError:
            continue
        if not origin or material.repository != origin.repository:
            continue
        if material.ref and ref and material.ref != ref:
            raise ValueError(f"the provenance names two refs of its source: {ref} and {material.ref}")
        found |= {commit for name in names if (commit := text(digest, name))}
    if len(found) > 1:
        raise ValueError("the provenance names several commits of its source")
    return next(iter(found), "")


def _given(parameters: Mapping[str, Any], known: set[str]) -> tuple[str, ...]:
    """The names of the parameters that hold anything."""
    empty: tuple[Any, ...] = (None, "", {}, [])
    return tuple(sorted(name for name, value in parameters.items() if name not in known and value not in empty))


def _mapping(data: Any) -> Mapping[str, Any]:
    return within(data, "a dependency")
