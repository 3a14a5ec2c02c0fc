"""What the settings name, and which image that is: in the file, in the local engine, for the nodes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sindri_core.config.validation import default_config
from sindri_core.context import Context, Deadline
from sindri_core.errors import ImageNotFound
from sindri_core.requests import ResolveRequest
from sindri_core.resolving import DEFAULT_IMAGE, engine, platforms, resolve
from sindri_core.resolving.named import named
from sindri_core.settings import ImageSettings
from sindri_core.types import ClusterCandidate, Origin, ResolvedImage

DIGEST = "sha256:" + "d" * 64
LOCAL = ClusterCandidate(kind="kind", name="dev", rank=100, local=True)
FOUND = [{"Id": DIGEST, "Os": "linux", "Architecture": "amd64", "RepoTags": ["sindri:latest"]}]


def context(folder: Path, **environ: str) -> Context:
    """A run with just these programs."""
    base = Context(config=default_config((), name="x"))
    return replace(base, environ={"PATH": str(folder), "HOME": str(folder), **environ}, deadline=Deadline(30))


def program(folder: Path, name: str, script: str) -> None:
    """Make a program that is found on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def answering(folder: Path, answer: object = FOUND, name: str = "docker") -> None:
    """An engine that has the image."""
    program(folder, name, f"printf '%s' '{json.dumps(answer)}'")


@pytest.mark.parametrize(
    ("settings", "tag", "digest", "why"),
    [
        ({"reference": "app"}, "latest", "", "no tag"),
        ({"reference": "app:1"}, "1", "", "the tag in the file"),
        ({"reference": f"app:1@{DIGEST}"}, "", DIGEST, "its tag 1 is not looked at"),
        ({"registry": "ghcr.io/a/b", "digest": DIGEST, "tag_override": "x"}, "", DIGEST, "the digest in the file"),
        ({"registry": "ghcr.io/a/b", "tag_override": "x", "version": "^1"}, "x", "", "the tag in the file"),
        ({"registry": "ghcr.io/a/b", "version": "1.0", "strategy": "explicit"}, "1.0", "", "as a tag"),
        ({"registry": "ghcr.io/a/b", "version": "^1"}, "", "", ""),
        ({}, "latest", "", "no image is configured"),
    ],
    ids=str,
)
def test_the_most_exact_way_counts(settings: dict[str, Any], tag: str, digest: str, why: str) -> None:
    """Digest before tag before version, and the reason is told."""
    found = named(ImageSettings(**settings), default=DEFAULT_IMAGE)
    assert (found.tag, found.digest) == (tag, digest)
    assert why in found.why


def test_an_image_of_the_engine_has_its_content_in_its_name(tmp_path: Path) -> None:
    """The content id is part of the tag, nobody pulls it, and another build is another name."""
    answering(tmp_path)
    request = ResolveRequest(image=ImageSettings(reference="sindri:dev"), cluster=LOCAL)
    image, issues = resolve(context(tmp_path), request)
    assert image.deployed == "sindri:dev-dddddddddddd"
    assert (image.origin, image.digest, image.pull_policy) == (Origin.ENGINE, DIGEST, "Never")
    assert issues == []
    answering(tmp_path, [{**FOUND[0], "Id": "sha256:" + "e" * 64}])
    assert resolve(context(tmp_path), request)[0].deployed == "sindri:dev-eeeeeeeeeeee"


def test_a_long_tag_stays_a_tag(tmp_path: Path) -> None:
    """The longest tag there is still has room for the content id."""
    answering(tmp_path)
    request = ResolveRequest(image=ImageSettings(reference="sindri:" + "t" * 128), cluster=LOCAL)
    assert len(resolve(context(tmp_path), request)[0].deployed.partition(":")[2]) == 128


def test_podman_serves_where_docker_does_not(tmp_path: Path) -> None:
    """An id without the name of its algorithm, as podman writes it, is understood."""
    program(tmp_path, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    answering(tmp_path, [{**FOUND[0], "Id": "d" * 64}], "podman")
    found = engine.look_up(context(tmp_path), "sindri:latest")
    assert found is not None
    assert found.id == DIGEST


@pytest.mark.parametrize(
    "said", ["Error: No such image: x", "Error response from daemon: no such image", "x: image not known"]
)
def test_an_image_that_the_engine_has_not(tmp_path: Path, said: str) -> None:
    """Not there is no error of the engine, and the default image says how to build it."""
    program(tmp_path, "docker", f"echo '{said}' >&2; exit 1")
    assert engine.look_up(context(tmp_path), "sindri:latest") is None
    with pytest.raises(ImageNotFound) as caught:
        resolve(context(tmp_path), ResolveRequest(image=ImageSettings(), cluster=LOCAL))
    assert caught.value.code == "SND-IMG-015"
    assert "docker build -t sindri:latest ." in caught.value.hint


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock' >&2; exit 1", "Cannot connect"),
        ("echo nonsense", "not understood"),
        ("echo '[]'", "not understood"),
        ("""echo '[{"Id":"x","Os":"linux","Architecture":"amd64"}]'""", "not understood"),
        ("exit 7", "ended with 7"),
    ],
)
def test_an_engine_that_does_not_answer_is_named(tmp_path: Path, script: str, said: str) -> None:
    """What the engine said, and how to look at it."""
    program(tmp_path, "docker", script)
    with pytest.raises(ImageNotFound, match=said) as caught:
        engine.look_up(context(tmp_path), "sindri:latest")
    assert caught.value.code == "SND-IMG-015"
    assert "docker info" in caught.value.hint


def test_no_engine_at_all(tmp_path: Path) -> None:
    """Without any engine there is no image in it."""
    assert engine.look_up(context(tmp_path), "sindri:latest") is None


@pytest.mark.parametrize(
    ("image", "nodes", "outcome"),
    [
        (("linux/amd64",), ("linux/amd64",), "fine"),
        (("linux/arm64/v8",), ("linux/arm64",), "fine"),
        ((), ("linux/amd64",), "fine"),
        (("linux/arm64",), (), "fine"),
        (("linux/amd64",), ("linux/amd64", "linux/arm64"), "warning"),
        (("linux/s390x", "windows/amd64"), ("linux/amd64",), "error"),
    ],
)
def test_platforms_are_compared(image: tuple[str, ...], nodes: tuple[str, ...], outcome: str) -> None:
    """No node is an error, some are a warning, and what is not known is no mismatch."""
    resolved = ResolvedImage(reference="x", deployed=f"x@{DIGEST}", digest=DIGEST, platforms=image)
    cluster = ClusterCandidate(kind="k", name="n", rank=1, platforms=nodes)
    if outcome == "error":
        with pytest.raises(ImageNotFound, match="the nodes are linux/amd64"):
            platforms.mismatches(resolved, cluster)
    else:
        assert [issue.code for issue in platforms.mismatches(resolved, cluster)] == ["SND-IMG-016"] * (
            outcome == "warning"
        )


def test_the_real_engine_is_understood(tmp_path: Path) -> None:
    """An image that was made in the real Docker engine is found with its content id; another is not."""
    docker = shutil.which("docker") or "docker"
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    alive = (
        shutil.which(docker) and not subprocess.run([docker, "version"], capture_output=True, check=False).returncode
    )
    if not alive:
        if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
            pytest.fail("a Docker engine is required: run `testbed docker`", pytrace=False)
        pytest.skip("there is no Docker engine")
    name = f"sindri-test-{os.getpid()}:latest"
    (tmp_path / "file").write_text(name)
    subprocess.run(["tar", "-cf", "layer.tar", "file"], cwd=tmp_path, check=True)  # noqa: S607 - whichever there is
    made = subprocess.run(
        [docker, "import", "layer.tar", name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    try:
        found = engine.look_up(replace(context(tmp_path), environ=environ), name)
        assert found is not None
        assert found.id == made.stdout.strip()
        assert engine.look_up(replace(context(tmp_path), environ=environ), f"not-{name}") is None
    finally:
        subprocess.run([docker, "image", "rm", name], capture_output=True, check=True)
