"""Tokens: what is asked for, how often, and what can be got out of us by asking."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from asking import cancelled_when, client
from logins import CANARY, docker
from registry import Asked, Registry, Reply

from sindri_core.context import CancelToken
from sindri_core.errors import Interrupted, RegistryError
from sindri_core.oci.reference import parse


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


def test_cancelling_ends_the_wait_for_a_token(guarded: Registry, login: Mapping[str, str]) -> None:
    """A token service that never answers does not hold a run that was interrupted."""
    asked, over, cancel = threading.Event(), threading.Event(), CancelToken()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        over.wait(20)

    guarded.misbehave = lambda each: Reply(send=hang) if each.path == "/token" else None
    cancelled_when(asked, cancel)
    with client(guarded, environ=login, cancel=cancel) as asking, pytest.raises(Interrupted):
        asking.manifest(parse(f"{guarded.host}/app:1"))
    over.set()
