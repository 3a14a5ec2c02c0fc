"""Clusters of kind: recognised by evidence, and given images by kind's own command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sindri_core.config.validation import default_config
from sindri_core.context import Context, Deadline
from sindri_core.errors import ClusterError
from sindri_core.requests import DetectRequest, LoadRequest
from sindri_core.types import ClusterCandidate, Destination, Origin, ResolvedImage
from sindri_kind import KindPlugin

OURS, FOREIGN = "kind://docker/dev/dev-worker", "k3s://k3d-dev-server-0"
CONTEXT = Context(config=default_config((), name="x"))


def api(*provider_ids: str) -> Callable[[str], dict[str, Any]]:
    """An API server whose nodes come from there."""
    return lambda _: {"items": [{"spec": {"providerID": text}} for text in provider_ids]}


def forbidden(_: str) -> dict[str, Any]:
    """An API server that shows nobody its nodes."""
    raise ClusterError("SND-K8S-004", "nodes is forbidden")


@pytest.mark.parametrize(
    ("context", "answer", "expected"),
    [
        ("kind-dev", api(OURS), [("dev", 100)]),
        ("renamed", api(OURS), [("dev", 100)]),
        ("kind-dev", api(FOREIGN), []),
        ("kind-dev", api(""), []),
        ("kind-dev", None, [("dev", 50)]),
        ("kind-dev", forbidden, [("dev", 50)]),
        ("other", forbidden, []),
        ("other", None, []),
    ],
)
def test_a_cluster_is_recognised(context: str, answer: Any, expected: list[tuple[str, int]]) -> None:
    """By its nodes whatever its name is; by its name only where the nodes cannot be asked, and never against them."""
    request = DetectRequest(destination=Destination(provider="kubernetes", context=context), api=answer)
    found = KindPlugin().sindri_detect_cluster(CONTEXT, request)
    assert [(each.name, each.rank) for each in found or ()] == expected
    assert all(each.local and each.kind == "kind" and each.evidence for each in found or ())


def request(origin: Origin = Origin.ENGINE) -> LoadRequest:
    """An image for a cluster called dev."""
    image = ResolvedImage(reference="x", deployed="sindri:latest-abc", digest="sha256:" + "a" * 64, origin=origin)
    cluster = ClusterCandidate(kind="kind", name="dev", rank=100, local=True)
    return LoadRequest(image=image, cluster=cluster, destination=Destination(provider="kubernetes"))


def program(folder: Path, name: str, script: str) -> None:
    """Make a program that is found on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def run(folder: Path) -> Context:
    """A run with just the programs of a folder."""
    return replace(CONTEXT, environ={"PATH": str(folder)}, deadline=Deadline(30))


def test_an_image_of_the_engine_is_named_and_loaded(tmp_path: Path) -> None:
    """By its content id, under the name that is deployed."""
    for name in ("docker", "kind"):
        program(tmp_path, name, f'echo {name} "$@" >> {tmp_path}/calls')
    outcome = KindPlugin().sindri_load_image(run(tmp_path), request())
    assert outcome is not None
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"docker tag sha256:{'a' * 64} sindri:latest-abc",
        "kind load docker-image sindri:latest-abc --name dev",
    ]


def test_an_image_of_a_registry_is_left_to_the_nodes(tmp_path: Path) -> None:
    """Nothing is run for it."""
    outcome = KindPlugin().sindri_load_image(run(tmp_path), request(Origin.REGISTRY))
    assert outcome is not None
    assert outcome.skipped


@pytest.mark.parametrize("script", ["echo 'no such cluster' >&2; exit 1", None])
def test_a_load_that_fails_says_what_to_run(tmp_path: Path, script: str | None) -> None:
    """The tool's own words, and the command to run by hand."""
    program(tmp_path, "docker", "exit 0")
    if script:
        program(tmp_path, "kind", script)
    with pytest.raises(ClusterError) as caught:
        KindPlugin().sindri_load_image(run(tmp_path), request())
    assert caught.value.code == "SND-LOC-001"
    assert "kind load docker-image sindri:latest-abc --name dev" in caught.value.hint
    assert caught.value.details[0][1] in {"no such cluster", "it is not installed"}
