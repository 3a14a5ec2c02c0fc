"""Objects change by patches alone: explicit, checked, and listed in the plan."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sindri_core.errors import PluginError
from sindri_core.types import Manifest, Patch


def isolated(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Copy manifests, so that whoever keeps the old or the new ones cannot change the others."""
    return tuple(replace(manifest, body=copy.deepcopy(dict(manifest.body))) for manifest in manifests)


def veiled(patch: Patch) -> Patch:
    """Leave out of a patch what it writes into an object of the kind Secret: a plan holds no secret."""
    return replace(patch, value="***") if patch.manifest.startswith("Secret/") else patch


def patched(manifests: Sequence[Manifest], patches: Sequence[Patch]) -> tuple[Manifest, ...]:
    """Apply patches to copies of the manifests. Raises ``PluginError`` ``SND-PLG-006`` when one does not fit."""
    result = {manifest.id: manifest for manifest in manifests}
    for patch in patches:
        _plain(patch)
        if patch.op == "add" and not patch.path:
            result[patch.manifest] = _added(patch, result)
            continue
        if patch.manifest not in result:
            raise _misfit(patch, "there is no such object")
        manifest = result[patch.manifest]
        body = copy.deepcopy(dict(manifest.body))
        _change(body, patch)
        if _named(body) != _named(manifest.body):
            raise _misfit(patch, "an object keeps its apiVersion, kind, name and namespace")
        result[patch.manifest] = replace(manifest, body=body)
    return tuple(result.values())


def _added(patch: Patch, present: Mapping[str, Manifest]) -> Manifest:
    """Make the whole object that a patch adds; its kind and name must be those of its id."""
    body = patch.value
    if patch.manifest in present:
        raise _misfit(patch, "the object is there already")
    if not isinstance(body, Mapping) or not isinstance(body.get("metadata"), Mapping):
        raise _misfit(patch, "the value is not an object with metadata")
    kind, name = str(body.get("kind", "")), str(body["metadata"].get("name", ""))
    if f"{kind}/{name}" != patch.manifest:
        raise _misfit(patch, f"the value is {kind}/{name}")
    return Manifest(kind=kind, name=name, scope=str(body["metadata"].get("namespace", "")), body=copy.deepcopy(body))


def _change(body: dict[str, Any], patch: Patch) -> None:
    """Carry out one add, replace or remove of RFC 6902 in place."""
    if not patch.path.startswith("/"):
        raise _misfit(patch, "the path does not begin with /")
    *parents, last = [token.replace("~1", "/").replace("~0", "~") for token in patch.path.split("/")[1:]]
    at: Any = body
    for token in parents:
        at = _child(at, token, patch)
    if isinstance(at, list):
        _change_list(at, last, patch)
    elif isinstance(at, dict):
        if patch.op != "add" and last not in at:
            raise _misfit(patch, "there is no such field")
        if patch.op == "remove":
            del at[last]
        elif patch.op in {"add", "replace"}:
            at[last] = copy.deepcopy(patch.value)
        else:
            raise _misfit(patch, f"the operation {patch.op!r} is not add, replace or remove")
    else:
        raise _misfit(patch, "the path leads into a plain value")


def _change_list(at: list[Any], last: str, patch: Patch) -> None:
    end = len(at)
    index = end if last == "-" and patch.op == "add" else int(last) if last.isdecimal() else -1
    if not 0 <= index <= end - (patch.op != "add"):
        raise _misfit(patch, f"{last!r} is no position in a list of {end}")
    if patch.op == "add":
        at.insert(index, copy.deepcopy(patch.value))
    elif patch.op == "replace":
        at[index] = copy.deepcopy(patch.value)
    else:
        del at[index]


def _named(body: Mapping[str, Any]) -> tuple[Any, ...]:
    meta = body.get("metadata")
    meta = meta if isinstance(meta, Mapping) else {}
    return (body.get("apiVersion"), body.get("kind"), meta.get("name"), meta.get("namespace"))


def _plain(patch: Patch) -> None:
    """Raise unless the value is plain JSON data."""
    try:
        json.dumps(patch.value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise _misfit(patch, f"the value is not plain JSON data: {error}") from None


def _child(at: Any, token: str, patch: Patch) -> Any:
    if isinstance(at, dict) and token in at:
        return at[token]
    if isinstance(at, list) and token.isdecimal() and int(token) < len(at):
        return at[int(token)]
    raise _misfit(patch, f"there is no {token!r}")


def _misfit(patch: Patch, why: str) -> PluginError:
    return PluginError(
        "SND-PLG-006",
        f"the patch {patch.op} {patch.path or '(whole object)'} of {patch.manifest} does not fit: {why}",
        hint=f"report it to the plugin's author, or leave it out: --no-plugin {patch.plugin}" if patch.plugin else "",
        plugin=patch.plugin,
        hook="sindri_adjust_manifests",
    )
