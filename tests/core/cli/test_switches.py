"""What changes how a command runs: plugins left out, wrong words, colour, and the commands that need no cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from conftest import Sindri


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_list_of_plugins_as_data(sindri: Sindri, form: str) -> None:
    """Both forms list the four plugins of the repository with their state."""
    listed = yaml.safe_load(sindri("plugins", "list", "-o", form).out)
    assert {one["id"]: one["state"] for one in listed} == dict.fromkeys(
        ["image-verify", "k3d", "kind", "kubernetes"], "loaded"
    )


def test_a_plugin_left_out_by_option_and_by_environment(sindri: Sindri, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three ways leave the provider out: exit code 3, and the way back is named."""
    for words in (["--no-plugin", "kubernetes"], ["--no-plugins"]):
        said = sindri("plan", "--offline", *words)
        assert (said.code, said.out) == (3, "")
        assert "kubernetes" in said.err
    monkeypatch.setenv("SINDRI_DISABLE_PLUGINS", "kubernetes, kind")
    assert sindri("plan", "--offline").code == 3
    listed = json.loads(sindri("plugins", "list", "-o", "json").out)
    assert {one["id"] for one in listed if one["state"] == "disabled"} == {"kubernetes", "kind"}


def test_a_plugin_that_is_not_there_need_not_be_left_out(sindri: Sindri) -> None:
    """A misspelt id is said, because what was meant still takes part; the command works."""
    said = sindri("plan", "--offline", "--no-plugin", "kindd")
    assert said.code == 0
    assert "! there is no plugin kindd to leave out" in said.err
    assert "to leave out" not in sindri("plan", "--offline", "--no-plugin", "kind").err


def test_doctor_says_what_a_plugin_does(sindri: Sindri) -> None:
    """The hooks of a loaded plugin are named; one that is not there is exit code 3."""
    said = sindri("plugins", "doctor", "kubernetes")
    assert said.code == 0
    assert "sindri_open_target" in said.out
    missing = sindri("plugins", "doctor", "nobody")
    assert (missing.code, missing.out) == (3, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["plann"], "did you mean plan?"),
        (["plan", "--offlin"], "--offline"),
        (["plan", "--output", "xml"], "xml"),
        (["plan", "--timeout", "never"], "never"),
        (["deploy", "surplus"], "surplus"),
        (["plugins", "lst"], "lst"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(sindri: Sindri, words: list[str], expected: str) -> None:
    """A misspelt command, option or value is exit code 2, and what was meant is named."""
    said = sindri(*words)
    assert (said.code, said.out) == (2, "")
    assert expected in said.err
    assert said.err.startswith("error[SND-USE-004]")


def test_a_wrong_word_as_data(sindri: Sindri) -> None:
    """Also a mistake on the command line is one line of JSON when JSON was asked for."""
    said = sindri("plan", "--offlin", "-o", "json")
    assert json.loads(said.err)["error"]["code"] == "SND-USE-004"


def test_without_a_configuration_the_next_step_is_named(sindri: Sindri, project: Path) -> None:
    """Exit code 2 and the command that writes a file; the list of environments needs none."""
    (project / "sindri.yaml").unlink()
    said = sindri("plan")
    assert (said.code, said.out) == (2, "")
    assert "sindri config init" in said.err
    assert sindri("config", "init").code == 0
    assert sindri("config", "validate").code == 0
    assert sindri("plan", "--offline").code == 0


def test_init_replaces_nothing(sindri: Sindri, project: Path) -> None:
    """A file that is there stays as it is, unless --force is given."""
    before = (project / "sindri.yaml").read_bytes()
    said = sindri("config", "init")
    assert (said.code, (project / "sindri.yaml").read_bytes()) == (2, before)
    assert "--force" in said.err
    assert sindri("config", "init", "--force").code == 0


def test_the_schema_and_the_meaning_of_the_file(sindri: Sindri) -> None:
    """Config schema prints a JSON schema, config show the values with their defaults."""
    assert "properties" in json.loads(sindri("config", "schema").out)
    shown = json.loads(sindri("config", "show", "-o", "json").out)
    assert shown["name"] == "dev"
    assert yaml.safe_load(sindri("config", "show").out) == shown


def test_no_command_shows_the_help(sindri: Sindri) -> None:
    """Sindri alone lists the commands, those of plugins too."""
    said = sindri()
    assert (said.code, said.err) == (0, "")
    assert "\n  plan " in said.out
    assert "from sindri-kubernetes" in said.out
    assert "validate" in sindri("config").out


def test_the_offline_plan_uses_no_cluster(sindri: Sindri) -> None:
    """Without any kubeconfig the plan lists the objects as not compared, and cannot be kept for deploy."""
    said = sindri("plan", "--offline")
    assert said.code == 0
    assert "not compared" in said.out
    sindri("plan", "--offline", "--out", "p.json")
    refused = sindri("deploy", "--plan", "p.json")
    assert refused.code != 0
    assert refused.err.startswith("error[SND-")


@pytest.mark.parametrize("namespace", ["Bad_NS", "../../x", "-a", "a" * 64, "ä"])
def test_what_can_be_no_namespace_is_refused(sindri: Sindri, namespace: str) -> None:
    """Exit code 2 before anything is asked of a server, also offline."""
    said = sindri("plan", "--offline", "--namespace", namespace)
    assert (said.code, said.out) == (2, "")
    assert "can be no namespace" in said.err


def test_not_a_number_is_no_timeout(sindri: Sindri) -> None:
    """Nan is refused as any other word."""
    assert sindri("plan", "--timeout", "nan").code == 2


def test_a_section_that_nothing_uses_is_a_warning(sindri: Sindri, project: Path) -> None:
    """providers.k8s is accepted, and everybody learns that no cluster comes of it."""
    with (project / "sindri.yaml").open("a", encoding="utf-8") as file:
        file.write("  k8s: {provider: kind, nodes: 3}\n")
    for words in (["plan", "--offline"], ["config", "validate"]):
        said = sindri(*words)
        assert said.code == 0
        assert "SND-K8S-120" in said.out + said.err


@pytest.mark.parametrize(
    ("written", "code", "meant"), [("kubernets", 2, "did you mean kubernetes?"), ("zzz", 3, "plugins list")]
)
def test_a_provider_that_is_not_there_is_no_advice_to_install(
    sindri: Sindri, project: Path, written: str, code: int, meant: str
) -> None:
    """A name from the file is never part of a command that installs something."""
    (project / "sindri.yaml").write_text(f"deployment: {{provider: {written}, image: x}}\n", encoding="utf-8")
    said = sindri("plan", "--offline")
    assert (said.code, said.out) == (code, "")
    assert meant in said.err
    assert "pip install" not in said.err


def test_the_switch_for_all_plugins_can_be_off(sindri: Sindri, monkeypatch: pytest.MonkeyPatch) -> None:
    """SINDRI_NO_PLUGINS=0 leaves nothing out; 1 leaves out the commands of plugins too."""
    monkeypatch.setenv("SINDRI_NO_PLUGINS", "0")
    assert sindri("plan", "--offline").code == 0
    monkeypatch.setenv("SINDRI_NO_PLUGINS", "1")
    assert sindri("plan", "--offline").code == 3
    assert "demo" not in sindri("--help").out
    assert sindri("demo").code == 2
