"""Tokens, logins and proxies: what is asked for, how often, and what can be got out of us by asking."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

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

CANARY = "canary-51de90"
LOGIN = f"user:{CANARY}"


def encoded(login: str = LOGIN) -> str:
    """A login as ``docker login`` writes it."""
    return base64.b64encode(login.encode()).decode()


def docker(folder: Path, content: Mapping[str, Any]) -> dict[str, str]:
    """Write docker's configuration; return the environment in which it counts."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content))
    return {"DOCKER_CONFIG": str(folder), "HOME": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}


def helper(folder: Path, name: str, script: str) -> None:
    """Make a credential helper."""
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def guarded() -> Iterator[Registry]:
    """A registry with tokens."""
    with Registry(user=LOGIN, tokens=True) as registry:
        registry.image("app", "1", "2", "3")
        yield registry


@pytest.fixture
def login(guarded: Registry, tmp_path: Path) -> dict[str, str]:
    """The environment of a user who is logged in there."""
    return docker(tmp_path / "docker", {"auths": {guarded.host: {"auth": encoded()}}})


def tokens(registry: Registry) -> list[Asked]:
    """The questions for a token."""
    return [asked for asked in registry.asked if asked.path == "/token"]


def test_many_threads_fetch_one_token(guarded: Registry, login: Mapping[str, str]) -> None:
    """However many ask at once, a token of a repository is fetched once."""
    guarded.image("app", *(f"1.0.{number}" for number in range(30)))
    with client(guarded, environ=login) as asking, ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda n: asking.manifest(parse(f"{guarded.host}/app:1.0.{n}")), range(30)))
    assert len(tokens(guarded)) == 1


def test_each_repository_has_its_own_token(guarded: Registry, login: Mapping[str, str]) -> None:
    """Twenty repositories: one question without proof, a token for each, and each image once."""
    for number in range(20):
        guarded.image(f"team/app{number}", "1")
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))
        guarded.asked.clear()
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda n: asking.manifest(parse(f"{guarded.host}/team/app{n}:1")), range(20)))
    scopes = {parse_qs(asked.query)["scope"][0] for asked in tokens(guarded)}
    assert scopes == {f"repository:team/app{number}:pull" for number in range(20)}
    assert len(guarded.asked) == 40


@pytest.mark.parametrize("spelling", ["scope", "Scope", "SCOPE"])
def test_a_realm_cannot_widen_the_scope(guarded: Registry, login: Mapping[str, str], spelling: str) -> None:
    """What the registry writes into the address of its token service does not stand beside our scope."""
    guarded.realm = f"{guarded.address}/token?{spelling}=repository:secret:pull,push&service=other&tenant=7"
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    [asked] = tokens(guarded)
    assert parse_qs(asked.query) == {"service": ["test"], "scope": ["repository:app:pull"], "tenant": ["7"]}


@pytest.mark.parametrize(
    "answer",
    [
        {"expires_in": 10**400},
        {"expires_in": -5},
        {"expires_in": 0},
        {"expires_in": 1},
        {"expires_in": "soon"},
        {"expires_in": True},
        {},
    ],
)
def test_no_lifetime_of_a_token_makes_us_ask_again_at_once(
    guarded: Registry, login: Mapping[str, str], answer: Mapping[str, Any]
) -> None:
    """A token counts for a minute at least, whatever its service says; nonsense is no crash."""
    guarded.issue("t0")
    guarded.misbehave = lambda asked: (
        Reply(content=json.dumps({"token": "t0", **answer}).encode()) if asked.path == "/token" else None
    )
    with client(guarded, environ=login) as asking:
        for tag in "123":
            asking.manifest(parse(f"{guarded.host}/app:{tag}"))
    assert len(tokens(guarded)) == 1


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"null", b"{}", b'{"token":null}', b'{"token":7}', b'{"token":""}', b'{"token":"a b"}'),
        *(b'{"token":"a\\r\\nX: y"}', '{"token":"é"}'.encode(), b'{"token":"a","token":"b"}', b"[" * 100_000),
        b"x" * (2 << 20),
    ],
)
def test_what_is_no_token_is_an_error(guarded: Registry, login: Mapping[str, str], content: bytes) -> None:
    """It never becomes a header, and is never repeated."""
    guarded.misbehave = lambda asked: Reply(content=content) if asked.path == "/token" else None
    with client(guarded, environ=login) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    assert caught.value.code in {"SND-IMG-006", "SND-IMG-008"}


def test_a_token_that_ran_out_is_renewed_once(guarded: Registry, login: Mapping[str, str]) -> None:
    """A registry that no longer takes a token is asked with a new one; one that takes none is given up."""
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))
        guarded._issued.clear()
        asking.manifest(parse(f"{guarded.host}/app:2"))
        assert len(tokens(guarded)) == 2
        guarded.misbehave = lambda asked: (
            None if asked.path == "/token" else Reply(status=401, headers={"WWW-Authenticate": guarded.challenge()})
        )
        with pytest.raises(RegistryError) as caught:
            asking.manifest(parse(f"{guarded.host}/app:3"))
    assert caught.value.code == "SND-IMG-006"
    assert len(tokens(guarded)) == 3


def test_a_token_service_cannot_send_us_on(guarded: Registry, login: Mapping[str, str]) -> None:
    """A redirect of the token service is no token: the password stays where it is."""
    with Registry() as stranger:
        guarded.misbehave = lambda asked: (
            Reply(status=307, headers={"Location": f"{stranger.address}/token"}) if asked.path == "/token" else None
        )
        with client(guarded, stranger, environ=login) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse(f"{guarded.host}/app:1"))
        assert caught.value.code == "SND-IMG-006"
        assert stranger.asked == []


def two_headers(guarded: Registry) -> Any:
    """Ask for a token and for a password in two headers, as some registries do."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", guarded.challenge())
        handler.send_header("WWW-Authenticate", 'Basic realm="test"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return send


def test_challenges_in_two_headers_are_both_read(guarded: Registry, login: Mapping[str, str]) -> None:
    """The token is preferred, whichever header comes last."""
    guarded.misbehave = lambda asked: (
        Reply(send=two_headers(guarded))
        if asked.path != "/token" and not asked.headers.get("authorization", "").startswith("Bearer")
        else None
    )
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    assert len(tokens(guarded)) == 1
    assert not any(a.headers.get("authorization", "").startswith("Basic") for a in guarded.asked if a.path != "/token")


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
        environ = docker(tmp_path, {"auths": {registry.host: {"auth": encoded()}}})
        asking = client(registry, environ=environ, realm_hosts=(stranger.host,))
        with asking, pytest.raises(RegistryError):
            asking.blob(parse(f"{registry.host}/app"), blob["digest"], limit=100)
        assert [asked.headers.get("authorization") for asked in registry.asked if asked.path.endswith("/x")] == [None]


def test_the_port_of_https_makes_no_other_registry(tmp_path: Path) -> None:
    """ghcr.io:443 is ghcr.io: with its login, its certificate and its place in memory."""
    with named(tmp_path, "ghcr.io", user=LOGIN) as (registry, environ):
        registry.image("acme/app", "1")
        own = docker(tmp_path / "docker", {"auths": {"ghcr.io": {"auth": encoded()}}})
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
        own = docker(tmp_path / "docker", {"auths": {"registry.example": {"auth": encoded()}}})

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


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", f"http://user:{CANARY}@[::1", f"http://x:{CANARY}@", "http://"])
def test_a_proxy_that_is_none_is_said(proxy: str) -> None:
    """The variable is named, its value is not: it may hold a password."""
    with client(environ={"HTTPS_PROXY": proxy}) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse("registry.example/app:1"))
    assert caught.value.code == "SND-IMG-007"
    assert "HTTPS_PROXY" in f"{caught.value.message} {caught.value.hint}"
    assert CANARY not in f"{caught.value.to_dict()} {caught.value!r}"


def test_a_proxy_gets_its_own_password() -> None:
    """User and password of the proxy's address go to the proxy, unquoted, and into no error or event."""
    seen: list[Event] = []
    with Registry() as proxy:  # which answers a proxy's questions as its own
        proxy.image("app", "1")
        environ = {"HTTP_PROXY": f"http://us%40er:{CANARY}@{proxy.host}"}
        known = {"registry.example": RegistrySettings(host="registry.example", insecure=True)}
        asking = RegistryClient(
            registries=known, environ=environ, deadline=Deadline(10), cancel=CancelToken(), emit=seen.append
        )
        with asking:
            asking.manifest(parse("registry.example/app:1"))
    [asked] = proxy.asked
    assert asked.headers["proxy-authorization"] == f"Basic {encoded(f'us@er:{CANARY}')}"
    assert CANARY not in repr(seen)


def test_the_environment_of_the_process_does_not_count(
    guarded: Registry, login: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the environment of the run names proxies and credentials."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_CONFIG", "/nowhere")
    with client(guarded, environ=login) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))


@pytest.mark.parametrize(
    "realm",
    [
        *(
            "https://localhost./t",
            "https://127.0.0.1/t",
            "https://metadata/t",
            "https://x.local/t",
            "https://x.local./t",
        ),
        *(
            "https://0177.1/t",
            "https://2130706433/t",
            "https://[::ffff:a9fe:a9fe]/t",
            "https://metadata.google.internal/t",
        ),
        *(
            "https://[64:ff9b::a00:1]/t",
            "https://[fd00:ec2::254]/t",
            "https://168.63.129.16/t",
            "https://100.100.100.200/t",
        ),
    ],
)
def test_a_proxy_is_not_asked_for_our_own_network(tmp_path: Path, realm: str) -> None:
    """Where a proxy looks names up, addresses and names of this network are refused by their spelling."""
    with named(tmp_path, "registry.example", user=LOGIN, tokens=True, realm=realm) as (registry, environ):
        registry.image("app", "1")
        with client(environ=environ) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse("registry.example/app:1"))
        assert caught.value.code == "SND-IMG-012"
        assert len(registry.asked) == 1


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


@pytest.mark.parametrize("token", [f"{CANARY}\nX: y", f"{CANARY} x", f"{CANARY}é"])
def test_a_registrytoken_that_is_no_header_is_not_sent(guarded: Registry, tmp_path: Path, token: str) -> None:
    """It is refused where it is read, and not shown."""
    environ = docker(tmp_path, {"auths": {guarded.host: {"registrytoken": token}}})
    with client(guarded, environ=environ) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    assert caught.value.code == "SND-IMG-013"
    assert CANARY not in f"{caught.value.to_dict()} {caught.value!r}"


def test_a_registrytoken_is_the_proof(guarded: Registry, tmp_path: Path) -> None:
    """A ready token needs no service; one that is refused is not tried for ever."""
    guarded.issue(CANARY)
    environ = docker(tmp_path, {"auths": {guarded.host: {"registrytoken": CANARY}}})
    with client(guarded, environ=environ) as asking:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    assert tokens(guarded) == []
    guarded._issued.clear()
    guarded.asked.clear()
    with client(guarded, environ=environ) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse(f"{guarded.host}/app:1"))
    assert caught.value.code == "SND-IMG-006"
    assert len(guarded.asked) == 2


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


def when(ready: threading.Event, cancel: CancelToken) -> None:
    """Cancel the run as soon as the registry was asked."""

    def wait() -> None:
        ready.wait(10)
        cancel.set()

    threading.Thread(target=wait, daemon=True).start()


def test_cancelling_ends_the_wait_for_a_token(guarded: Registry, login: Mapping[str, str]) -> None:
    """A token service that never answers does not hold a run that was interrupted."""
    from sindri_core.errors import Interrupted

    asked, over, cancel = threading.Event(), threading.Event(), CancelToken()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        over.wait(20)

    guarded.misbehave = lambda each: Reply(send=hang) if each.path == "/token" else None
    when(asked, cancel)
    with client(guarded, environ=login, cancel=cancel) as asking, pytest.raises(Interrupted):
        asking.manifest(parse(f"{guarded.host}/app:1"))
    over.set()
