"""Code as users write it. Checked by mypy against the installed wheels, and never run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, assert_type

from sindri_core import CancelToken, Context, Core, HookSpecs, hookimpl
from sindri_core.errors import ConfigError, NotReady, SindriError
from sindri_core.events import Event, StatusChanged
from sindri_core.types import ClusterCandidate, Finding, Manifest, Plan, PluginInfo, Removal, State, Status

if TYPE_CHECKING:
    from sindri_core.requests import DetectRequest


class Acme(HookSpecs):
    """A plugin whose signatures are checked because it inherits the specification."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="acme", version="1.0", summary="of users")

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate] | None:
        assert_type(ctx.config.name, str)
        assert_type(request.destination.context, str)
        return None


class Wrong(HookSpecs):
    """A plugin with a wrong signature, which mypy must find: an ignore that nothing needs is an error."""

    @hookimpl
    def sindri_plugin_info(self) -> str:  # type: ignore[override]
        return "wrong"


def watch(event: Event) -> None:
    """Watch a run."""
    if isinstance(event, StatusChanged):
        assert_type(event.status, Status)


def run(file: Path) -> State:
    """Use every method of the embedding API."""
    cancel = CancelToken()
    with Core(file, plugins=[Acme()], on_event=watch, cancel=cancel) as core:
        assert_type(core.plan(offline=True), Plan)
        assert_type(core.render(), tuple[Manifest, ...])
        assert_type(core.environments(), tuple[Status, ...])
        assert_type(core.destroy(dry_run=True), Removal)
        try:
            return core.deploy(timeout=60).status.state
        except NotReady as error:
            assert_type(error.finding, Finding | None)
        except ConfigError as error:
            assert_type([issue.line for issue in error.issues], list[int])
        except SindriError as error:
            assert_type(error.code, str)
    return State.UNREACHABLE


Core(42)  # type: ignore[arg-type]
