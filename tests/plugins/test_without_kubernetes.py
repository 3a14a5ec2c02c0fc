"""The core knows no Kubernetes: with only a third party's provider installed, an environment has its whole life."""

from __future__ import annotations

import json

import pytest
from scratch import ROOT, Environment

pytestmark = pytest.mark.installed

DEMO = {"name": "demo", "deployment": {"provider": "folder", "image": "sindri@sha256:" + "5" * 64}}


def test_the_whole_life_of_an_environment_in_a_folder(alone: Environment) -> None:
    """Plan writes nothing; deploy, status, stop, start and destroy do what they say; the home is kept and taken up."""
    assert alone.run("python", "-c", "import sindri_kubernetes").code != 0
    alone.configure(DEMO)
    folder = alone.work / "environments/demo"

    assert alone.sindri("plan", "--detailed-exitcode").code == 6
    assert not folder.exists()
    assert alone.sindri("deploy").code == 0
    assert alone.sindri("plan", "--detailed-exitcode").code == 0
    assert json.loads(alone.sindri("status", "-o", "json").out)["state"] == "running"
    (folder / "home/notes").write_text("mine")
    assert alone.sindri("stop").code == 0
    assert json.loads(alone.sindri("status", "-o", "json").out)["state"] == "stopped"
    assert alone.sindri("start").code == 0

    assert alone.sindri("destroy", "--yes").code == 0
    assert json.loads(alone.sindri("status", "-o", "json").out)["state"] == "not deployed"
    assert (folder / "home/notes").read_text() == "mine"
    assert alone.sindri("deploy").code == 0
    assert (folder / "home/notes").read_text() == "mine"
    assert alone.sindri("destroy", "--yes", "--delete-data").code == 0
    assert not folder.exists()


def test_a_plan_file_of_another_world_is_refused(alone: Environment) -> None:
    """The plan that was written is deployed as long as the folder is as it was, and not after."""
    alone.configure(DEMO)
    assert alone.sindri("plan", "--out", "plan.json").code == 0
    assert alone.sindri("deploy", "--plan", "plan.json").code == 0
    stale = alone.sindri("deploy", "--plan", "plan.json")
    assert stale.code == 5
    assert "error[SND-PLN-002]" in stale.err


def test_the_kubernetes_provider_is_missing_and_named(alone: Environment) -> None:
    """Who asks for Kubernetes is told what to install."""
    alone.configure({"name": "demo"})
    done = alone.sindri("plan")
    assert done.code == 3
    assert "pip install sindri-kubernetes" in done.err


def test_somebody_else_s_file_is_refused_and_can_be_adopted(alone: Environment) -> None:
    """A file of the same name that sindri did not write survives until it is handed over."""
    alone.configure(DEMO)
    theirs = alone.work / "environments/demo/Environment.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("their notes")
    refused = alone.sindri("deploy")
    assert refused.code == 5
    assert "--adopt Environment/demo" in refused.err
    assert theirs.read_text() == "their notes"
    assert alone.sindri("deploy", "--adopt", "Environment/demo").code == 0


def test_the_provider_passes_the_suite_in_its_author_s_environment(alone: Environment) -> None:
    """The contract suite runs from the installed wheel, found by pytest itself, and the provider passes."""
    tests = ROOT / "examples/folder-provider/tests"
    done = alone.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tests))
    assert done.code == 0, done.out
    assert " passed" in done.out
