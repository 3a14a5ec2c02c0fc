"""The steps of a run, on a provider that keeps environments in a dictionary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shelf import (
    Adjuster,
    Shelf,
    Verifier,
    accept,
    accept_and_refuse,
    accept_another,
    accept_only_the_signature,
    crash,
)

from sindri_core import planfile
from sindri_core.context import CancelToken
from sindri_core.core import Core
from sindri_core.errors import (
    DeadlineExceeded,
    ImageNotFound,
    ImageRefused,
    Interrupted,
    NotReady,
    PlanStale,
    PluginError,
    UsageError,
)
from sindri_core.events import Event, StatusChanged, StepFinished, Warned
from sindri_core.types import Action, Destination, Finding, Patch, State, Status, Verification

if TYPE_CHECKING:
    from sindri_core.requests import VerifyRequest

DIGEST = "sha256:" + "a" * 64
HERE = Destination(provider="shelf")


def settings(**image_config: Any) -> dict[str, Any]:
    """A configuration for the shelf; keyword arguments go into image_config."""
    deployment: dict[str, Any] = {"provider": "shelf"}
    deployment |= {"image_config": image_config} if image_config else {"image": f"ghcr.io/acme/app@{DIGEST}"}
    return {"name": "demo", "deployment": deployment}


def core(tmp_path: Path, *plugins: object, config: dict[str, Any] | None = None, **more: Any) -> Core:
    """A core with just these plugins."""
    return Core(config or settings(), plugins=plugins, environ={}, state_dir=tmp_path, **more)


def test_plan_writes_nothing_and_deploy_makes_it_so(tmp_path: Path) -> None:
    """A plan names the object and leaves the shelf empty; deploying fills it; deploying again writes nothing."""
    shelf = Shelf()
    with core(tmp_path, shelf) as sindri:
        planned = sindri.plan()
        assert [c.action for c in planned.changes.items] == [Action.CREATE]
        assert shelf.writes == 0
        assert sindri.deploy().status.state is State.RUNNING
        assert shelf.objects["Box/demo"]["image"] == f"ghcr.io/acme/app@{DIGEST}"
        assert sindri.deploy().applied.written == ()
        assert shelf.writes == 1
        assert not sindri.plan().pending()
    assert shelf.closed == 4


def test_offline_plan_compares_with_nothing(tmp_path: Path) -> None:
    """Offline no target is opened, every object is unknown, and the plan cannot be kept for a deploy."""
    shelf = Shelf()
    planned = core(tmp_path, shelf).plan(offline=True)
    assert {c.action for c in planned.changes.items} == {Action.UNKNOWN}
    assert shelf.closed == 0
    with pytest.raises(UsageError) as caught:
        planfile.to_document(planned)
    assert caught.value.code == "SND-PLN-003"


def test_exactly_the_plan_in_the_file_is_deployed(tmp_path: Path) -> None:
    """A plan file of the same world is accepted, also after a round trip through JSON."""
    shelf = Shelf()
    sindri = core(tmp_path, shelf)
    document = json.loads(json.dumps(planfile.to_document(sindri.plan())))
    assert sindri.deploy(plan_file=document).status.state is State.RUNNING


@pytest.mark.parametrize("path", ["intent", "identity", "name", "image.digest", "plugins.shelf", "destination.context"])
def test_a_plan_file_that_differs_is_refused_and_nothing_written(tmp_path: Path, path: str) -> None:
    """Whatever identifies the plan, a change of it stops the deploy and is named."""
    shelf = Shelf()
    sindri = core(tmp_path, shelf)
    document = planfile.to_document(sindri.plan())
    *parents, last = path.split(".")
    at: Any = document
    for key in parents:
        at = at[key]
    at[last] = "something else"
    with pytest.raises(PlanStale) as caught:
        sindri.deploy(plan_file=document)
    assert caught.value.details[0][1].startswith(path)
    assert shelf.writes == 0


@pytest.mark.parametrize("document", [[], "x", {}, {"kind": "sindri-plan", "version": 99}])
def test_what_is_no_plan_file_is_refused(tmp_path: Path, document: Any) -> None:
    """A plan file is untrusted: any other document is a usage error, before anything is written."""
    shelf = Shelf()
    with pytest.raises(UsageError) as caught:
        core(tmp_path, shelf).deploy(plan_file=document)
    assert caught.value.code == "SND-PLN-001"
    assert shelf.writes == 0


def test_a_changed_world_makes_the_plan_stale(tmp_path: Path) -> None:
    """An object that was touched after the plan was made is noticed."""
    shelf = Shelf()
    sindri = core(tmp_path, shelf)
    document = planfile.to_document(sindri.plan())
    sindri.deploy()
    with pytest.raises(PlanStale):
        sindri.deploy(plan_file=document)


def test_a_tag_is_deployed_as_written_with_a_warning(tmp_path: Path) -> None:
    """A tag is not pinned, and the plan and an event say so."""
    events: list[Event] = []
    sindri = core(
        tmp_path, Shelf(), config=settings(registry="ghcr.io/acme/app", tag_override="v1"), on_event=events.append
    )
    planned = sindri.plan(offline=True)
    assert planned.image.deployed == "ghcr.io/acme/app:v1"
    assert [issue.code for issue in planned.issues] == ["SND-IMG-004"]
    assert any(isinstance(event, Warned) for event in events)


def test_without_an_image_the_documents_default_is_used(tmp_path: Path) -> None:
    """The document's quick start names no image."""
    config = {"name": "demo", "deployment": {"provider": "shelf"}}
    sindri = core(tmp_path, Shelf(), config=config)
    assert sindri.plan(offline=True).image.deployed == "sindri:latest"
    with pytest.raises(ImageNotFound) as caught:
        sindri.plan()
    assert caught.value.code == "SND-IMG-014"
    assert "deployment.image: ghcr.io" in caught.value.hint


def test_a_range_offline_says_what_to_write(tmp_path: Path) -> None:
    """Nobody guesses what a range means."""
    sindri = core(tmp_path, Shelf(), config=settings(registry="ghcr.io/acme/app", version="^1.0.0"))
    with pytest.raises(ImageNotFound) as caught:
        sindri.plan(offline=True)
    assert caught.value.code == "SND-IMG-010"
    assert "digest" in caught.value.hint


SIGNED = settings(registry="ghcr.io/acme/app", digest=DIGEST, verify_signature=True, verify_provenance=True)


def test_required_claims_that_are_accepted_let_the_image_through(tmp_path: Path) -> None:
    """Both claims of exactly this digest are accepted: it is deployed, and the plan shows by whom."""
    shelf = Shelf()
    planned = core(tmp_path, shelf, Verifier(answer=accept), config=SIGNED).plan()
    assert {v.verifier for v in planned.verifications} == {"image-verify"}


@pytest.mark.parametrize(
    "verifiers",
    [
        (),
        (Verifier(),),
        (Verifier(answer=crash),),
        (Verifier(answer=accept_another),),
        (Verifier(answer=accept_and_refuse),),
        (Verifier(answer=accept_only_the_signature),),
        (Verifier(id="stranger", answer=accept),),
    ],
    ids=["none", "silent", "crashing", "other digest", "both", "half", "not named by the trust settings"],
)
def test_required_claims_fail_closed(tmp_path: Path, verifiers: tuple[Verifier, ...]) -> None:
    """No verifier, a broken, silent or unnamed one, and an answer about something else are all refusals."""
    shelf = Shelf()
    with pytest.raises(ImageRefused) as caught:
        core(tmp_path, shelf, *verifiers, config=SIGNED).deploy()
    assert caught.value.code == "SND-IMG-003"
    assert caught.value.exit_code == 4
    assert shelf.writes == 0
    assert shelf.objects == {}


def test_a_tag_cannot_be_verified(tmp_path: Path) -> None:
    """A tag can change after the check, so a required claim refuses it whoever vouches."""
    config = settings(registry="ghcr.io/acme/app", tag_override="v1", verify_signature=True)
    with pytest.raises(ImageRefused, match="only a tag"):
        core(tmp_path, Shelf(), Verifier(answer=accept), config=config).plan(offline=True)


def test_an_image_added_by_a_plugin_is_verified_too(tmp_path: Path) -> None:
    """A sidecar that a plugin adds goes through the same policy: what nobody vouches for is refused."""
    other = f"evil@sha256:{'e' * 64}"
    box = {"kind": "Box", "metadata": {"name": "side"}, "image": other}
    adder = Adjuster("adder", [Patch(manifest="Box/side", op="add", path="", value=box)])
    shelf = Shelf()

    def accept_main(request: VerifyRequest) -> Sequence[Verification]:
        return accept(request) if request.image.digest == DIGEST else ()

    with pytest.raises(ImageRefused, match="evil@"):
        core(tmp_path, shelf, Verifier(answer=accept_main), adder, config=SIGNED).deploy()
    assert shelf.objects == {}


def test_plugins_adjust_in_id_order_and_the_plan_says_who(tmp_path: Path) -> None:
    """Each plugin sees the result of those before, and its name stands beside its patch."""
    first = Adjuster("a-first", [Patch(manifest="Box/demo", op="add", path="/size", value=1)])
    second = Adjuster("b-second", [Patch(manifest="Box/demo", op="replace", path="/size", value=2)])
    planned = core(tmp_path, second, Shelf(), first).plan()
    assert planned.manifests[0].body["size"] == 2
    assert second.seen[0][0]["size"] == 1
    assert [p.plugin for p in planned.adjustments] == ["a-first", "b-second"]


@pytest.mark.parametrize(
    "patch",
    [
        Patch(manifest="Box/none", op="add", path="/x", value=1),
        Patch(manifest="Box/demo", op="remove", path="/nothing"),
        Patch(manifest="Box/demo", op="replace", path="/metadata/deep/er", value=1),
        Patch(manifest="Box/demo", op="move", path="/image"),
        Patch(manifest="Box/demo", op="add", path="", value={"kind": "Box", "metadata": {"name": "demo"}}),
        Patch(manifest="Box/new", op="add", path="", value="text"),
        Patch(manifest="Box/new", op="add", path="", value={"kind": "Box", "metadata": {"name": "other"}}),
        Patch(manifest="Box/demo", op="add", path="/image/0", value=1),
    ],
)
def test_a_patch_that_does_not_fit_names_the_plugin(tmp_path: Path, patch: Patch) -> None:
    """A wrong patch fails the plan, with the plugin's name and the way out."""
    with pytest.raises(PluginError) as caught:
        core(tmp_path, Shelf(), Adjuster("broken", [patch])).plan()
    assert caught.value.plugin == "broken"
    assert "--no-plugin broken" in caught.value.hint


def test_waiting_stops_at_a_cause_that_cannot_heal(tmp_path: Path) -> None:
    """A passing finding is waited out; the first that cannot heal ends the wait with it."""
    passing = Finding(code="SND-K8S-211", message="no room yet", heals=True)
    final = Finding(code="SND-K8S-226", message="no such image")
    starting = Status(name="demo", state=State.STARTING, destination=HERE, finding=passing)
    stuck = Status(name="demo", state=State.STARTING, destination=HERE, finding=final)
    with pytest.raises(NotReady) as caught:
        core(tmp_path, Shelf(states=[starting, starting, stuck])).deploy()
    assert caught.value.finding == final


def test_waiting_ends_with_the_deadline(tmp_path: Path) -> None:
    """An environment that never comes up and gives no reason ends with what was going on."""
    starting = Status(name="demo", state=State.STARTING, destination=HERE, step="pulling image")
    with pytest.raises(DeadlineExceeded, match=r"starting.*pulling image"):
        core(tmp_path, Shelf(states=[starting])).deploy(timeout=0.05)


def test_each_change_of_state_is_told_once(tmp_path: Path) -> None:
    """Observers hear of a state when it is new, not at every look."""
    events: list[Event] = []
    starting = Status(name="demo", state=State.STARTING, destination=HERE)
    running = Status(name="demo", state=State.RUNNING, destination=HERE, instance="demo-1")
    core(tmp_path, Shelf(states=[starting, starting, running]), on_event=events.append).deploy()
    states = [e.status.state for e in events if isinstance(e, StatusChanged)]
    assert states == [State.STARTING, State.RUNNING]
    assert [e.message for e in events if isinstance(e, StepFinished) and e.step == "wait"] == ["demo-1"]


def test_a_cancelled_run_stops_before_it_writes(tmp_path: Path) -> None:
    """Ctrl-C during planning leaves nothing behind."""
    shelf, cancel = Shelf(), CancelToken()
    cancel.set()
    with pytest.raises(Interrupted):
        core(tmp_path, shelf, cancel=cancel).deploy()
    assert shelf.writes == 0
    assert shelf.closed == 1


def test_stop_start_and_destroy(tmp_path: Path) -> None:
    """The rest of the life goes through the target: power, a preview of the removal, the removal."""
    shelf = Shelf()
    sindri = core(tmp_path, shelf)
    sindri.deploy()
    assert sindri.start().state is State.RUNNING
    assert sindri.destroy(dry_run=True).removed == ("Box/demo",)
    assert sindri.status().state is State.RUNNING
    assert sindri.destroy().removed == ("Box/demo",)
    assert sindri.stop().state is State.NOT_DEPLOYED


def test_an_observer_cannot_break_the_run(tmp_path: Path) -> None:
    """What a callback raises is dropped."""

    def broken(event: Event) -> None:
        raise ZeroDivisionError(event)

    assert core(tmp_path, Shelf(), on_event=broken).deploy().status.state is State.RUNNING
