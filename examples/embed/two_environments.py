"""sindri inside another program: two environments at once, each with plugins of its own.

Run it with sindri-core and sindri-folder installed: ``python two_environments.py FOLDER``.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_core import Core, HookSpecs, hookimpl
from sindri_core.errors import SindriError
from sindri_core.events import Event, StepFinished
from sindri_core.types import Patch, PluginInfo, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core import Context
    from sindri_core.requests import AdjustRequest

IMAGE = "ghcr.io/my-org/sindri@sha256:9f2cb1f0b2a4d2c2d6bb8b7c6f0d5e3a1c4b7a9e8d6f5c4b3a29181706f5e4d3"
"""A digest is the image: no registry is asked which one is meant."""


class Labels(HookSpecs):
    """A plugin of the program itself: writes who the environment belongs to."""

    def __init__(self, team: str) -> None:
        self.team = team

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="labels", version="1.0", summary="writes the team into every environment")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> Sequence[Patch]:
        wanted = [manifest for manifest in request.manifests if "image" in manifest.body]
        return [Patch(manifest=manifest.id, op="add", path="/team", value=self.team) for manifest in wanted]


def deploy(folder: Path, team: str, on_event: list[Event]) -> State:
    """Deploy one team's environment and say how it is."""
    from sindri_folder import FolderPlugin

    deployment = {"provider": "folder", "image": IMAGE}
    config = {"name": team, "deployment": deployment, "providers": {"folder": {"path": str(folder)}}}
    plugins = [FolderPlugin(), Labels(team)]
    with Core(config, plugins=plugins, on_event=on_event.append, environ={}, state_dir=folder / "state") as core:
        return core.deploy(timeout=30).status.state


def main() -> int:
    """Deploy two environments in two threads."""
    folder = Path(sys.argv[1]).resolve()
    events: list[Event] = []
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(deploy, folder, team, events) for team in ("blue", "green")]
    try:
        states = [answer.result() for answer in answers]
    except SindriError as error:
        print(f"{error.code}: {error.message}\n{error.hint}", file=sys.stderr)
        return int(error.exit_code)
    steps = sum(isinstance(event, StepFinished) for event in events)
    print(f"{', '.join(states)} after {steps} steps", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
