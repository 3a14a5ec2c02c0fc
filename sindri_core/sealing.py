"""What makes a plan trustworthy: required claims are enforced here, for every image in the final objects.

The configuration says which claims are required. Each needs an accept, for exactly the digest that is deployed, from a
verifier that the trust settings name. Everything else (no verifier, a broken one, another digest) is a refusal.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sindri_core import resolver
from sindri_core.errors import ImageRefused, PluginError
from sindri_core.loading import advice
from sindri_core.requests import FindImagesRequest, ResolveRequest, VerifyRequest
from sindri_core.settings import ImageSettings
from sindri_core.types import ClusterCandidate, Manifest, Origin, Patch, ResolvedImage, Verdict, Verification

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.hooks import Hooks
    from sindri_core.types import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Manifests in which every image is resolved and verified, and those images: the environment's own comes first."""

    manifests: tuple[Manifest, ...]
    images: tuple[ResolvedImage, ...]
    verifications: tuple[Verification, ...]
    issues: tuple[Issue, ...] = ()


def resolve(
    hooks: Hooks, ctx: Context, settings: ImageSettings, cluster: ClusterCandidate
) -> tuple[ResolvedImage, list[Issue]]:
    """Find out which image the settings mean; from here on nobody resolves it again. Warnings come along."""
    image, issues = hooks.resolve_image(ctx, ResolveRequest(image=settings, cluster=cluster))
    return image or resolver.resolve(settings), issues


def verify(hooks: Hooks, ctx: Context, image: ResolvedImage) -> tuple[Verification, ...]:
    """Check the required claims of an image. Raises ``ImageRefused`` unless each is accepted."""
    trust = ctx.config.trust
    if not trust.required:
        return ()
    wanted = ", ".join(sorted(trust.required))
    if not image.digest:
        raise ImageRefused(
            "SND-IMG-003",
            f"{image.deployed} must have a verified {wanted}, but it is only a tag and can change after the check",
            hint="write its digest: deployment.image_config.digest",
        )
    if image.origin == Origin.ENGINE:
        raise ImageRefused(
            "SND-IMG-003",
            f"{image.deployed} must have a verified {wanted}, but it lies in the local engine, and nobody signs that",
            hint="push it, sign it, and name it by its registry: deployment.image_config",
        )
    request = VerifyRequest(image=image, claims=trust.required, trust=trust, settings=ctx.config.image)
    answers = hooks.verify_image(ctx, request)
    for claim in sorted(trust.required):
        said = [a for a in answers if a.claim == claim and a.digest == image.digest]
        if said and all(a.verdict == Verdict.ACCEPTED for a in said):
            continue
        refused = [a for a in said if a.verdict != Verdict.ACCEPTED]
        details = [("refused", f"{a.verifier}: {a.reason or 'no reason given'}") for a in refused]
        if not said:
            details = [
                ("seen", f"no answer from {' or '.join(trust.verifiers) or 'anybody: trust.verifiers is empty'}")
            ]
        raise ImageRefused(
            "SND-IMG-003",
            f"the {claim.value} of {image.deployed} is required and nobody vouches for it",
            hint=_remedy(hooks, trust.verifiers),
            details=details,
        )
    return tuple(answers)


def _remedy(hooks: Hooks, verifiers: Sequence[str]) -> str:
    loaded = hooks.registry.versions()
    missing = [name for name in verifiers if name not in loaded]
    if missing:
        return f"install the verifier: {advice(missing[0], loaded)}"
    return "an image that is signed as the trust settings require, or other settings: sindri config show"


def seal(
    hooks: Hooks, ctx: Context, cluster: ClusterCandidate, image: ResolvedImage, manifests: Sequence[Manifest]
) -> Sealed:
    """Resolve and verify every image in the manifests, and write what was resolved into them."""
    uses = hooks.find_images(ctx, ctx.config.provider, FindImagesRequest(manifests=manifests))
    resolved: dict[str, ResolvedImage] = {image.deployed: image}
    verifications: list[Verification] = []
    patches: list[Patch] = []
    issues: list[Issue] = []
    for use in uses:
        if use.reference not in resolved:
            other, more = resolve(hooks, ctx, ImageSettings(reference=use.reference), cluster)
            issues += more
            verifications += verify(hooks, ctx, other)
            resolved[use.reference] = other
        if resolved[use.reference].deployed != use.reference:
            pinned = resolved[use.reference].deployed
            patches.append(Patch(manifest=use.manifest, op="replace", path=use.path, value=pinned, reason="pinned"))
    return Sealed(
        manifests=tuple(patched(manifests, patches)),
        images=tuple(resolved.values()),
        verifications=tuple(verifications),
        issues=tuple(issues),
    )


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
