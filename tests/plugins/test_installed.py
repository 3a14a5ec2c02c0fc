"""Installed distributions of other people: found, listed and used; the broken ones named, and nobody's problem."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scratch import Environment

pytestmark = pytest.mark.installed

DIGEST = "sha256:" + "d" * 64
ON_KUBERNETES = {"name": "demo", "deployment": {"provider": "kubernetes"}}
BROKEN = {
    "raising": ("acme-raising", "broken", "RuntimeError: no licence found"),
    "exiting": ("acme-exiting", "broken", "SystemExit"),
    "lacking": ("acme-lacking", "broken", "acme_runtime is missing"),
    "misspelt": ("acme-misspelt", "broken", "sindri_detect_clutser is no hook"),
    "future": ("acme-future", "incompatible", "made for plugin API 9.0, this is 1.0"),
}


def in_folder(**deployment: Any) -> dict[str, Any]:
    """A configuration of the folder provider."""
    trust = deployment.pop("trust", None)
    document: dict[str, Any] = {"name": "demo", "deployment": {"provider": "folder", **deployment}}
    return document | ({"trust": trust} if trust else {})


def listed(environment: Environment, *arguments: str, **environ: str) -> list[dict[str, str]]:
    """What ``plugins list`` says."""
    done = environment.sindri("plugins", "list", "-o", "json", *arguments, **environ)
    assert done.code == 0, done.err
    rows: list[dict[str, str]] = json.loads(done.out)
    return rows


def test_an_installed_plugin_is_listed_with_its_distribution(crowd: Environment) -> None:
    """A distribution that nobody registered anywhere appears with its name and version."""
    row = next(row for row in listed(crowd) if row["id"] == "labels")
    assert (row["distribution"], row["version"], row["api"], row["state"]) == ("acme-labels", "0.3.1", "1.0", "loaded")


@pytest.mark.parametrize("plugin", BROKEN)
def test_a_broken_plugin_is_listed_with_its_distribution_and_reason(crowd: Environment, plugin: str) -> None:
    """Each way to be broken is told apart, and names the plugin, its distribution and what is wrong."""
    distribution, state, reason = BROKEN[plugin]
    row = next(row for row in listed(crowd) if row["id"] == plugin)
    assert (row["distribution"], row["state"]) == (distribution, state)
    assert reason in row["reason"]


def test_two_distributions_with_one_id_are_both_named_and_neither_loaded(crowd: Environment) -> None:
    """Which of two would win is nobody's guess: both are left out, and each is listed with both names."""
    rows = [row for row in listed(crowd) if row["id"] == "twin"]
    assert {row["distribution"] for row in rows} == {"acme-twin", "zeta-twin"}
    assert {row["state"] for row in rows} == {"duplicate"}
    assert all("acme-twin and zeta-twin" in row["reason"] for row in rows)


def test_broken_plugins_do_not_stop_commands_that_do_not_need_them(crowd: Environment) -> None:
    """Help, version, the list, checking a file and rendering for Kubernetes work beside seven broken plugins."""
    crowd.configure(ON_KUBERNETES)
    for command in (["--help"], ["--version"], ["plugins", "list"], ["config", "validate"], ["render", "-o", "json"]):
        done = crowd.sindri(*command)
        assert done.code == 0, (command, done.err)
        assert "Traceback" not in done.err


def test_the_remembered_list_is_the_loaded_list(crowd: Environment) -> None:
    """The text that is remembered from the last load is that of a new load."""
    first = crowd.sindri("plugins", "list")
    assert crowd.sindri("plugins", "list").out == first.out
    assert crowd.sindri("plugins", "list", "--check").out == first.out
    assert crowd.sindri("plugins", "list", SINDRI_NO_CACHE="1").out == first.out


@pytest.mark.parametrize("plugin", BROKEN)
def test_needing_a_broken_plugin_ends_with_exit_3_and_the_way_out(crowd: Environment, plugin: str) -> None:
    """Who chooses a broken plugin as provider is told what is wrong and what to type; no traceback."""
    crowd.configure({"name": "demo", "deployment": {"provider": plugin}})
    done = crowd.sindri("plan", "--offline")
    assert done.code == 3
    assert BROKEN[plugin][2] in done.err
    assert f"--no-plugin {plugin}" in done.err
    assert "Traceback" not in done.err


def test_the_three_failures_have_three_codes(crowd: Environment) -> None:
    """Not installed, not importable and made for another API are different errors."""
    codes = []
    for provider in ("nowhere", "raising", "future"):
        crowd.configure({"name": "demo", "deployment": {"provider": provider}})
        codes += re.findall(r"error\[(SND-PLG-\d+)\]", crowd.sindri("plan", "--offline").err)
    assert codes == ["SND-PLG-001", "SND-PLG-002", "SND-PLG-003"]


def test_the_doctor_shows_the_traceback_of_one_plugin(crowd: Environment) -> None:
    """Where the list gives one line, the doctor gives the whole story, and fails."""
    done = crowd.sindri("plugins", "doctor", "raising")
    assert done.code == 3
    assert "RuntimeError: no licence found" in done.out
    assert "acme_raising.py" in done.out


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--no-plugin", "labels"], {}), ([], {"SINDRI_DISABLE_PLUGINS": "kind, labels"}), (["--no-plugins"], {})],
)
def test_a_plugin_can_be_left_out(crowd: Environment, arguments: list[str], environ: dict[str, str]) -> None:
    """By option and by environment variable, a plugin is listed as disabled and not loaded."""
    row = next(row for row in listed(crowd, *arguments, **environ) if row["id"] == "labels")
    assert row["state"] == "disabled"


def test_plugins_of_other_people_work_together(crowd: Environment) -> None:
    """One distribution provides, another adjusts, and the plan says who changed what."""
    crowd.configure(in_folder(image=f"registry.example/app@{DIGEST}"))
    planned = crowd.sindri("plan", "-o", "json")
    assert planned.code == 0, planned.err
    assert not (crowd.work / "environments").exists()
    assert crowd.sindri("deploy").code == 0
    written = json.loads((crowd.work / "environments/demo/Environment.json").read_text())
    assert written["team"] == "blue"
    assert written["image"] == f"registry.example/app@{DIGEST}"


def test_a_verifier_of_other_people_can_accept_a_required_signature(crowd: Environment) -> None:
    """The verifier that the trust settings name accepts, and so the image is deployed."""
    image = {"registry": "registry.example/app", "digest": DIGEST, "verify_signature": True}
    crowd.configure(in_folder(image_config=image, trust={"verifiers": ["vouch"]}))
    done = crowd.sindri("deploy")
    assert done.code == 0, done.err
    assert (crowd.work / "environments/demo/Environment.json").exists()


@pytest.mark.parametrize("verifiers", [["nobody"], ["labels"], ["raising"], []])
def test_a_required_signature_without_a_verifier_ends_with_exit_4(crowd: Environment, verifiers: list[str]) -> None:
    """A verifier that is installed but not trusted, broken or silent accepts nothing, and nothing is written."""
    image = {"registry": "registry.example/app", "digest": DIGEST, "verify_signature": True}
    crowd.configure(in_folder(image_config=image, trust={"verifiers": verifiers}))
    done = crowd.sindri("deploy")
    assert done.code == 4, done.err
    assert "error[SND-IMG-003]" in done.err
    assert not (crowd.work / "environments").exists()
