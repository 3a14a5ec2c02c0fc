"""Two runs of sindri at the same time on one environment: whatever they make of it, the next deploy is quiet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from environment import Environment, actions

from sindri_core.errors import SindriError
from sindri_core.events import Event, StepFinished
from sindri_core.types import Action, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from sindri_core.core import Core

KNOWN = {"SND-K8S-106", "SND-K8S-107", "SND-K8S-121", "SND-RUN-004"}
"""Being deleted; the namespace is being deleted; another run was faster; removed while it was starting."""


def together(*runs: Callable[[], Any]) -> list[str]:
    """Run all at once; return what those said that were refused."""

    def code(run: Callable[[], Any]) -> str:
        try:
            run()
        except SindriError as error:
            return f"{error.code}: {error.message}"
        return ""

    with ThreadPoolExecutor(len(runs)) as pool:
        return [found for found in pool.map(code, runs) if found]


def compared_together(environment: Environment, count: int) -> list[Core]:
    """Cores of different users that have all compared before the first of them writes."""
    barrier = Barrier(count)

    def wait(event: Event) -> None:
        if isinstance(event, StepFinished) and event.step == "compare":
            barrier.wait(30)

    parent = environment.state.parent
    return [replace(environment, state=parent / f"state-{n}").core(on_event=wait) for n in range(count)]


def quiet(environment: Environment) -> None:
    """A deploy works, and after it nothing is left to do."""
    assert environment.core().deploy().status.state is State.RUNNING
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    objects = [environment.get(kind) for kind in ("deploy", "svc", "sa")]
    objects += [environment.get("pvc", "dev-home-pvc"), environment.get("cm", "sindri-dev")]
    assert len({body["metadata"]["annotations"]["sindri.dev/env-uid"] for body in objects}) == 1


@pytest.mark.parametrize("exists", [False, True], ids=["no namespace yet", "the namespace exists"])
def test_first_deploys_at_once_make_one_environment(environment: Environment, exists: bool) -> None:
    """Three users who all plan a first deploy before anybody writes: one makes it, the others are told to go again."""
    if exists:
        environment.kubectl("create", "namespace", environment.namespace)
    cores = compared_together(environment, 3)
    refused = together(*(core.deploy for core in cores))
    assert [said.partition(":")[0] for said in refused] == ["SND-K8S-121"] * 2
    quiet(environment)


def test_second_deploys_at_once_agree(environment: Environment) -> None:
    """Two changed deploys of the same file at once: both succeed and nothing is left to do."""
    environment.core().deploy()
    environment.deployment = {"resources": {"cpus": 2}}
    cores = compared_together(environment, 2)
    assert together(*(core.deploy for core in cores)) == []
    quiet(environment)


@pytest.mark.parametrize("delete_data", [False, True], ids=["home kept", "with data"])
def test_a_deploy_while_a_destroy_runs(environment: Environment, delete_data: bool) -> None:
    """Both end with success or a reason that is known, and the next deploy works."""
    environment.core().deploy()
    destroying, deploying = environment.core(), environment.core(resources={"cpus": 2})
    refused = together(lambda: destroying.destroy(delete_data=delete_data), lambda: deploying.deploy(timeout=60))
    assert {said.partition(":")[0] for said in refused} <= KNOWN, refused
    quiet(environment)
