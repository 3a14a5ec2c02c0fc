"""The way into an environment, through the façade."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sindri_core import HookSpecs, hookimpl
from sindri_core.context import Context
from sindri_core.errors import PluginNotFound
from sindri_core.hooks import Hooks
from sindri_core.loading import load
from sindri_core.requests import ConnectRequest
from sindri_core.settings import Config, Cpus, Resources, Size
from sindri_core.types import ClusterCandidate, Destination, PluginInfo

WAY = SimpleNamespace(**dict.fromkeys(("exec", "forward", "copy", "logs", "close"), print))


class Provider(HookSpecs):
    """Has one way into everything."""

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="provider", version="1", summary="for a test")

    @hookimpl
    def sindri_connect(self, ctx: Context, request: ConnectRequest) -> Any:
        return WAY


def test_the_providers_connection_is_handed_over_as_it_is() -> None:
    """sindri_connect is asked of the chosen provider; a plugin that is not there is named."""
    config = Config(
        name="demo",
        provider="provider",
        resources=Resources(memory=Size(1), cpus=Cpus(1)),
        workspace_size=Size(1),
        workspace_path="/w",
    )
    request = ConnectRequest(
        destination=Destination(provider="provider"), cluster=ClusterCandidate(kind="k", name="n", rank=1)
    )
    hooks = Hooks(load((), objects=[Provider()]), lambda _: None)
    assert hooks.connect(Context(config=config), "provider", request) is WAY
    with pytest.raises(PluginNotFound, match="another"):
        hooks.connect(Context(config=config), "another", request)
