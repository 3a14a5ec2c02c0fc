"""Logins: where they are found, for which registry each counts, and that no other ever gets one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import client
from named_registry import named
from registry import Asked, Registry, Reply

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import DeadlineExceeded, RegistryError
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.credentials import Keyring, find
from sindri_core.oci.reference import parse
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from sindri_core.events import Event
from logins import CANARY, LOGIN, auths, docker, encoded, helper


def test_a_password_is_not_sent_again_after_a_detour(tmp_path: Path) -> None:
    """Once somebody else sends us on, nothing is proved any more, not even to the registry itself."""
    with Registry() as stranger, Registry(user=LOGIN) as registry:
        back = f"{registry.address}/v2/secret/blobs/x"
        stranger.misbehave = lambda _: Reply(status=307, headers={"Location": back})
        blob = registry.blob("app", b"content")
        registry.misbehave = lambda asked: (
            Reply(status=307, headers={"Location": f"{stranger.address}/x"})
            if "authorization" in asked.headers
            else None
        )
        environ = docker(tmp_path, auths(registry.host))
        asking = client(registry, environ=environ, realm_hosts=(stranger.host,))
        with asking, pytest.raises(RegistryError):
            asking.blob(parse(f"{registry.host}/app"), blob["digest"], limit=100)
        assert [asked.headers.get("authorization") for asked in registry.asked if asked.path.endswith("/x")] == [None]


def test_the_port_of_https_makes_no_other_registry(tmp_path: Path) -> None:
    """ghcr.io:443 is ghcr.io: with its login, its certificate and its place in memory."""
    with named(tmp_path, "ghcr.io", user=LOGIN) as (registry, environ):
        registry.image("acme/app", "1")
        own = docker(tmp_path / "docker", auths("ghcr.io"))
        with client(environ={**own, **environ}) as asking:
            first = asking.manifest(parse("ghcr.io:443/acme/app:1"))
            assert asking.manifest(parse("ghcr.io/acme/app:1")) == first
        assert len(registry.asked) == 2


def test_a_certificate_file_counts_for_no_other_host(tmp_path: Path) -> None:
    """The file of a registry vouches for it and its token service, not for where else it may send us."""
    with named(tmp_path, "registry.example", "auth.example", user=LOGIN, tokens=True) as (registry, environ):
        registry.realm = "https://auth.example/token"
        registry.image("app", "1")
        proxy = {"HTTPS_PROXY": environ["HTTPS_PROXY"]}
        own = docker(tmp_path / "docker", auths("registry.example"))

        def ask(environ: Mapping[str, str], *realms: str) -> None:
            known = RegistrySettings(host="registry.example", ca_file=authority, realm_hosts=realms)
            with RegistryClient(
                registries={"registry.example": known},
                environ=environ,
                deadline=Deadline(20),
                cancel=CancelToken(),
                emit=lambda _: None,
            ) as asking:
                asking.manifest(parse("registry.example/app:1"))

        authority = environ["SSL_CERT_FILE"]
        ask({**own, **proxy}, "auth.example")
        before = len(registry.asked)
        with pytest.raises(RegistryError, match=r"auth\.example.*not trusted") as caught:
            ask(proxy)
        assert caught.value.code == "SND-IMG-007"
        assert len(registry.asked) == before + 1


def test_a_helper_is_asked_once_for_a_host(tmp_path: Path) -> None:
    """Twenty repositories of a registry are one question to its helper, also from many threads."""
    environ = docker(tmp_path, {"credsStore": "counting"})
    helper(tmp_path, "counting", f"""echo x >> {tmp_path}/count; echo '{{"Username":"u","Secret":"s"}}'""")
    keyring = Keyring(environ)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda n: keyring.find(parse(f"a.example/app{n}")), range(20)))
    assert all(found)
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_helper_does_not_outlast_the_run(tmp_path: Path, guarded: Registry) -> None:
    """A helper that hangs ends with the time of the run."""
    environ = docker(tmp_path, {"credsStore": "hanging"})
    helper(tmp_path, "hanging", "sleep 100")
    with client(guarded, environ=environ, seconds=0.5) as asking, pytest.raises((RegistryError, DeadlineExceeded)):
        asking.manifest(parse(f"{guarded.host}/app:1"))


def test_the_helper_of_a_windows_desktop_has_a_dot(tmp_path: Path) -> None:
    """Docker Desktop calls it desktop.exe, also inside Linux."""
    environ = docker(tmp_path, {"credsStore": "desktop.exe"})
    helper(tmp_path, "desktop.exe", """echo '{"Username":"u","Secret":"s"}'""")
    found = find(parse("a.example/x"), environ)
    assert found is not None
    assert found.user == "u"


@pytest.mark.parametrize(
    ("key", "repository", "fits"),
    [
        ("https://a.example", "a.example/x", True),
        ("http://a.example/v2/", "a.example/x", True),
        ("A.example", "a.example/x", True),
        ("a.example:443", "a.example/x", True),
        ("a.example", "a.example:443/x", True),
        ("a.example", "a.example:5000/x", False),
        ("a.example/team", "a.example/team/x", True),
        ("a.example/team", "a.example/teams/x", False),
        ("a.example.evil", "a.example/x", False),
        ("evil/a.example", "a.example/x", False),
        ("index.docker.io", "alpine", True),
        ("docker.io/library", "alpine", True),
        ("docker.io/bitnami", "alpine", False),
        ("", "alpine", False),
        ("https://", "alpine", False),
    ],
)
def test_which_key_is_for_which_repository(tmp_path: Path, key: str, repository: str, fits: bool) -> None:
    """Scheme, version and spelling do not matter; another host, port or path does."""
    environ = docker(tmp_path, {"auths": {key: {"auth": encoded()}}})
    assert (find(parse(repository), environ) is not None) == fits


def test_files_count_in_their_order(tmp_path: Path) -> None:
    """The named file, docker's, the session's, the user's: the first that knows the host."""
    places = {
        "named": tmp_path / "named.json",
        "docker": tmp_path / "docker" / "config.json",
        "session": tmp_path / "run" / "containers" / "auth.json",
        "home": tmp_path / ".config" / "containers" / "auth.json",
    }
    for user, file in places.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"auths": {"a.example": {"auth": encoded(f"{user}:p")}}}))
    environ = {
        "HOME": str(tmp_path),
        "REGISTRY_AUTH_FILE": str(places["named"]),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }
    for user, file in places.items():
        found = find(parse("a.example/x"), environ)
        assert found is not None
        assert found.user == user
        assert str(file) in found.place
        file.unlink()
    assert find(parse("a.example/x"), environ) is None


def test_a_file_that_would_keep_us_waiting_is_refused(tmp_path: Path) -> None:
    """A pipe in the place of docker's configuration is an error, not a wait."""
    import os

    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(RegistryError) as caught:
        find(parse("a.example/x"), {"DOCKER_CONFIG": str(tmp_path)})
    assert caught.value.code == "SND-IMG-013"


def test_canaries_of_every_store_go_to_their_own_host_only(tmp_path: Path) -> None:
    """Four hosts ask for a password, each with its own store; all four try to have it sent on to a stranger."""
    hosts = ("a.example", "b.example", "c.example", "ghcr.io")
    events: list[Event] = []
    cache = tmp_path / "cache"
    for host in hosts:
        folder = tmp_path / host
        folder.mkdir()
        with named(folder, host, "stranger.example", user=LOGIN) as (registry, network):
            digest = registry.image("app", "1")

            def detour(asked: Asked) -> Reply | None:
                proved, there = "authorization" in asked.headers, asked.headers["host"] == "stranger.example"
                if "/blobs/" in asked.path and proved and not there:
                    return Reply(status=307, headers={"Location": f"https://stranger.example{asked.path}"})
                return None

            registry.misbehave = detour
            own = docker(
                folder / "docker",
                {"auths": {"a.example": {"auth": encoded()}}, "credHelpers": {"b.example": "one"}, "credsStore": "two"},
            )
            helper(folder / "docker", "one", f"""echo '{{"Username":"user","Secret":"{CANARY}"}}'""")
            helper(folder / "docker", "two", """echo "credentials not found in native keychain"; exit 1""")
            (folder / "containers").mkdir()
            (folder / "containers" / "auth.json").write_text(
                json.dumps({"auths": {"c.example/app": {"username": "user", "password": CANARY}}})
            )
            environ = {**own, **network, "XDG_RUNTIME_DIR": str(folder), "GITHUB_TOKEN": CANARY}
            with client(environ=environ, emit=events.append, cache_dir=cache) as asking:
                if host == "ghcr.io":
                    registry.user = f"sindri:{CANARY}"
                document = asking.manifest(parse(f"{host}/app:1"))
                assert document.digest == digest
                assert document.config is not None
                with pytest.raises(RegistryError) as caught:
                    asking.blob(parse(f"{host}/app"), document.config.digest, limit=1000)
            assert CANARY not in f"{caught.value.to_dict()} {caught.value!r}"
            strange = [asked for asked in registry.asked if asked.headers["host"] == "stranger.example"]
            assert strange
            assert all(CANARY not in str(asked) and "authorization" not in asked.headers for asked in strange)
            assert all(CANARY not in asked.query + asked.path for asked in registry.asked)
    assert CANARY not in repr(events)
    secrets = (CANARY.encode(), encoded().encode(), encoded(f"sindri:{CANARY}").encode())
    kept = [file.read_bytes() for file in cache.rglob("*") if file.is_file()]
    assert kept
    assert not [content for content in kept if any(secret in content for secret in secrets)]
