"""Who is told what: credentials, tokens, redirects, and the addresses that nobody may make us ask."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asking import client
from hypothesis import given
from hypothesis import strategies as st
from logins import CANARY, LOGIN, auths, docker, helper
from named_registry import named as named_registry
from registry import Registry, Reply

from sindri_core.errors import ImageError, RegistryError
from sindri_core.oci import addresses, challenge
from sindri_core.oci.credentials import find
from sindri_core.oci.reference import parse
from sindri_core.oci.secret import Credentials, Secret

if TYPE_CHECKING:
    from sindri_core.events import Event


@pytest.fixture(params=["basic", "token"])
def locked(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """A registry that asks who is there, in both ways."""
    with Registry(user=LOGIN, tokens=request.param == "token") as registry:
        registry.image("app", "1.0.0")
        registry.image("other", "1.0.0")
        yield registry


def test_a_private_image_is_read_with_the_stored_login(locked: Registry, tmp_path: Path) -> None:
    """The registry asks once; what it was told serves for the next repository too."""
    with client(locked, environ=docker(tmp_path, auths(locked.host))) as asking:
        asking.manifest(parse(f"{locked.host}/app:1.0.0"))
        before = len(locked.asked)
        asking.tags(parse(f"{locked.host}/app"))
        assert len(locked.asked) == before + 1
        asking.manifest(parse(f"{locked.host}/other:1.0.0"))
    statuses = [asked.path for asked in locked.asked if "authorization" not in asked.headers]
    assert statuses == ["/v2/app/manifests/1.0.0"], "only the first request goes without proof"


def test_the_scope_is_ours(tmp_path: Path) -> None:
    """Whatever scope the registry names, the token is for pulling this repository."""
    with Registry(user=LOGIN, tokens=True) as registry:
        registry.image("team/app", "1.0.0")
        with client(registry, environ=docker(tmp_path, auths(registry.host))) as asking:
            asking.manifest(parse(f"{registry.host}/team/app:1.0.0"))
        [asked] = [each for each in registry.asked if each.path == "/token"]
    assert "scope=repository%3Ateam%2Fapp%3Apull" in asked.query
    assert "everything" not in asked.query


def test_an_identity_token_is_posted(tmp_path: Path) -> None:
    """A refresh token goes into the body of a POST, not into an address."""
    with Registry(user=LOGIN, tokens=True) as registry:
        registry.image("app", "1.0.0")
        config = {"auths": {registry.host: {"identitytoken": CANARY, "auth": auths("x")["auths"]["x"]["auth"]}}}
        with client(registry, environ=docker(tmp_path, config)) as asking:
            asking.manifest(parse(f"{registry.host}/app:1.0.0"))
        [asked] = [each for each in registry.asked if each.path == "/token"]
    assert asked.method == "POST"
    assert CANARY in asked.body.decode()
    assert CANARY not in asked.query


@pytest.mark.parametrize("login", ["", "user:wrong"])
def test_not_being_let_in_says_with_what(locked: Registry, tmp_path: Path, login: str) -> None:
    """The error names where the credentials came from, and how to log in."""
    environ = docker(tmp_path, auths(locked.host, login) if login else {})
    with client(locked, environ=environ) as asking, pytest.raises(RegistryError) as caught:
        asking.manifest(parse(f"{locked.host}/app:1.0.0"))
    assert caught.value.code == "SND-IMG-006"
    assert ("config.json" if login else "without credentials") in caught.value.message
    assert f"docker login {locked.host}" in caught.value.hint
    assert len(locked.asked) < 6


def test_a_login_is_for_its_own_host(tmp_path: Path) -> None:
    """A registry that asks for a password gets none that was stored for another."""
    with Registry(user=LOGIN) as registry, Registry(user=LOGIN) as stranger:
        stranger.image("app", "1.0.0")
        asking = client(registry, stranger, environ=docker(tmp_path, auths(registry.host)))
        with asking, pytest.raises(RegistryError):
            asking.manifest(parse(f"{stranger.host}/app:1.0.0"))
        assert all("authorization" not in asked.headers for asked in stranger.asked)


def test_a_foreign_token_service_gets_no_password(tmp_path: Path) -> None:
    """Credentials go to a realm on another host only where the user allowed it by name."""
    with Registry(user=LOGIN, tokens=True) as service, Registry(user=LOGIN, tokens=True) as registry:
        registry.realm = f"{service.address}/token"
        registry.image("app", "1.0.0")
        environ = docker(tmp_path, auths(registry.host))
        with client(registry, environ=environ) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse(f"{registry.host}/app:1.0.0"))
        assert caught.value.code == "SND-IMG-012"
        assert f"realm_hosts: [{service.host}]" in caught.value.hint
        assert service.asked == []
        registry.issue("t")
        service.misbehave = lambda _: Reply(content=b'{"access_token":"t"}')
        with client(registry, environ=environ, realm_hosts=(service.host,)) as asking:
            asking.manifest(parse(f"{registry.host}/app:1.0.0"))


@pytest.mark.parametrize(
    "realm",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/token",
        "http://[::1]/token",
        "http://[::ffff:127.0.0.1]/token",
        "http://2130706433/token",
        "http://0x7f.1/token",
        "http://localhost/token",
        "ftp://example.com/token",
        "file:///etc/passwd",
        "http://user:pass@127.0.0.1/token",
        "//127.0.0.1/token",
        "http://127.0.0.1:0/token",
        "http://exa mple.com/",
        "",
    ],
)
def test_a_realm_in_our_own_network_is_not_asked(realm: str) -> None:
    """Loopback, private and metadata addresses in every spelling, other schemes and names before an @."""
    with Registry(user=LOGIN, tokens=True, realm=realm) as registry:
        if not realm:
            registry.misbehave = lambda _: Reply(status=401, headers={"WWW-Authenticate": 'Bearer realm=""'})
        registry.image("app", "1.0.0")
        with client(registry) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse(f"{registry.host}/app:1.0.0"))
        assert caught.value.code == "SND-IMG-012"
        assert len(registry.asked) == 1


def test_a_redirect_carries_no_password(tmp_path: Path) -> None:
    """Content may lie on another server, which is asked without proof of who we are."""
    with Registry() as elsewhere, Registry(user=LOGIN) as registry:
        blob = registry.blob("app", b"content")
        elsewhere.misbehave = lambda _: Reply(content=b"content")
        target = f"{elsewhere.address}/there"
        registry.misbehave = lambda asked: (
            Reply(status=307, headers={"Location": target}) if "authorization" in asked.headers else None
        )
        environ = docker(tmp_path, auths(registry.host))
        with client(registry, environ=environ, realm_hosts=(elsewhere.host,)) as asking:
            assert asking.blob(parse(f"{registry.host}/app"), blob["digest"], limit=100) == b"content"
        assert [asked.headers.get("authorization") for asked in elsewhere.asked] == [None]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/x",
        "http://127.0.0.1:1/x",
        "https://10.1.2.3/x",
        "http://[fd00::1]/x",
        "gopher://evil.example/x",
        "http://evil@127.0.0.1/x",
    ],
)
def test_a_redirect_into_our_own_network_is_not_followed(location: str) -> None:
    """The registry decides where content lies, but not that we ask our own machines."""
    with Registry() as registry:
        registry.misbehave = lambda _: Reply(status=302, headers={"Location": location})
        with client(registry) as asking, pytest.raises(RegistryError) as caught:
            asking.manifest(parse(f"{registry.host}/app:1"))
        assert caught.value.code == "SND-IMG-012"


def test_redirects_end() -> None:
    """A circle, and a way without end, are refused."""
    with Registry() as registry:
        registry.misbehave = lambda asked: Reply(status=302, headers={"Location": asked.path})
        with client(registry) as asking, pytest.raises(RegistryError, match="circle"):
            asking.manifest(parse(f"{registry.host}/app:1"))
        registry.misbehave = lambda asked: Reply(status=302, headers={"Location": f"/{len(registry.asked)}"})
        with client(registry) as asking, pytest.raises(RegistryError, match="more than 5"):
            asking.manifest(parse(f"{registry.host}/app:1"))


def test_https_is_not_left_again(tmp_path: Path) -> None:
    """A registry with TLS cannot send us on without it; it is reached through the proxy of the environment."""
    with named_registry(tmp_path, "ghcr.io", "cdn.example") as (registry, environ):
        registry.image("acme/app", "1.0.0")
        with client(environ=environ) as asking:
            asking.manifest(parse("ghcr.io/acme/app:1.0.0"))
        registry.misbehave = lambda _: Reply(status=307, headers={"Location": "http://cdn.example/x"})
        with client(environ=environ) as asking, pytest.raises(RegistryError, match="only https") as caught:
            asking.manifest(parse("ghcr.io/acme/app:1.0.0"))
        assert caught.value.code == "SND-IMG-012"


def test_a_certificate_counts_for_its_registry(tmp_path: Path) -> None:
    """Without the authority's file the registry is not believed; the error names the setting; with it, it is."""
    with named_registry(tmp_path, "registry.example") as (registry, environ):
        registry.image("app", "1.0.0")
        only_proxy = {"HTTPS_PROXY": environ["HTTPS_PROXY"]}
        with client(environ=only_proxy) as asking, pytest.raises(RegistryError, match="not trusted") as caught:
            asking.manifest(parse("registry.example/app:1.0.0"))
        assert "ca_file" in caught.value.hint
        from sindri_core.context import CancelToken, Deadline
        from sindri_core.oci.client import RegistryClient
        from sindri_core.settings import RegistrySettings

        known = {"registry.example": RegistrySettings(host="registry.example", ca_file=environ["SSL_CERT_FILE"])}
        with RegistryClient(
            registries=known, environ=only_proxy, deadline=Deadline(20), cancel=CancelToken(), emit=lambda _: None
        ) as asking:
            asking.manifest(parse("registry.example/app:1.0.0"))


def test_docker_hub_has_one_login_and_its_own_token_service(tmp_path: Path) -> None:
    """Short names are asked at Docker Hub's host, below library, with the login of its old key."""
    names = ("registry-1.docker.io", "auth.docker.io")
    with named_registry(tmp_path, *names, user=LOGIN, tokens=True) as (registry, environ):
        registry.realm = "https://auth.docker.io/token"
        registry.image("library/alpine", "3")
        own = docker(tmp_path / "docker", auths("https://index.docker.io/v1/"))
        with client(environ={**own, **environ}) as asking:
            asking.manifest(parse("alpine:3"))
            asking.manifest(parse("docker.io/library/alpine:3"))
        assert [asked.path for asked in registry.asked].count("/v2/library/alpine/manifests/3") == 2


@pytest.mark.parametrize(
    ("host", "sent"), [("ghcr.io", True), ("evil.example", False), ("ghcr.io.evil.example", False)]
)
def test_githubs_token_is_for_githubs_registry(tmp_path: Path, host: str, sent: bool) -> None:
    """GITHUB_TOKEN goes to ghcr.io and to nobody else who asks."""
    with named_registry(tmp_path, host, user=f"sindri:{CANARY}") as (registry, environ):
        registry.image("acme/app", "1")
        asking = client(environ={**environ, "GITHUB_TOKEN": CANARY})
        with asking, nullcontext() if sent else pytest.raises(RegistryError):
            asking.manifest(parse(f"{host}/acme/app:1"))
        assert any("authorization" in asked.headers for asked in registry.asked) == sent


def test_helpers_come_first_then_entries_then_the_store(tmp_path: Path) -> None:
    """The order of docker: credHelpers, auths, credsStore."""
    environ = docker(tmp_path, {**auths("a.example"), "credHelpers": {"a.example": "one"}, "credsStore": "two"})
    helper(tmp_path, "one", """echo '{"Username":"from-helper","Secret":"s"}'""")
    helper(tmp_path, "two", f"""cat > {tmp_path}/asked; echo '{{"Username":"<token>","Secret":"t"}}'""")
    first, second = find(parse("a.example/x"), environ), find(parse("b.example/x"), environ)
    assert first is not None
    assert first.user == "from-helper"
    assert second is not None
    assert (second.user, second.identity_token.value) == ("", "t")
    assert (tmp_path / "asked").read_text() == "b.example"


def test_a_path_of_podman_counts_below_it(tmp_path: Path) -> None:
    """The longest key that the repository lies below."""
    entry = {"quay.io/org": auths("x", "org:p")["auths"]["x"], "quay.io": auths("x", "all:p")["auths"]["x"]}
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers" / "auth.json").write_text(json.dumps({"auths": entry}))
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    users = [
        found.user for name in ("org/app", "organ/app", "x/y") if (found := find(parse(f"quay.io/{name}"), environ))
    ]
    assert users == ["org", "all", "all"]


@pytest.mark.parametrize(
    "script",
    ["exit 3", "echo not json", "echo '{}'", "head -c 3000000 /dev/zero", f"echo {CANARY} >&2; exit 1"],
)
def test_a_helper_that_fails_is_named(tmp_path: Path, script: str) -> None:
    """Its name and the way out, and nothing of what it said."""
    environ = docker(tmp_path, {"credsStore": "broken"})
    helper(tmp_path, "broken", script)
    with pytest.raises(RegistryError) as caught:
        find(parse("a.example/x"), environ)
    assert caught.value.code == "SND-IMG-013"
    assert "docker-credential-broken" in caught.value.message
    assert CANARY not in str(caught.value.to_dict())


@pytest.mark.parametrize("name", ["../evil", "a b", "-x", "x;y", ""])
def test_a_helper_is_named_by_a_word(tmp_path: Path, name: str) -> None:
    """A path or an option is no name of a helper; no program is started."""
    environ = docker(tmp_path, {"credHelpers": {"a.example": name}, "credsStore": name})
    if not name:
        assert find(parse("a.example/x"), environ) is None
        return
    with pytest.raises(RegistryError, match="no name of one"):
        find(parse("a.example/x"), environ)


@pytest.mark.parametrize("content", ["", "[]", "{", f'{{"auths":{{"a.example":{{"auth":"{CANARY}"}}}}}}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    """The file, and nothing of what it holds."""
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(RegistryError) as caught:
        find(parse("a.example/x"), {"DOCKER_CONFIG": str(tmp_path)})
    assert str(tmp_path / "config.json") in caught.value.message
    assert CANARY not in str(caught.value.to_dict())


def test_a_helper_without_credentials_is_none(tmp_path: Path) -> None:
    """What docker's helpers say when they know nothing is no error."""
    environ = docker(tmp_path, {"credsStore": "empty"})
    helper(tmp_path, "empty", "echo 'credentials not found in native keychain'; exit 1")
    assert find(parse("a.example/x"), environ) is None


def test_a_canary_is_nowhere(locked: Registry, tmp_path: Path) -> None:
    """A password shows in no text, event, error or file of the cache, also where everything fails."""
    events: list[Event] = []
    environ = docker(tmp_path / "docker", auths(locked.host)) | {"GITHUB_TOKEN": CANARY}
    said: list[str] = []
    cache = tmp_path / "cache"
    for misbehaviour in (None, Reply(status=500), Reply(status=401), Reply(content=b"{")):
        locked.misbehave = lambda asked, reply=misbehaviour: reply if asked.path != "/token" else None  # type: ignore[misc] # bound now
        with client(locked, environ=environ, cache_dir=cache, emit=events.append) as asking:
            try:
                asking.manifest(parse(f"{locked.host}/app:1.0.0"))
            except ImageError as error:
                said.append(str(error.to_dict()) + repr(error))
    said += [repr(event) for event in events]
    assert [text for text in said if CANARY in text] == []
    kept = [file for file in cache.rglob("*") if file.is_file()]
    assert kept
    encoded = base64.b64encode(LOGIN.encode())
    assert [file for file in kept if CANARY.encode() in file.read_bytes() or encoded in file.read_bytes()] == []


def test_a_secret_prints_as_stars() -> None:
    """Also inside other values, and with format."""
    known = Credentials(user=CANARY, password=Secret(CANARY), identity_token=Secret(CANARY), place="here")
    assert CANARY not in f"{known} {known!r} {known.password} {known.password!r}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        (
            'bearer REALM="https://a/b",service="c d",scope="e:f:pull,push"',
            [("bearer", {"realm": "https://a/b", "service": "c d", "scope": "e:f:pull,push"})],
        ),
        ('Basic realm="a", Bearer realm="b"', [("basic", {"realm": "a"}), ("bearer", {"realm": "b"})]),
        (r'Bearer realm="a\"b\\c"', [("bearer", {"realm": 'a"b\\c'})]),
        ("Negotiate", [("negotiate", {})]),
        ("", []),
        (",,Bearer realm=token", [("bearer", {"realm": "token"})]),
    ],
)
def test_challenges_are_read(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    """Several schemes, quoted texts, any case."""
    assert [(each.scheme, dict(each.parameters)) for each in challenge.parse(header)] == expected


@given(st.text(max_size=300))
def test_no_challenge_breaks_the_reader(header: str) -> None:
    """Whatever a registry sends, reading ends."""
    for each in challenge.parse(header):
        assert each.scheme == each.scheme.lower()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(
            (text, False)
            for text in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0")
        ),
        *((text, False) for text in ("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1")),
        *((text, False) for text in ("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::127.0.0.1")),
        *((text, True) for text in ("1.1.1.1", "140.82.112.4", "2606:4700::1111", "::ffff:1.1.1.1")),
    ],
)
def test_which_addresses_everybody_can_reach(address: str, public: bool) -> None:
    """Private, local and special ranges in all their wrappings are not public."""
    assert addresses.is_public(ip_address(address)) == public


def test_credentials_do_not_go_in_the_clear(tmp_path: Path) -> None:
    """What a project calls insecure gets no password that is not for this machine, and never GITHUB_TOKEN."""
    from sindri_core.oci.tokens import Authority
    from sindri_core.settings import RegistrySettings

    def header(place: str, host: str = "ghcr.io", *, vouched: bool = False) -> Mapping[str, str]:
        known = Credentials(user="u", password=Secret(CANARY), place=place)
        settings = RegistrySettings(host=host, insecure=True, vouched=vouched)
        authority = Authority(None, settings, lambda _: known)  # type: ignore[arg-type] # nothing is sent
        authority.challenged('Basic realm="x"', parse(f"{host}/a/b"), {})
        return authority.header(parse(f"{host}/a/b"))

    for place, vouched in (("config.json", False), ("GITHUB_TOKEN", False), ("GITHUB_TOKEN", True)):
        with pytest.raises(RegistryError) as caught:
            header(place, vouched=vouched)
        assert caught.value.code == "SND-IMG-012"
        assert CANARY not in str(caught.value.to_dict())
    assert header("config.json", vouched=True)
    assert header("config.json", host="127.0.0.1:5000")
