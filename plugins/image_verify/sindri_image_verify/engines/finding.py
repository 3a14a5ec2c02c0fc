"""The cosign that may be used: found, asked for its version, and tried where it does not say one."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_image_verify.engines import binary, probe
from sindri_image_verify.engines.answers import NoCosign
from sindri_image_verify.engines.cosign import Cosign

if TYPE_CHECKING:
    from sindri_core.context import Context

_SAID: dict[str, str] = {}
"""What version each program says it is, by the hash of its content: asked once."""
_ASKING = threading.Lock()


def found(ctx: Context) -> Cosign:
    """Find it, and make sure that it is new enough. Raises ``NoCosign`` with the reason."""
    program = binary.find(ctx.environ)
    cosign = Cosign(path=program.path, sha256=program.sha256, version="", ctx=ctx)
    with _ASKING:
        said = _SAID.get(program.sha256) or cosign.asked_version()
        _SAID[program.sha256] = said
    enough = binary.new_enough(said)
    floor = ".".join(map(str, binary.FLOOR))
    if enough is False:
        raise NoCosign(f"{program.path} is cosign {said}, which has known holes: {floor} is the first without")
    named = replace(cosign, version=said.removeprefix("v"))
    if enough is None and not probe.passes(named):
        raise NoCosign(
            f"{program.path} calls itself {said!r} and does not judge as cosign {floor} does: too old, or broken"
        )
    return named
