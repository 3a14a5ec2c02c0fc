"""The client against registries that people run: one with the referrers API, and Debian's without."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from real_registries import KINDS, RealRegistry, real

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import ImageNotFound, RegistryError
from sindri_core.events import RequestSent
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.reference import parse
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from sindri_core.events import Event

pytestmark = pytest.mark.supply_chain
LOGIN = "user:canary-8812fe"


@pytest.fixture(
    params=[(kind, login) for kind in KINDS for login in ("", LOGIN)], ids=lambda p: "-".join(filter(None, p))
)
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealRegistry]:
    """Each of them, open and with basic authentication."""
    kind, login = request.param
    with real(kind, tmp_path / "registry", login) as running:
        yield running


def asking(registry: RealRegistry, environ: Mapping[str, str], **more: Any) -> RegistryClient:
    """A client that may speak plain HTTP to it."""
    known = {registry.host: RegistrySettings(host=registry.host, insecure=True)}
    given = {"deadline": Deadline(30), "cancel": CancelToken(), "emit": lambda _: None, **more}
    return RegistryClient(registries=known, environ=environ, **given)


@pytest.fixture
def environ(registry: RealRegistry, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a user who is logged in, where that is asked for."""
    auth = base64.b64encode(registry.login.encode()).decode()
    entries = {registry.host: {"auth": auth}} if registry.login else {}
    (tmp_path / "config.json").write_text(json.dumps({"auths": entries}))
    return {"DOCKER_CONFIG": str(tmp_path)}


def test_images_tags_content_and_what_is_attached_are_read(
    registry: RealRegistry, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """All that the client can ask, cold and with what it kept on disk."""
    has_api = (tmp_path / "registry" / "referrers-registry.pid").exists()
    digest = registry.image("team/app", "1.0.0", "latest")
    other = registry.image("team/app", "2.0.0")
    attached = registry.attach("team/app", digest, b"a bundle", by_tag=not has_api)
    name = parse(f"{registry.host}/team/app")
    for _ in range(2):
        events: list[Event] = []
        with asking(registry, environ, cache_dir=tmp_path / "cache", emit=events.append) as client:
            document = client.manifest(parse(f"{name}:1.0.0"))
            assert document.digest == digest
            assert client.manifest(parse(f"{name}@{other}")).digest == other
            assert document.config is not None
            assert json.loads(client.blob(name, document.config.digest, limit=1000))["os"] == "linux"
            assert {"1.0.0", "2.0.0", "latest"} <= set(client.tags(name))
            [found] = client.referrers(name, digest)
            assert found.digest == attached
            assert client.referrers(name, other) == ()
            bundle = client.manifest(parse(f"{name}@{attached}"))
            assert bundle.subject is not None
            assert bundle.subject.digest == digest
            assert client.blob(name, bundle.layers[0].digest, limit=1000) == b"a bundle"
            assert client.attached(name, digest, ".sig") is None
        sent = [event for event in events if isinstance(event, RequestSent)]
        assert sum("/referrers/" in event.url for event in sent) == (2 if has_api else 1)
        assert sum(event.status == 401 for event in sent) == (1 if registry.login else 0)
        assert len({(event.method, event.url) for event in sent if event.status != 401}) == len(
            [event for event in sent if event.status != 401]
        )


def test_what_is_not_there_and_who_is_not_let_in(registry: RealRegistry, environ: Mapping[str, str]) -> None:
    """Missing tags, digests and repositories are not found; a wrong password and none are not let in."""
    registry.image("app", "1.0.0")
    with asking(registry, environ) as client:
        for text in ("app:2.0.0", f"app@sha256:{'a' * 64}", "missing:1.0.0"):
            with pytest.raises(ImageNotFound) as missing:
                client.manifest(parse(f"{registry.host}/{text}"))
            assert missing.value.code == "SND-IMG-005"
        with pytest.raises(ImageNotFound):
            client.tags(parse(f"{registry.host}/missing"))
    if not registry.login:
        return
    file = Path(environ["DOCKER_CONFIG"]) / "config.json"
    for entries in ({}, {registry.host: {"username": "user", "password": "wrong"}}):
        file.write_text(json.dumps({"auths": entries}))
        with asking(registry, environ) as client, pytest.raises(RegistryError) as refused:
            client.manifest(parse(f"{registry.host}/app:1.0.0"))
        assert refused.value.code == "SND-IMG-006"
        assert ("config.json" if entries else "without credentials") in refused.value.message


def test_many_tags_are_all_listed(registry: RealRegistry, environ: Mapping[str, str]) -> None:
    """A list that is longer than a page of any registry."""
    tags = {f"1.{number // 50}.{number % 50}" for number in range(250)}
    registry.image("app", *tags)
    with asking(registry, environ) as client:
        assert set(client.tags(parse(f"{registry.host}/app"))) >= tags
