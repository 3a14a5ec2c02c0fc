"""``config init`` and ``config show`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindri_core.cli.app import run
from sindri_core.config.document import read_document
from sindri_core.config.initial import initial_document
from sindri_core.config.naming import NAME
from sindri_core.config.reader import parse


@pytest.mark.parametrize("folder", ["My Project", "08", "true", "kube-thing", "openshift", "x" * 80, "日本"])
def test_what_init_writes_is_valid_wherever_it_is_written(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Named after the folder, valid also for the Kubernetes plugin, and never written over a file that is there."""
    (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / folder)
    assert run(["config", "init"]) == 0
    assert run(["config", "validate"]) == 0
    Path("sindri.yaml").write_text("# mine\nname: mine\n")
    assert run(["config", "init"]) == 2
    assert "--force" in capfd.readouterr().err
    assert Path("sindri.yaml").read_text() == "# mine\nname: mine\n"
    assert run(["config", "init", "--force"]) == 0
    assert run(["config", "validate"]) == 0


@pytest.mark.parametrize("option", [["--name", "Bad Name"], ["--provider", "No: way"], ["--image", "a b"]])
def test_init_writes_nothing_that_would_not_load(
    option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong option ends with exit code 2 and no file."""
    monkeypatch.chdir(tmp_path)
    assert run(["config", "init", *option]) == 2
    assert not Path("sindri.yaml").exists()


@given(st.from_regex(NAME, fullmatch=True).filter(lambda name: len(name) <= 54))
def test_the_first_file_keeps_every_name(name: str) -> None:
    """Also names that a reader of YAML could take for something else."""
    text = initial_document(name, "kubernetes", "ghcr.io/acme/app:1")
    data, _ = parse(text.encode(), Path("sindri.yaml"))
    assert data["name"] == name
    assert isinstance(data["providers"]["kubernetes"]["namespace"], str)


def test_show_marks_what_is_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the order of the file; what it prints loads again, as text and as YAML."""
    monkeypatch.chdir(tmp_path)
    Path("sindri.yaml").write_text("name: demo\ndeployment:\n  resources:\n    memory: 4GB\n")
    assert run(["config", "show"]) == 0
    text = capfd.readouterr().out
    assert 'name: "demo"\n' in text
    assert '    memory: "4Gi"\n    cpus: "1"  # default\n' in text
    assert 'version: "1.0"  # default\n' in text
    assert run(["config", "show", "-o", "yaml"]) == 0
    plain = capfd.readouterr().out
    for number, shown in enumerate((text, plain)):
        Path(f"{number}.yaml").write_text(shown)
        keys = list(read_document(Path(f"{number}.yaml")).data)
        assert keys[:5] == ["version", "name", "deployment", "extensions", "providers"]
        assert run(["config", "validate", "-c", f"{number}.yaml"]) == 0
