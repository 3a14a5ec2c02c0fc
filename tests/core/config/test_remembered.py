"""A configuration that was validated before is used again by what only looks, and by nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sindri_folder
from sindri_core import Core, HookSpecs, hookimpl
from sindri_core.errors import ImageRefused
from sindri_core.types import PluginInfo, Verification

if TYPE_CHECKING:
    from sindri_core.context import Context
    from sindri_core.requests import VerifyRequest

FILE = """\
deployment:
  provider: folder
  image: ghcr.io/acme/dev:1
  resources: {memory: 4GB, cpus: 0.5, gpu: {enabled: true, memory: 8GB}}
extensions: {profile: minimal, additional: [docker]}
providers: {folder: {path: /tmp/away}}
"""
PROBE = """
import sys
from pathlib import Path
from sindri_core import Core
import os, sindri_folder
core = Core(Path(sys.argv[1]), plugins=[sindri_folder.FolderPlugin()], environ=dict(os.environ))
core.plan(offline=True)
print("pydantic" in sys.modules)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sindri.yaml in a folder of its own."""
    path = tmp_path / "project" / "sindri.yaml"
    path.parent.mkdir()
    path.write_text(FILE, encoding="utf-8")
    return path


def core(file: Path, **changed: Any) -> Core:
    """A ``Core`` whose cache is beside the project."""
    environ = {"SINDRI_CACHE_DIR": str(file.parent.parent / "cache")}
    return Core(file, plugins=[sindri_folder.FolderPlugin()], environ=environ, **changed)


def spoil(file: Path, change: Any) -> None:
    """Change what was accepted as somebody would who knows how it is kept."""
    (cache,) = (file.parent.parent / "cache").glob("configurations-*.json")
    content = json.loads(cache.read_text("utf-8"))
    kept = content[str(file.resolve())]
    validated = json.loads(kept["validated"])
    change(validated)
    kept["validated"] = json.dumps(validated)
    kept["check"] = crc32(kept["validated"].encode())
    cache.write_text(json.dumps(content), encoding="utf-8")


def looked_at(file: Path, **changed: Any) -> Any:
    """The configuration with which a command that only looks runs."""
    looking = core(file, **changed)
    looking.plan(offline=True)
    return looking._looked_at


def test_what_is_remembered_is_what_was_validated(file: Path) -> None:
    """Every value survives the way into the cache and back, the file and the digest too."""
    assert looked_at(file) == core(file).config
    assert looked_at(file) == core(file).config


def test_the_second_look_needs_no_models(file: Path) -> None:
    """A fresh process that only looks does not import pydantic."""
    environ = {**os.environ, "SINDRI_CACHE_DIR": str(file.parent.parent / "cache")}
    environ["PYTHONPATH"] = str(Path(sindri_folder.__file__).parents[1])
    command = [sys.executable, "-c", PROBE, str(file)]
    said = [subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout for _ in "12"]
    assert said == ["True\n", "False\n"]


def test_another_content_is_validated_anew(file: Path) -> None:
    """A changed value counts at once."""
    looked_at(file)
    file.write_text(FILE.replace("4GB", "6GB"), encoding="utf-8")
    assert str(looked_at(file).resources.memory) == "6Gi"


def test_another_folder_gives_another_name(file: Path) -> None:
    """The name made of the folder's is not remembered beyond it."""
    assert looked_at(file).name == "project"
    moved = file.parent.rename(file.parent.with_name("moved"))
    assert looked_at(moved / "sindri.yaml").name == "moved"


def test_the_name_asked_for_counts(file: Path) -> None:
    """--name comes before what is remembered."""
    assert [looked_at(file, name=name).name for name in ("one", "two", "")] == ["one", "two", "project"]


def test_what_writes_reads_the_file_anew(file: Path) -> None:
    """A cache that says that nothing is required changes nothing for a deployment."""
    text = FILE.replace(
        "  image: ghcr.io/acme/dev:1\n",
        f"  image_config: {{registry: ghcr.io/acme/dev, digest: 'sha256:{'a' * 64}', verify_signature: true}}\n",
    )
    file.write_text(text, encoding="utf-8")
    core(file).validate()

    def harmless(validated: dict[str, Any]) -> None:
        validated["effective"]["deployment"]["image_config"]["verify_signature"] = False

    spoil(file, harmless)
    both = core(file)
    both.plan(offline=True)
    with pytest.raises(ImageRefused):
        both.deploy()


def test_whose_word_counts_is_read_anew(file: Path) -> None:
    """A cache that names another key changes nothing for whoever asks whether an image is to be trusted."""
    image = (
        f"{{registry: ghcr.io/acme/dev, digest: 'sha256:{'a' * 64}', verify_signature: true, public_keys: [own.pub]}}"
    )
    file.write_text(FILE.replace("image: ghcr.io/acme/dev:1", f"image_config: {image}"), encoding="utf-8")
    core(file).validate()

    def theirs(validated: dict[str, Any]) -> None:
        validated["effective"]["deployment"]["image_config"]["public_keys"] = ["/tmp/theirs.pub"]

    spoil(file, theirs)
    asked: list[tuple[str, ...]] = []

    class Verifier(HookSpecs):
        @hookimpl
        def sindri_plugin_info(self) -> PluginInfo:
            return PluginInfo(id="image-verify", version="1.0", summary="notes whose word counts")

        @hookimpl
        def sindri_verify_image(self, ctx: Context, request: VerifyRequest) -> Sequence[Verification]:
            asked.append(request.policy.public_keys)
            return ()

    environ = {"SINDRI_CACHE_DIR": str(file.parent.parent / "cache")}
    both = Core(file, plugins=[sindri_folder.FolderPlugin(), Verifier()], environ=environ)
    with pytest.raises(ImageRefused):
        both.verify_images()
    assert asked == [(str(file.parent / "own.pub"),)]


def test_a_warning_is_said_every_time(file: Path) -> None:
    """A configuration with a warning is not remembered, because the warning would be lost."""
    digest = f"{{registry: ghcr.io/acme/dev, digest: 'sha256:sha256:{'a' * 64}'}}"
    file.write_text(FILE.replace("image: ghcr.io/acme/dev:1", f"image_config: {digest}"), encoding="utf-8")
    assert [len(looked_at(file).warnings) for _ in "12"] == [1, 1]


def test_no_cache_means_no_cache(file: Path) -> None:
    """SINDRI_NO_CACHE keeps everything from being written."""
    environ = {"SINDRI_CACHE_DIR": str(file.parent.parent / "cache"), "SINDRI_NO_CACHE": "1"}
    Core(file, plugins=[sindri_folder.FolderPlugin()], environ=environ).plan(offline=True)
    assert not (file.parent.parent / "cache").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    part=st.sampled_from(["key", "validated", "check"]),
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3),
)
def test_a_damaged_cache_breaks_nothing(part: str, value: object, file: Path) -> None:
    """Whatever stands in the cache, the configuration is that of the file."""
    wanted = core(file).validate()
    (cache,) = (file.parent.parent / "cache").glob("configurations-*.json")
    content = json.loads(cache.read_text("utf-8"))
    content[str(file.resolve())][part] = value
    cache.write_text(json.dumps(content), encoding="utf-8")
    assert looked_at(file) == wanted
