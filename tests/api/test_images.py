"""Images on the real API server: what is named becomes the digest in the Deployment, and what must not, does not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apiserver
import pytest
import refusals
import refused_images  # noqa: F401 - adds its scenes
import refused_proofs  # noqa: F401 - as above
import refused_settings  # noqa: F401 - as above
import signing
from refusals import REPOSITORY, SCENES, Scene
from registry import Registry

from sindri_core import HookSpecs, hookimpl
from sindri_core.cli import main
from sindri_core.core import Core
from sindri_core.errors import ClusterError, ImageRefused, PlanStale
from sindri_core.types import Capability, ClusterCandidate, LoadOutcome, Patch, PluginInfo
from sindri_image_verify import ImageVerifyPlugin
from sindri_kubernetes import KubernetesPlugin

if TYPE_CHECKING:
    from apiserver import ApiServer
    from environment import Environment

    from sindri_core.context import Context
    from sindri_core.requests import AdjustRequest, DetectRequest, LoadRequest


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that may be spoken to in the clear."""
    with Registry() as served:
        yield served


@pytest.fixture(scope="session")
def cosign() -> Path:
    """The real cosign."""
    program = apiserver.tools() / "cosign"
    if program.exists():
        return program
    if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
        pytest.fail(f"{program} is required: run `supply-chain tools`", pytrace=False)
    pytest.skip(f"no cosign in {program.parent}: run `supply-chain tools` once")


@pytest.fixture
def sindri(
    api_server: ApiServer, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """The command, in a folder of its own, with nothing of the user's."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "DOCKER_CONFIG", "SINDRI_CACHE_DIR", "SINDRI_STATE_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("KUBECONFIG", str(api_server.kubeconfig))

    def run(config: dict[str, Any], *arguments: str, environ: dict[str, str] | None = None) -> int:
        place = {"kubernetes": {"namespace": namespace}}
        (tmp_path / "sindri.yaml").write_text(json.dumps({"name": "dev", "providers": place} | config))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            return main(list(arguments))

    return run


def config(registry: Registry, **image: Any) -> dict[str, Any]:
    """A configuration with the image by its parts."""
    named = {"registry": f"{registry.host}/{REPOSITORY}", **image}
    return {"deployment": {"image_config": named}, "registries": {registry.host: {"insecure": True}}}


def deployed(kubectl: Callable[..., str], namespace: str) -> str:
    """The image in the Deployment of the real API server."""
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl("get", "deploy", "dev", "-n", namespace, "-o", path)


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ({"tag_override": "1.2.0"}, "1.2.0"),
        ({"version": "^1.0.0"}, "1.10.0"),
        ({"version": "~1.2"}, "1.2.0"),
        ({"resolution_strategy": "latest-stable"}, "2.0.0"),
        ({"version": "^1.0.0-alpine"}, "1.11.0-alpine"),
        ({"version": "^2.0.0", "allow_prerelease": True}, "2.1.0-rc1"),
        ({"version": "1.2.0", "resolution_strategy": "explicit"}, "1.2.0"),
        ({"digest": "1.2.0"}, "1.2.0"),
    ],
    ids=str,
)
def test_what_is_named_is_deployed_by_its_digest(
    sindri: Callable[..., int],
    registry: Registry,
    kubectl: Callable[..., str],
    namespace: str,
    image: dict[str, Any],
    tag: str,
) -> None:
    """Tag, range, strategy, class and digest: each ends in the digest that the registry has for it."""
    tags = ("1.0.0", "1.2.0", "1.10.0", "2.0.0", "2.1.0-rc1", "1.11.0-alpine", "latest")
    digests = {name: registry.image(REPOSITORY, name, content=name.encode()) for name in tags}
    named = image | ({"digest": digests[image["digest"]]} if "digest" in image else {})
    assert sindri(config(registry, **named), "deploy") == 0
    assert deployed(kubectl, namespace).endswith(f"@{digests[tag]}")


@pytest.mark.parametrize("tokens", [False, True], ids=["basic", "tokens"])
def test_a_private_image_among_ten_thousand_tags(
    sindri: Callable[..., int], kubectl: Callable[..., str], namespace: str, tmp_path: Path, tokens: bool
) -> None:
    """Behind a login, over ten pages: the newest of ten thousand is deployed."""
    with Registry(user="me:secret", tokens=tokens, page=1000) as registry:
        old = registry.image(REPOSITORY)
        content = registry.repositories[REPOSITORY][old]
        registry.repositories[REPOSITORY] |= {f"1.{n // 100}.{n % 100}": content for n in range(10_000)}
        newest = registry.image(REPOSITORY, "1.100.0", content=b"newest")
        login = {"auths": {registry.host: {"username": "me", "password": "secret"}}}
        (tmp_path / "docker_config").mkdir()
        (tmp_path / "docker_config" / "config.json").write_text(json.dumps(login))
        assert sindri(config(registry, version="^1.0.0"), "deploy") == 0
        assert deployed(kubectl, namespace).endswith(f"@{newest}")


class LocalCluster(HookSpecs):
    """Says that the API server is a local cluster, and takes note of what it is asked to load."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="a-local", version="1.0", summary="local", capabilities=(Capability.IMAGE_LOADING,))

    @hookimpl
    def sindri_detect_cluster(self, ctx: Context, request: DetectRequest) -> list[ClusterCandidate]:
        return [ClusterCandidate(kind="a-local", name="here", rank=200, local=True)]

    @hookimpl
    def sindri_load_image(self, ctx: Context, request: LoadRequest) -> LoadOutcome:
        self.loaded.append(request.image.deployed)
        return LoadOutcome(method="test")


def test_an_image_of_the_local_engine(environment: Environment, tmp_path: Path) -> None:
    """On a local cluster a plain name is the engine's image; its content id is in the tag that is loaded and run."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    answer = [{"Id": "sha256:" + "ab" * 32, "Os": "linux", "Architecture": "amd64"}]
    docker.write_text(f"#!/bin/sh\nprintf '%s' '{json.dumps(answer)}'\n")
    docker.chmod(0o755)
    cluster = LocalCluster()
    place = {"kubernetes": {"namespace": environment.namespace}}
    environ = {"KUBECONFIG": str(environment.kubeconfig), "PATH": str(docker.parent), "HOME": str(tmp_path)}
    plugins = [KubernetesPlugin(), cluster]
    with Core({"name": "dev", "providers": place}, plugins=plugins, environ=environ, state_dir=tmp_path) as core:
        core.deploy()
    [container] = environment.get("deploy")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "sindri:latest-abababababab"
    assert container["imagePullPolicy"] == "Never"
    assert cluster.loaded == ["sindri:latest-abababababab"]


def test_every_number_of_the_list_has_a_scene() -> None:
    """One to thirty-eight are played below; thirty-nine and forty are tests of their own."""
    assert list(refusals.numbers()) == list(range(1, 39))


@pytest.mark.supply_chain
@pytest.mark.parametrize("title", SCENES)
def test_it_is_refused_and_nothing_is_written(
    title: str,
    sindri: Callable[..., int],
    registry: Registry,
    cosign: Path,
    kubectl: Callable[..., str],
    namespace: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each scene ends with its exit code and its error, and the API server has nothing of it."""
    stage = Scene(registry=registry, folder=tmp_path, cosign=cosign)
    SCENES[title](stage)

    def whole() -> dict[str, Any]:
        base = {"deployment": {"image_config": stage.image}, "registries": {registry.host: {"insecure": True}}}
        return base | stage.config

    if stage.then:
        assert sindri(whole(), "image", "verify", environ=stage.environ) == 0
        stage.then()
    code = sindri(whole(), "deploy", "--timeout", "60", environ=stage.environ)
    said = capfd.readouterr().err
    assert (code, f"error[{stage.code}]" in said) == (stage.exit, True), said
    assert stage.said in said
    assert kubectl("get", "namespace", namespace, "--ignore-not-found") == ""


@pytest.mark.parametrize("form", ["sign", "sign_legacy"])
def test_a_signed_image_is_deployed(
    sindri: Callable[..., int],
    registry: Registry,
    kubectl: Callable[..., str],
    namespace: str,
    tmp_path: Path,
    form: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In both formats, next to a stranger's bundle; the plan shows the digest and what speaks for it."""
    stage = Scene(registry=registry, folder=tmp_path, cosign=Path("/nowhere"))
    stage.sign(private=signing.key())
    getattr(stage, form)()
    settings = {"deployment": {"image_config": stage.image}, "registries": {registry.host: {"insecure": True}}}
    assert sindri(settings, "plan", environ=stage.environ) == 0
    shown = capfd.readouterr().out
    assert f"→ {stage.digest}" in shown
    assert "accepted   signature  key cosign.pub" in shown, shown
    assert sindri(settings, "deploy", environ=stage.environ) == 0
    assert deployed(kubectl, namespace).endswith(f"@{stage.digest}")


def test_another_digest_than_planned_is_refused(environment: Environment, registry: Registry, tmp_path: Path) -> None:
    """Refusal 39: the plan holds the digest, and a tag that moved since, signed or not, is another plan."""
    from sindri_core import planfile

    key = signing.key()

    def push(content: bytes) -> None:
        digest = registry.image(REPOSITORY, "1.2.0", content=content)
        registry.attach(REPOSITORY, digest, signing.bundle(key, signing.statement(digest)))

    named = {"registry": f"{registry.host}/{REPOSITORY}", "tag_override": "1.2.0"}
    trusted = {"verify_signature": True, "public_keys": [signing.pem(key)]}
    settings = {
        "name": "dev",
        "deployment": {"image_config": named | trusted},
        "registries": {registry.host: {"insecure": True}},
        "providers": {"kubernetes": {"namespace": environment.namespace}},
    }
    environ = {"KUBECONFIG": str(environment.kubeconfig), "PATH": "/nowhere", "HOME": str(tmp_path)}

    def core() -> Core:
        return Core(settings, environ=environ, state_dir=tmp_path)

    push(b"one")
    document = json.loads(json.dumps(planfile.to_document(core().plan())))
    push(b"two")
    with pytest.raises(PlanStale, match="not what the plan file says") as caught:
        core().deploy(plan_file=document)
    assert any("image.digest" in text for _, text in caught.value.details)
    assert environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found") == ""


class Adding(HookSpecs):
    """Adds images wherever a program can start."""

    def __init__(self, patches: list[Patch]) -> None:
        self.patches = patches

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="adding", version="1.0", summary="adds")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> list[Patch]:
        return self.patches


def job(image: str, namespace: str) -> dict[str, Any]:
    """A Job with this image in its template."""
    pod = {"containers": [{"name": "x", "image": image}], "restartPolicy": "Never"}
    meta = {"name": "side", "namespace": namespace}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": {"spec": pod}}}


POD = "/spec/template/spec"
PLACES: dict[str, Callable[[str, str], list[Patch]]] = {
    "init container": lambda image, _: [
        Patch(manifest="Deployment/dev", op="add", path=f"{POD}/initContainers", value=[{"name": "i", "image": image}])
    ],
    "sidecar": lambda image, _: [
        Patch(manifest="Deployment/dev", op="add", path=f"{POD}/containers/-", value={"name": "s", "image": image})
    ],
    "image volume": lambda image, _: [
        Patch(
            manifest="Deployment/dev",
            op="add",
            path=f"{POD}/volumes/-",
            value={"name": "v", "image": {"reference": image}},
        )
    ],
    "job": lambda image, namespace: [Patch(manifest="Job/side", op="add", path="", value=job(image, namespace))],
}


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("place", PLACES)
def test_an_image_anywhere_goes_through_the_same_gate(
    environment: Environment, registry: Registry, tmp_path: Path, place: str, signed: bool
) -> None:
    """Refusal 40: wherever a plugin puts an image, it is pinned and held to the policy, or nothing is written."""
    key = signing.key()
    main_digest, side = registry.image(REPOSITORY, "1.2.0"), registry.image("acme/side", "1", content=b"side")
    registry.attach(REPOSITORY, main_digest, signing.bundle(key, signing.statement(main_digest)))
    if signed:
        registry.attach("acme/side", side, signing.bundle(key, signing.statement(side)))
    named = {"registry": f"{registry.host}/{REPOSITORY}", "tag_override": "1.2.0", "verify_signature": True}
    settings = {
        "name": "dev",
        "deployment": {"image_config": named | {"public_keys": [signing.pem(key)]}},
        "registries": {registry.host: {"insecure": True}},
        "providers": {"kubernetes": {"namespace": environment.namespace}},
    }
    environ = {"KUBECONFIG": str(environment.kubeconfig), "PATH": "/nowhere", "HOME": str(tmp_path)}
    adding = Adding(PLACES[place](f"{registry.host}/acme/side:1", environment.namespace))
    plugins = [KubernetesPlugin(), ImageVerifyPlugin(), adding]
    core = Core(settings, plugins=plugins, environ=environ, state_dir=tmp_path)
    if signed and place == "job":
        with pytest.raises(ClusterError, match="does not know"):
            core.plan()
        return
    if signed:
        text = json.dumps([manifest.body for manifest in core.plan().manifests])
        assert f"{registry.host}/acme/side:1@{side}" in text
        assert f'{registry.host}/acme/side:1"' not in text
        return
    with pytest.raises(ImageRefused, match="acme/side"):
        core.deploy()
    assert environment.kubectl("get", "namespace", environment.namespace, "--ignore-not-found") == ""


def test_a_tag_that_moves_never_brings_an_unverified_image(
    environment: Environment, registry: Registry, tmp_path: Path
) -> None:
    """A hundred plans against a registry that alternates: what would be applied is always what was verified."""
    key = signing.key()
    good, bad = registry.image(REPOSITORY), registry.image(REPOSITORY, content=b"bad")
    registry.attach(REPOSITORY, good, signing.bundle(key, signing.statement(good)))
    both = [registry.repositories[REPOSITORY][digest] for digest in (good, bad)]
    dice = random.Random(4)  # noqa: S311 - no secret

    def alternate(asked: Any) -> None:
        registry.repositories[REPOSITORY]["1.2.0"] = both[dice.randrange(2)]

    alternate(None)
    registry.misbehave = alternate
    named = {"registry": f"{registry.host}/{REPOSITORY}", "tag_override": "1.2.0", "verify_signature": True}
    settings = {
        "name": "dev",
        "deployment": {"image_config": named | {"public_keys": [signing.pem(key)]}},
        "registries": {registry.host: {"insecure": True}},
        "providers": {"kubernetes": {"namespace": environment.namespace}},
    }
    environ = {"KUBECONFIG": str(environment.kubeconfig), "PATH": "/nowhere", "HOME": str(tmp_path)}
    outcomes = set()
    for _ in range(100):
        with Core(settings, environ=environ, state_dir=tmp_path, cache=False) as core:
            try:
                planned = core.plan()
            except ImageRefused:
                outcomes.add("refused")
                continue
            outcomes.add(planned.image.digest)
            assert {v.digest for v in planned.verifications} == {planned.image.digest}
            assert bad not in json.dumps([manifest.body for manifest in planned.manifests])
    assert outcomes == {good, "refused"}


def test_the_command_of_the_real_program(tmp_path: Path) -> None:
    """The installed program knows the commands about images."""
    command = [sys.executable, "-m", "sindri_core", "image", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"resolve", "verify", "inspect", "versions"} <= set(done.stdout.split())
