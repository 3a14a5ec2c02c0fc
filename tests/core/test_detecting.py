"""What plugins that recognise clusters may ask: the provider's API, once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from shelf import Shelf

from sindri_core import HookSpecs, hookimpl
from sindri_core.core import Core
from sindri_core.errors import ClusterError, ClusterUnreachable, Forbidden
from sindri_core.types import Body, ClusterCandidate, PluginInfo

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import DetectRequest, ReadRequest

DIGEST = "sha256:" + "a" * 64


@dataclass
class Asked(Shelf):
    """A shelf with an API, which notes what it is asked and answers as it is told to."""

    asked: list[str] = field(default_factory=list)
    failing: dict[str, ClusterError] = field(default_factory=dict)

    @hookimpl
    def sindri_read(self, ctx: Context, request: ReadRequest) -> Body | None:
        self.asked.append(request.path)
        if error := self.failing.get(request.path):
            raise error
        return {"path": request.path}


@dataclass
class Curious(HookSpecs):
    """Wants to know these paths, and goes on without those that it cannot have."""

    id: str
    paths: Sequence[str]
    heard: list[str] = field(default_factory=list)

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id=self.id, version="1.0", summary="recognises clusters")

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> Sequence[ClusterCandidate]:
        assert request.api is not None
        for path in self.paths:
            try:
                self.heard.append(str(request.api(path)["path"]))
            except ClusterError as error:
                self.heard.append(error.code)
        return ()


def detected(shelf: Asked, *plugins: Curious) -> None:
    """Plan once, which detects once."""
    config = {"name": "demo", "deployment": {"provider": "shelf", "image": f"ghcr.io/acme/app@{DIGEST}"}}
    with Core(config, plugins=[shelf, *plugins], environ={}) as core:
        core.plan()


def test_what_two_plugins_want_to_know_is_asked_once() -> None:
    """Every path is one question to the server, also one that is refused."""
    shelf = Asked(failing={"/nodes": Forbidden("SND-K8S-003", "no")})
    both = [Curious(name, ["/nodes", "/version"]) for name in ("one", "two")]
    detected(shelf, *both)
    assert sorted(shelf.asked) == ["/nodes", "/version"]
    assert [each.heard for each in both] == [["SND-K8S-003", "/version"]] * 2


def test_a_server_that_is_away_is_waited_for_once() -> None:
    """Whatever else is to be asked, a server that does not answer is not asked a second time."""
    shelf = Asked(failing={path: ClusterUnreachable("SND-K8S-001", "away") for path in ("/nodes", "/version")})
    both = [Curious("one", ["/nodes", "/version"]), Curious("two", ["/version"])]
    detected(shelf, *both)
    assert len(shelf.asked) == 1
    assert [each.heard for each in both] == [["SND-K8S-001"] * 2, ["SND-K8S-001"]]


@pytest.mark.parametrize("first", ["/nodes", "/version"])
def test_one_answer_that_fails_otherwise_stops_no_other(first: str) -> None:
    """Only a server that is away is given up; one that says no to a question may answer the next."""
    shelf = Asked(failing={first: Forbidden("SND-K8S-003", "no")})
    curious = Curious("one", [first, "/other"])
    detected(shelf, curious)
    assert curious.heard == ["SND-K8S-003", "/other"]
