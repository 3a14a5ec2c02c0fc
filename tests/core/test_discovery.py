"""Plugins are found without importing them, and the kept answer is never an old one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sindri_core.discovery import PluginRef, Verdict, cached_verdicts, commands, find, plugins, remember

VERDICT = Verdict("acme", "1.0", "sindri-acme", "1.0", "provider", "loaded", "")

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put the metadata of a distribution into a folder of the path; nothing of it can be imported."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def add(name: str, entries: str, *, version: str = "1.0", folder: Path = site) -> None:
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entries)

    return add


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a cache folder of its own."""
    return {"SINDRI_CACHE_DIR": str(tmp_path / "cache")}


def ids(environ: dict[str, str]) -> set[str]:
    """The ids of what is found."""
    return {ref.id for ref in plugins(find(environ))}


def test_plugins_and_commands_are_found_and_not_imported(install: Install, environ: dict[str, str]) -> None:
    """Both groups are read, with the distribution and its version; the module need not even exist."""
    install(
        "sindri-acme", "[sindri.plugins]\nacme = no_such_module:plugin\n[sindri.commands]\nshine = no_such:command\n"
    )
    refs = find(environ)
    assert PluginRef("acme", "no_such_module:plugin", "sindri-acme", "1.0") in plugins(refs)
    assert ("shine", "no_such:command") in {(ref.id, ref.value) for ref in commands(refs)}


def test_our_own_plugins_are_found_by_entry_points(environ: dict[str, str]) -> None:
    """Nothing is built in: the four plugins of the repository are found as everybody else's."""
    assert {"kubernetes", "kind", "k3d", "image-verify"} <= ids(environ)


def test_the_answer_is_kept_and_noticed_to_be_old(install: Install, environ: dict[str, str]) -> None:
    """A distribution that is installed after the answer was kept is found at once."""
    install("sindri-one", "[sindri.plugins]\none = one:plugin\n")
    assert "two" not in ids(environ)
    install("sindri-two", "[sindri.plugins]\ntwo = two:plugin\n")
    assert {"one", "two"} <= ids(environ)


def test_the_warm_answer_needs_no_metadata(environ: dict[str, str]) -> None:
    """The second process finds the same without importing importlib.metadata."""
    probe = "import os, sys; from sindri_core.discovery import find; print(find(os.environ)); "
    probe += "print('importlib.metadata' in sys.modules)"
    command = [sys.executable, "-I", "-c", probe]

    def lines() -> list[str]:
        given = {**os.environ, **environ}
        return subprocess.run(command, env=given, capture_output=True, text=True, check=True).stdout.splitlines()

    (cold, _), (warm, imported) = lines(), lines()
    assert warm == cold
    assert imported == "False"


def test_no_cache_means_no_file(tmp_path: Path, environ: dict[str, str]) -> None:
    """With SINDRI_NO_CACHE nothing is kept, and nothing that was kept is used."""
    find(environ | {"SINDRI_NO_CACHE": "1"})
    assert not (tmp_path / "cache").exists()
    find(environ)
    remember(environ, [VERDICT])
    assert cached_verdicts(environ | {"SINDRI_NO_CACHE": "1"}) is None


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    """Where the cache folder cannot be made, the plugins are found all the same."""
    (tmp_path / "file").write_text("")
    assert "kind" in ids({"SINDRI_CACHE_DIR": str(tmp_path / "file" / "cache")})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "rows", "x"]), inner),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(rows=json_values, whole=st.none() | st.text() | st.binary())
def test_a_damaged_cache_is_read_anew(rows: object, whole: str | bytes | None, tmp_path: Path) -> None:
    """Whatever stands in the file, also under the right key, the answer is that of a fresh scan."""
    environ = {"SINDRI_CACHE_DIR": str(tmp_path / "cache")}
    fresh = find(environ)
    (file,) = (tmp_path / "cache").iterdir()
    content = json.loads(file.read_text())
    content["found"]["rows"] = [rows]
    if whole is None:
        file.write_text(json.dumps(content))
    else:
        file.write_bytes(whole.encode("utf-8", "surrogatepass") if isinstance(whole, str) else whole)
    assert find(environ) == fresh


@pytest.mark.parametrize("kind", ["nested", "folder", "fifo", "endless"])
def test_a_strange_cache_file_neither_breaks_nor_hangs(kind: str, tmp_path: Path) -> None:
    """Endless nesting, a folder, a pipe without a writer and a device are all as good as nothing."""
    environ = {"SINDRI_CACHE_DIR": str(tmp_path / "cache")}
    fresh = find(environ)
    (file,) = (tmp_path / "cache").iterdir()
    file.unlink()
    if kind == "nested":
        file.write_text("[" * 100_000)
    elif kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    assert find(environ) == fresh


def test_verdicts_are_remembered_for_exactly_these_plugins(install: Install, environ: dict[str, str]) -> None:
    """What a load said counts until anything is installed or left out."""
    find(environ)
    assert cached_verdicts(environ) is None
    remember(environ, [VERDICT])
    assert cached_verdicts(environ) == (VERDICT,)
    assert cached_verdicts(environ | {"SINDRI_DISABLE_PLUGINS": "acme"}) is None
    install("sindri-new", "[sindri.plugins]\nnew = new:plugin\n")
    assert cached_verdicts(environ) is None


def test_the_first_of_two_folders_hides_the_second(
    install: Install, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same distribution in two folders of the path counts once, however its name is spelt."""
    install("sindri-acme", "[sindri.plugins]\nacme = later:plugin\n")
    install("Sindri_Acme", "[sindri.plugins]\nacme = earlier:plugin\n", version="2.0", folder=tmp_path / "first")
    monkeypatch.syspath_prepend(str(tmp_path / "first"))
    assert [ref.value for ref in plugins(find(environ)) if ref.id == "acme"] == ["earlier:plugin"]


def test_a_leftover_folder_without_metadata_is_passed_over(
    install: Install, environ: dict[str, str], tmp_path: Path
) -> None:
    """What a broken uninstall leaves behind hides nothing and breaks nothing."""
    (tmp_path / "site" / "gone-1.0.dist-info").mkdir()
    install("sindri-acme", "[sindri.plugins]\nacme = acme:plugin\n")
    assert "acme" in ids(environ)
