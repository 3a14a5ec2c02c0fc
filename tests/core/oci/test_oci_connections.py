"""Connections: to which addresses, for how long, shared by whom, and that none is waited for without end."""

from __future__ import annotations

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from asking import cancelled_when, client, in_it
from registry import Registry, Reply
from wire import TYPE, head, raw

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import DeadlineExceeded, Interrupted, RegistryError
from sindri_core.oci import addresses
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.reference import parse
from sindri_core.settings import RegistrySettings


def test_a_name_that_changes_its_address_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked up and found public is what is connected to; nobody looks a second time."""
    with Registry() as elsewhere, Registry() as registry:
        content = b"content"
        elsewhere.misbehave = lambda _: Reply(content=content)
        blob = registry.blob("app", content)
        port = elsewhere.host.rpartition(":")[2]
        registry.misbehave = lambda _: Reply(status=307, headers={"Location": f"http://cdn.example:{port}/x"})
        looked: list[str] = []

        def look_up(host: str, *arguments: object, **more: object) -> object:
            if host != "cdn.example":
                return real(host, *arguments, **more)  # type: ignore[arg-type] # as it was called
            looked.append(host)
            address = "127.0.0.1" if len(looked) == 1 else "10.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port)))]

        real = socket.getaddrinfo
        public = addresses.is_public
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with client(registry) as asking, pytest.raises(RegistryError, match="only this network") as caught:
            asking.blob(in_it(registry, "app"), blob["digest"], limit=100)
        assert caught.value.code == "SND-IMG-012"
        assert elsewhere.asked == []
        looked.clear()
        monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "127.0.0.1" or public(address))
        with client(registry) as asking:
            assert asking.blob(in_it(registry, "app"), blob["digest"], limit=100) == content
        assert looked == ["cdn.example"]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name must not offer a way in beside a harmless one."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "169.254.169.254")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(RegistryError) as caught:
        addresses.public("mixed.example", 443)
    assert caught.value.code == "SND-IMG-012"


def test_many_threads_share_the_connections_in_silence(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """More questions at once than connections: they wait for each other, and nothing is warned of."""
    for number in range(120):
        registry.image("app", f"1.0.{number}")
    caplog.set_level(logging.DEBUG)
    with client(registry) as asking, ThreadPoolExecutor(120) as pool:
        list(pool.map(lambda n: asking.manifest(in_it(registry, f"app:1.0.{n}")), range(120)))
    assert len(registry.asked) == 120
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_connection_is_kept_for_the_next_question(registry: Registry) -> None:
    """One connection serves questions that come one after the other."""
    peers: list[int] = []

    def counted(handler: BaseHTTPRequestHandler) -> None:
        peers.append(handler.client_address[1])
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b'{"tags":[]}')(handler)
        handler.close_connection = False

    registry.misbehave = lambda _: Reply(send=counted)
    with client(registry) as asking:
        for name in ("a", "b", "c"):
            asking.tags(in_it(registry, name))
    assert len(peers) == 3
    assert len(set(peers)) == 1


def test_a_connection_that_was_closed_while_it_idled_is_made_anew(registry: Registry) -> None:
    """A server that closes what it said it would keep costs nothing but a second connection."""
    digest = registry.image("app", "1")

    def silently_closed(handler: BaseHTTPRequestHandler) -> None:
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b'{"tags":[]}')(handler)

    registry.misbehave = lambda asked: Reply(send=silently_closed) if "tags" in asked.path else None
    with client(registry) as asking:
        for name in ("a", "b", "c"):
            asking.tags(in_it(registry, name))
        assert asking.manifest(in_it(registry, "app:1")).digest == digest


def test_content_behind_a_head_is_not_taken_for_the_next_answer(registry: Registry, tmp_path: Path) -> None:
    """A server that sends a body where there is none to send cannot slip us another answer."""
    digest, evil = registry.image("app", "1"), registry.image("app", "evil", content=b"evil")
    with client(registry, cache_dir=tmp_path) as asking:
        asking.manifest(in_it(registry, "app:1"))
    bad = registry.repositories["app"][evil][1]
    slipped = head(TYPE, f"Content-Length: {len(bad)}") + bad

    def smuggle(handler: BaseHTTPRequestHandler) -> None:
        lines = (TYPE, f"Docker-Content-Digest: {digest}", f"Content-Length: {len(slipped)}")
        raw(head(*lines) + slipped)(handler)
        handler.close_connection = False

    registry.misbehave = lambda asked: Reply(send=smuggle) if asked.method == "HEAD" else None
    with client(registry, cache_dir=tmp_path) as asking:
        assert asking.manifest(in_it(registry, "app:1")).digest == digest
        assert asking.manifest(in_it(registry, "app:evil")).digest == evil
        assert asking.tags(in_it(registry, "app")) == ("1", "evil")


def test_waiting_for_a_busy_registry_ends_when_somebody_cancels(registry: Registry) -> None:
    """The wait that a registry asks for is left at once."""
    asked, cancel = threading.Event(), CancelToken()

    def busy(_: object) -> Reply:
        asked.set()
        return Reply(status=429, headers={"Retry-After": "15"})

    registry.misbehave = busy
    cancelled_when(asked, cancel)
    with client(registry, cancel=cancel) as asking, pytest.raises(Interrupted):
        asking.tags(in_it(registry, "app"))
    assert len(registry.asked) == 1


def test_a_head_that_drips_ends_with_the_deadline(registry: Registry) -> None:
    """A server that never comes to the end of its headers is not waited for."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                handler.wfile.write(b"X: y\r\n")
                handler.wfile.flush()
                threading.Event().wait(0.05)
        except OSError:
            return

    registry.misbehave = lambda _: Reply(send=drip)
    with client(registry, seconds=0.4) as asking, pytest.raises(DeadlineExceeded):
        asking.tags(in_it(registry, "app"))


def test_a_server_that_accepts_and_says_nothing_ends_with_the_deadline() -> None:
    """Neither for TLS nor for plain HTTP."""
    for insecure in (True, False):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host = f"127.0.0.1:{silent.getsockname()[1]}"
            asking = RegistryClient(
                registries={host: RegistrySettings(host=host, insecure=insecure)},
                environ={},
                deadline=Deadline(0.5),
                cancel=CancelToken(),
                emit=lambda _: None,
            )
            with asking, pytest.raises(DeadlineExceeded):
                asking.tags(parse(f"{host}/app"))
