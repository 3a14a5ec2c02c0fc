"""The resolver that asks the local engine: a plain name on a local cluster means the image that was built here.

The content id becomes part of the tag that is loaded and deployed, so that an image that was built anew is a change.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound
from sindri_core.oci.reference import DIGEST
from sindri_core.types import Origin, ResolvedImage

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.resolving.named import Named

PROGRAMS = ("docker", "podman")
NOT_THERE = ("no such image", "no such object", "image not known")
SECONDS = 20.0
LONGEST_TAG = 128
SHOWN = 12
"""Digits of the content id that the tag gets: enough that no two builds of one name meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """An image of the local engine: its content id (``sha256:…``), its platform, and whose engine it is."""

    id: str
    platform: str
    program: str


def look_up(ctx: Context, name: str) -> EngineImage | None:
    """Look for the image in the engine; None where there is none of that name, or no engine is installed.

    Raises ``ImageNotFound`` ``SND-IMG-015`` when no installed engine answers.
    """
    programs = [found for each in PROGRAMS if (found := shutil.which(each, path=ctx.environ.get("PATH", "")))]
    troubles: list[ImageNotFound] = []
    for program in programs:
        try:
            return _asked(ctx, program, name)
        except ImageNotFound as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return None


def _asked(ctx: Context, program: str, name: str) -> EngineImage | None:
    from sindri_core import child

    seconds = min(SECONDS, ctx.deadline.left())
    try:
        done = child.run([program, "image", "inspect", "--", name], ctx.environ, seconds=seconds, cancel=ctx.cancel)
    except OSError as error:
        raise _unusable(program, f"it cannot be started: {error.strerror}") from None
    said = done.said.decode(errors="replace").strip()
    if done.code is None:
        raise _unusable(program, f"it did not answer within {seconds:.0f} s" if done.late else "it printed too much")
    if done.code and any(word in said.lower() for word in NOT_THERE):
        return None
    if done.code:
        raise _unusable(program, said.partition("\n")[0] or f"it ended with {done.code}")
    try:
        [image] = json.loads(done.output)
        platform = f"{image['Os']}/{image['Architecture']}"
        return EngineImage(id=_identity(image["Id"]), platform=platform, program=program)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unusable(program, f"what it says of {name} is not understood") from None


def resolved(found: EngineImage, asked: Named, pull_policy: str) -> ResolvedImage:
    """Make the image that is loaded and deployed. Nobody can pull it, so the nodes must not try to."""
    short = found.id.removeprefix("sha256:")[:SHOWN]
    tag = f"{asked.tag[: LONGEST_TAG - SHOWN - 1]}-{short}"
    return ResolvedImage(
        reference=asked.written,
        deployed=f"{asked.repository}:{tag}",
        digest=found.id,
        origin=Origin.ENGINE,
        why=f"the image of that name in the local engine ({found.program.rpartition('/')[2]})",
        pull_policy="Never" if pull_policy in {"", "Always"} else pull_policy,
        tag=asked.tag,
        platforms=(found.platform,),
    )


def missing(name: str) -> ImageNotFound:
    """Say that the image has to be built first."""
    return ImageNotFound(
        "SND-IMG-015",
        f"there is no image {name} in the local engine, and sindri.yaml names no other",
        hint=f"docker build -t {name} .   or name an image of a registry: deployment.image",
    )


def _identity(text: str) -> str:
    """The content id; podman leaves out the name of the algorithm."""
    identity = text if text.startswith("sha256:") else f"sha256:{text}"
    if not DIGEST.fullmatch(identity):
        raise ValueError(text)
    return identity


def _unusable(program: str, why: str) -> ImageNotFound:
    return ImageNotFound(
        "SND-IMG-015",
        f"the local engine ({program}) cannot say which image is meant: {why}",
        hint=f"{program} info   shows what is wrong with it",
    )
