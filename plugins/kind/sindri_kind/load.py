"""Bring an image of the local engine to the nodes, with kind's own command."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from sindri_core import child
from sindri_core.errors import ClusterError
from sindri_core.types import LoadOutcome, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.context import Context
    from sindri_core.requests import LoadRequest

SECONDS = 600.0


def load(ctx: Context, request: LoadRequest) -> LoadOutcome:
    """Give the image its name in the engine, and let kind copy it. An image of a registry is left to the nodes."""
    image = request.image
    if image.origin is not Origin.ENGINE:
        return LoadOutcome(method="pull", skipped="the nodes pull it from its registry")
    began = time.monotonic()
    _run(ctx, ["docker", "tag", image.digest, image.deployed])
    _run(ctx, ["kind", *("load", "docker-image", image.deployed, "--name", request.cluster.name)])
    return LoadOutcome(method="kind", seconds=time.monotonic() - began)


def _run(ctx: Context, command: Sequence[str]) -> None:
    """Run a command. Raises ``ClusterError`` ``SND-LOC-001`` with what it said."""
    program = shutil.which(command[0], path=ctx.environ.get("PATH", ""))
    if not program:
        raise _failed(command, "it is not installed")
    seconds = min(SECONDS, ctx.deadline.left())
    try:
        done = child.run([program, *command[1:]], ctx.environ, seconds=seconds, cancel=ctx.cancel)
    except OSError as error:
        raise _failed(command, error.strerror or str(error)) from None
    if done.code is None:
        raise _failed(command, f"it did not end within {seconds:.0f} s")
    if done.code:
        raise _failed(command, done.said.decode(errors="replace").strip() or f"it ended with {done.code}")


def _failed(command: Sequence[str], why: str) -> ClusterError:
    return ClusterError(
        "SND-LOC-001",
        f"the image could not be brought to the cluster: {command[0]} failed",
        hint=f"run it by hand and deploy again: {' '.join(command)}",
        details=[("said", why)],
    )
