"""Whatever the server does: a stable code, the server's address, what to do, in time, and no secret."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loopback
import pytest
from loopback import CANARY, Loopback, answer, answering, dripping, listening, refusal, sending, talking, written

from sindri_core.errors import ClusterError
from sindri_kubernetes import transport

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api

PATH = "/api/v1/namespaces/n/configmaps/c"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def clear(error: ClusterError, code: str, address: str) -> str:
    """Fail unless the error has the code, names the server, says what to do, and holds no secret. Returns its text."""
    text = json.dumps(error.to_dict())
    assert error.code == code, text
    assert address in text
    assert error.hint
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert CANARY not in text
    assert "0x" not in text
    assert len(text) < 1500
    return text


def test_a_refused_connection_is_tried_again_and_then_named(tmp_path: Path) -> None:
    """Nobody listens: the address, and whether the cluster runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with talking(written(tmp_path, f"https://{address}")) as api, pytest.raises(ClusterError) as caught:
        api.get(PATH)
    clear(caught.value, "SND-K8S-001", address)


def test_an_unknown_name_is_named(tmp_path: Path) -> None:
    """A name that does not resolve is told from a server that is down."""
    with talking(written(tmp_path, "https://nowhere.invalid:6443")) as api, pytest.raises(ClusterError) as caught:
        api.get(PATH)
    assert "name" in clear(caught.value, "SND-K8S-001", "nowhere.invalid")


NEVER = {
    "silent": sending(then_wait=True),
    "half-a-header": sending(b"HTTP/1.1 200 O", then_wait=True),
    "drips-headers": dripping(b"HTTP/1.1 200 OK\r\n", b"x"),
    "drips-a-body": dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b"1"),
    "drips-chunk-sizes": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "stops-in-the-body": sending(HEAD + b"Content-Length: 100\r\n\r\n{", then_wait=True),
    "only-interim-answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("name", NEVER)
def test_a_server_that_never_finishes_ends_with_the_deadline(tmp_path: Path, name: str) -> None:
    """However it drags its answer out, the run's time is kept."""
    with listening(NEVER[name]) as server:
        began = time.monotonic()
        with (
            talking(written(tmp_path, f"http://{server.address}"), seconds=0.6) as api,
            pytest.raises(ClusterError) as caught,
        ):
            api.get(PATH)
        assert time.monotonic() - began < 5
        assert caught.value.code in {"SND-K8S-008", "SND-RUN-002"}
        assert server.address in caught.value.message
        assert len(server.requests) == 1


@pytest.mark.parametrize("name", NEVER)
def test_a_watch_ends_in_time_whatever_the_server_does(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch is over when its seconds are, and raises nothing."""
    monkeypatch.setattr(transport, "GRACE", 0.1)
    with listening(NEVER[name]) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        began = time.monotonic()
        assert list(api.watch("/api/v1/pods", seconds=0.3)) == []
        assert time.monotonic() - began < 5


NO_API: dict[str, tuple[bytes, str]] = {
    "garbage": (b"\x00\xffSSH-2.0-OpenSSH " + CANARY.encode() + b"\r\n\r\n", "does not speak HTTP"),
    "login-page": (answer(200, f"<html>Log in {CANARY}</html>".encode()), "not a JSON object"),
    "login-redirect": (answer(302, b"", {"Location": f"https://login/?{CANARY}"}), "sends elsewhere"),
    "gateway-page": (answer(404, b" <html>nothing here</html>"), "web page"),
    "json-list": (answer(200, []), "not a JSON object"),
    "deep-json": (answer(200, b"[" * 200_000), "not a JSON object"),
    "wants-https": (answer(400, b"Client sent an HTTP request to an HTTPS server.\n"), "HTTPS"),
    "endless-header": (HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", "does not speak HTTP"),
}


@pytest.mark.parametrize("name", NO_API)
def test_what_is_no_api_server_is_recognised(tmp_path: Path, name: str) -> None:
    """Something else answers there: said so, without repeating what it sent."""
    sent, said = NO_API[name]
    with listening(sending(sent)) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        with pytest.raises(ClusterError) as caught:
            api.get(PATH)
        assert said in clear(caught.value, "SND-K8S-009", server.address)


def test_plain_http_where_https_is_expected_is_recognised(tmp_path: Path) -> None:
    """An HTTP server, or a proxy, at an https address."""

    def refuse(_server: Loopback, connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer(400, b"Bad Request"))

    with listening(refuse) as server, talking(written(tmp_path, f"https://{server.address}")) as api:
        with pytest.raises(ClusterError) as caught:
            api.get(PATH)
        assert "does not speak TLS" in clear(caught.value, "SND-K8S-009", server.address)


@pytest.mark.parametrize(
    ("certificate", "trusted", "said"),
    [
        ("good", False, "not signed by the authority"),
        ("expired", True, "has expired"),
        ("named", True, "for another address"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_is_refused(
    tmp_path: Path, pki: loopback.Pki, certificate: str, trusted: bool, said: str
) -> None:
    """Who signed it, until when it holds and for whom it is: each is named, and no request is sent."""
    with listening(answering(answer()), pki.server(certificate)) as server:
        environ = written(tmp_path, f"https://{server.address}", cluster=pki.ca if trusted else {})
        with talking(environ) as api, pytest.raises(ClusterError) as caught:
            api.get(PATH)
        assert said in clear(caught.value, "SND-K8S-002", server.address)
        assert not server.requests


def test_a_server_that_wants_a_client_certificate_is_understood(tmp_path: Path, pki: loopback.Pki) -> None:
    """Without one the handshake fails, which is no broken network."""
    with listening(answering(answer()), pki.server(client=True)) as server:
        with (
            talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca)) as api,
            pytest.raises(ClusterError) as caught,
        ):
            api.get(PATH)
        assert "client certificate" in clear(caught.value, "SND-K8S-002", server.address)


CUT = {
    "nothing": b"",
    "in-the-headers": b"HTTP/1.1 200 OK\r\nContent-",
    "in-the-body": HEAD + b'Content-Length: 100\r\n\r\n{"a": 1',
    "in-a-chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\n{",
    "between-chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
}


@pytest.mark.parametrize("name", CUT)
def test_a_broken_connection_is_tried_again_only_where_that_is_safe(tmp_path: Path, name: str) -> None:
    """A read is sent three times, a creation once: it may have been done."""
    with listening(sending(CUT[name])) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        with pytest.raises(ClusterError) as caught:
            api.get(PATH)
        assert "broke the connection" in clear(caught.value, "SND-K8S-001", server.address)
        assert len(server.requests) == transport.TRIES
        with pytest.raises(ClusterError):
            api.create("/api/v1/namespaces/n/configmaps", {"kind": "ConfigMap"})
        assert len(server.requests) == transport.TRIES + 1


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 99999999999\r\n\r\n",
        HEAD + b"Content-Length: 5000\r\n\r\n" + b"[" * 5000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1388\r\n" + b"[" * 5000 + b"\r\n",
        HEAD + b"\r\n" + b"[" * 5000,
    ],
)
def test_a_huge_answer_is_not_read(tmp_path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Announced or not, an answer over the limit ends the request."""
    monkeypatch.setattr(transport, "LARGEST", 4096)
    with listening(sending(sent)) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        with pytest.raises(ClusterError) as caught:
            api.get(PATH)
        clear(caught.value, "SND-K8S-009", server.address)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (401, "Unauthorized", "SND-K8S-003"),
        (403, "Forbidden", "SND-K8S-004"),
        (409, "AlreadyExists", "SND-K8S-010"),
        (422, "Invalid", "SND-K8S-010"),
        (429, "TooManyRequests", "SND-K8S-010"),
        (500, "InternalError", "SND-K8S-010"),
        (503, "ServiceUnavailable", "SND-K8S-010"),
    ],
)
def test_refusals_have_their_codes(tmp_path: Path, status: int, reason: str, code: str) -> None:
    """Each status ends with its error; what the server said is repeated, the credential is not."""
    with (
        listening(answering(refusal(status, reason, "the reason"))) as server,
        talking(written(tmp_path, f"http://{server.address}")) as api,
        pytest.raises(ClusterError) as caught,
    ):
        api.create("/api/v1/namespaces/n/configmaps", {"kind": "ConfigMap"})
    text = json.dumps(caught.value.to_dict())
    assert caught.value.code == code
    assert "the reason" in text
    assert caught.value.hint
    assert (server.address in text) == (status in {401, 429, 500, 503})


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_passing_failure_is_tried_again_only_where_that_is_safe(tmp_path: Path, status: int) -> None:
    """Reads, applies and deletions of one UID are repeated; creations and other deletions are not."""
    sends: list[tuple[int, Callable[[Api], object]]] = [
        (3, lambda api: api.get(PATH)),
        (3, lambda api: api.apply(PATH, {"kind": "ConfigMap"})),
        (3, lambda api: api.delete(PATH, uid="1")),
        (1, lambda api: api.delete(PATH)),
        (1, lambda api: api.create(PATH, {"kind": "ConfigMap"})),
    ]
    with listening(answering(refusal(status))) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        for expected, send in sends:
            server.requests.clear()
            with pytest.raises(ClusterError):
                send(api)
            assert len(server.requests) == expected


def test_a_passing_failure_passes(tmp_path: Path) -> None:
    """The answer of the second attempt counts."""
    with (
        listening(answering(refusal(503), answer(200, {"a": 1}))) as server,
        talking(written(tmp_path, f"http://{server.address}")) as api,
    ):
        assert api.get(PATH) == {"a": 1}


@pytest.mark.parametrize(("after", "sent"), [("0", 2), ("31", 1), ("99999999999999", 1), ("Wed, 21 Oct", 2), ("-1", 2)])
def test_who_is_asked_to_wait_waits_but_not_for_ever(tmp_path: Path, after: str, sent: int) -> None:
    """Retry-After is obeyed for any verb up to half a minute; beyond that the answer is an error at once."""
    busy = answer(429, {"kind": "Status", "message": "slow down"}, {"Retry-After": after})
    with (
        listening(answering(busy, answer(201, {"a": 1}))) as server,
        talking(written(tmp_path, f"http://{server.address}")) as api,
    ):
        if sent == 1:
            with pytest.raises(ClusterError) as caught:
                api.create(PATH, {})
            assert caught.value.code == "SND-K8S-010"
        else:
            assert api.create(PATH, {}) == {"a": 1}
        assert len(server.requests) == sent


def test_a_wait_that_the_deadline_forbids_is_not_begun(tmp_path: Path) -> None:
    """A Retry-After longer than what is left ends with the server's answer."""
    busy = answer(429, {"kind": "Status", "message": "slow down"}, {"Retry-After": "20"})
    with listening(answering(busy)) as server:
        with (
            talking(written(tmp_path, f"http://{server.address}"), seconds=10) as api,
            pytest.raises(ClusterError, match="slow down"),
        ):
            api.get(PATH)
        assert len(server.requests) == 1


def test_a_dry_deletion_says_so_in_its_body(tmp_path: Path) -> None:
    """Where there is a body the server does not read the query: dryRun stands in the body, or it would delete."""
    with listening(answering(answer())) as server, talking(written(tmp_path, f"http://{server.address}")) as api:
        api.delete(PATH, uid="7", dry_run=True)
        api.delete(PATH)
    dry, real = (json.loads(request.body) for request in server.requests)
    assert dry["dryRun"] == ["All"]
    assert dry["preconditions"] == {"uid": "7"}
    assert "dryRun" not in real


def test_what_is_said_of_a_secret_is_not_repeated(tmp_path: Path) -> None:
    """A refusal may echo a Secret's value; field and reason stay."""
    causes: list[Any] = [{"field": "data.key", "reason": "FieldValueInvalid", "message": CANARY}]
    with (
        listening(answering(refusal(422, "Invalid", CANARY, causes=causes))) as server,
        talking(written(tmp_path, f"http://{server.address}")) as api,
        pytest.raises(ClusterError) as caught,
    ):
        api.apply("/api/v1/namespaces/n/secrets/s", {"kind": "Secret"})
    text = json.dumps(caught.value.to_dict())
    assert CANARY not in text
    assert "data.key" in text


def test_a_tls_server_that_hangs_up_is_a_broken_connection(tmp_path: Path, pki: loopback.Pki) -> None:
    """Also behind TLS a connection that breaks is named, and no traceback of ssl comes through."""
    with (
        listening(sending(HEAD + b"Content-Length: 9\r\n\r\n{"), pki.server()) as server,
        talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca)) as api,
        pytest.raises(ClusterError) as caught,
    ):
        api.get(PATH)
    clear(caught.value, "SND-K8S-001", server.address)
    assert not isinstance(caught.value, ssl.SSLError)
