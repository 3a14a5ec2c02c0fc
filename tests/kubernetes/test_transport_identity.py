"""What reaches the server: who we are, through which proxy, and with which certificates."""

from __future__ import annotations

import base64
import json
import select
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import loopback
import pytest
from loopback import CANARY, Loopback, answer, answering, listening, read_from, refusal, talking, written

from sindri_core.context import CancelToken, Deadline
from sindri_core.errors import ClusterError
from sindri_kubernetes import kubeconfig
from sindri_kubernetes.api import Api
from sindri_kubernetes.kubeconfig import proxy

PATH = "/version"
IMPERSONATED = {
    "token": "t",
    "as": "jane",
    "as-uid": "7",
    "as-groups": ["b", "a", "c d"],
    "as-user-extra": {"Scope/Sub": ["1", "2"], "plain": ["x%y"]},
}


def sent(folder: Path, pki: loopback.Pki, user: Mapping[str, Any]) -> loopback.Request:
    """Send one request over TLS and return what arrived."""
    with listening(answering(answer()), pki.server()) as server:
        with talking(written(folder, f"https://{server.address}", cluster=pki.ca, user=user)) as api:
            api.get(PATH)
        return server.requests[0]


def test_impersonation_sends_all_of_it(tmp_path: Path, pki: loopback.Pki) -> None:
    """Every group, the uid and every value of every extra arrive, each as a header of its own."""
    request = sent(tmp_path, pki, IMPERSONATED)
    assert request.all("Authorization") == ["Bearer t"]
    assert request.all("Impersonate-User") == ["jane"]
    assert request.all("Impersonate-Uid") == ["7"]
    assert request.all("Impersonate-Group") == ["b", "a", "c d"]
    assert request.all("Impersonate-Extra-scope%2Fsub") == ["1", "2"]
    assert request.all("Impersonate-Extra-plain") == ["x%y"]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"token": " t\n"}, "Bearer t"),
        ({"username": "jane", "password": "a:b ä"}, "Basic " + base64.b64encode("jane:a:b ä".encode()).decode()),
        ({"tokenFile": "token"}, "Bearer from-file"),
        ({"tokenFile": "token", "token": "other"}, "Bearer from-file"),
        ({"tokenFile": "gone", "token": "other"}, "Bearer other"),
        ({}, None),
    ],
)
def test_each_way_to_log_in_arrives(
    tmp_path: Path, pki: loopback.Pki, user: dict[str, Any], expected: str | None
) -> None:
    """Tokens, token files and passwords become the header that kubectl sends."""
    (tmp_path / "token").write_text("from-file\n")
    assert sent(tmp_path, pki, user).all("Authorization") == ([expected] if expected else [])


def test_a_token_file_is_read_again(tmp_path: Path, pki: loopback.Pki) -> None:
    """Token files are rotated: the next request carries what stands there then."""
    (tmp_path / "token").write_text("one")
    with listening(answering(answer()), pki.server()) as server:
        environ = written(tmp_path, f"https://{server.address}", cluster=pki.ca, user={"tokenFile": "token"})
        with talking(environ) as api:
            api.get(PATH)
            (tmp_path / "token").write_text("two")
            api.get(PATH)
    assert [request.all("Authorization") for request in server.requests] == [["Bearer one"], ["Bearer two"]]


@pytest.mark.parametrize("content", ["", "\n", None])
def test_without_a_token_nothing_is_sent_anonymously(tmp_path: Path, pki: loopback.Pki, content: str | None) -> None:
    """An empty or missing token file is an error, and no request goes out as nobody."""
    if content is not None:
        (tmp_path / "token").write_text(content)
    with listening(answering(answer()), pki.server()) as server:
        environ = written(tmp_path, f"https://{server.address}", cluster=pki.ca, user={"tokenFile": "token"})
        with talking(environ) as api, pytest.raises(ClusterError) as caught:
            api.get(PATH)
    assert caught.value.code == "SND-K8S-005"
    assert str(tmp_path / "token") in caught.value.message
    assert not server.requests


def test_a_token_that_is_no_header_is_refused_without_being_shown(tmp_path: Path, pki: loopback.Pki) -> None:
    """A line break in a token would make further headers."""
    user = {"token": f"{CANARY}\r\nX: y"}
    with (
        talking(written(tmp_path, "https://127.0.0.1:1", cluster=pki.ca, user=user)) as api,
        pytest.raises(ClusterError) as caught,
    ):
        api.get(PATH)
    assert caught.value.code == "SND-K8S-005"
    assert CANARY not in json.dumps(caught.value.to_dict())


@pytest.mark.parametrize("user", [{"token": CANARY}, {"username": "u", "password": CANARY}])
def test_no_credential_goes_over_plain_http(tmp_path: Path, user: dict[str, Any]) -> None:
    """As with kubectl, who does not encrypt is not told who we are."""
    with (
        listening(answering(answer())) as server,
        talking(written(tmp_path, f"http://{server.address}", user=user)) as api,
    ):
        api.get(PATH)
    assert server.requests[0].all("Authorization") == []


def counting_plugin(folder: Path, status: str, **more: Any) -> dict[str, Any]:
    """Write a plugin that answers with ``status``, where ``n`` counts its runs."""
    count = folder / "runs"
    script = folder / "plugin.py"
    script.write_text(
        "import json, pathlib\n"
        f"count = pathlib.Path({str(count)!r})\n"
        "n = len(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text('x' * n)\n"
        f"print(json.dumps({{'apiVersion': {V1!r}, 'kind': 'ExecCredential', 'status': {status}}}))\n"
    )
    section = {"apiVersion": V1, "command": sys.executable, "args": [str(script)], "interactiveMode": "Never"}
    return {"exec": {**section, **more}}


V1 = "client.authentication.k8s.io/v1"


def test_a_refused_credential_is_renewed_once(tmp_path: Path, pki: loopback.Pki) -> None:
    """After a 401 the plugin is asked again; what it says then is kept, and a second 401 is the answer."""
    user = counting_plugin(tmp_path, "{'token': f'token-{n}'}")
    denied = refusal(401, "Unauthorized")
    with (
        listening(answering(denied, answer(), answer(), denied, denied, answer()), pki.server()) as server,
        talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca, user=user)) as api,
    ):
        api.get(PATH)
        api.get(PATH)
        with pytest.raises(ClusterError) as caught:
            api.get(PATH)
    assert caught.value.code == "SND-K8S-003"
    used = [request.all("Authorization")[0].removeprefix("Bearer token-") for request in server.requests]
    assert used == ["1", "2", "2", "2", "3"]


def test_a_plugins_certificate_is_shown_to_the_server(tmp_path: Path, pki: loopback.Pki) -> None:
    """A client certificate from a plugin opens a server that demands one."""
    certificate, key = ((pki.folder / f"client.{end}").read_text() for end in ("crt", "key"))
    user = counting_plugin(tmp_path, f"{{'clientCertificateData': {certificate!r}, 'clientKeyData': {key!r}}}")
    with (
        listening(answering(answer(200, {"a": 1})), pki.server(client=True)) as server,
        talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca, user=user)) as api,
    ):
        assert api.get(PATH) == {"a": 1}
        assert api.get(PATH) == {"a": 1}
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.parametrize("inline", [True, False])
def test_a_client_certificate_is_shown_to_the_server(
    tmp_path: Path, pki: loopback.Pki, inline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From files and inline alike; an inline key is gone from the disk after the connection."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = {"client-certificate": pki.folder / "client.crt", "client-key": pki.folder / "client.key"}
    user = {name: str(path) for name, path in names.items()}
    if inline:
        user = {f"{name}-data": base64.b64encode(path.read_bytes()).decode() for name, path in names.items()}
    with (
        listening(answering(answer(200, {"a": 1})), pki.server(client=True)) as server,
        talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca, user=user)) as api,
    ):
        assert api.get(PATH) == {"a": 1}
        folders = list(tmp_path.glob("sindri-tls-*"))
        assert len(folders) == int(inline)
        assert all(path.stat().st_mode & 0o077 == 0 for folder in folders for path in (folder, *folder.iterdir()))
    assert not list(tmp_path.glob("sindri-tls-*"))


def test_another_name_may_stand_in_the_certificate(tmp_path: Path, pki: loopback.Pki) -> None:
    """tls-server-name says which name to expect."""
    with listening(answering(answer(200, {"a": 1})), pki.server("named")) as server:
        cluster = {**pki.ca, "tls-server-name": "api.internal"}
        with talking(written(tmp_path, f"https://{server.address}", cluster=cluster)) as api:
            assert api.get(PATH) == {"a": 1}


def test_an_unverified_server_is_talked_to_when_the_kubeconfig_says_so(tmp_path: Path, pki: loopback.Pki) -> None:
    """insecure-skip-tls-verify accepts any certificate, without a warning at each request."""
    with listening(answering(answer(200, {"a": 1})), pki.server("expired")) as server:
        cluster = {"insecure-skip-tls-verify": True}
        with talking(written(tmp_path, f"https://{server.address}", cluster=cluster)) as api:
            assert api.get(PATH) == {"a": 1}


def test_in_a_pod_the_service_account_is_used(tmp_path: Path, pki: loopback.Pki) -> None:
    """Token, authority and namespace come from the pod's files, when no kubeconfig says otherwise."""
    (tmp_path / "ca.crt").write_bytes((pki.folder / "ca.crt").read_bytes())
    (tmp_path / "token").write_text("of-the-pod\n")
    (tmp_path / "namespace").write_text("team\n")
    with listening(answering(answer(200, {"a": 1})), pki.server()) as server:
        environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}
        access = kubeconfig.resolve(environ, service_account=tmp_path)
        assert (access.context, access.namespace) == ("in-cluster", "team")
        api = Api(access, deadline=Deadline(9), cancel=CancelToken(), emit=lambda _: None, user_agent="test")
        assert api.get(PATH) == {"a": 1}
        api.close()
    assert server.requests[0].all("Authorization") == ["Bearer of-the-pod"]


def test_a_kubeconfig_in_a_pod_comes_first(tmp_path: Path) -> None:
    """Its context is used; where it names no namespace, kubectl takes the pod's, and so do we."""
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("team")
    environ = {"KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1", **written(tmp_path, "https://other")}
    access = kubeconfig.resolve(environ, service_account=tmp_path)
    assert (access.context, access.server, access.namespace) == ("k", "https://other", "team")
    assert kubeconfig.resolve(environ, service_account=tmp_path, namespace="n").namespace == "n"


def relay(client: socket.socket, port: int, over: threading.Event) -> None:
    """Pass bytes in both directions until one side ends; every name means this machine."""
    with socket.create_connection(("127.0.0.1", port)) as target:
        while not over.is_set():
            ready, _, _ = select.select([client, target], [], [], 0.1)
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                (target if one is client else client).sendall(data)


def http_proxy(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
    """Answer CONNECT as a proxy does; the connection then belongs to both ends."""
    request = read_from(connection.makefile("rb", buffering=0))
    assert request
    server.requests.append(request)
    port = request.line.split()[1].rpartition(":")[2]
    connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    relay(connection, int(port), over)


def socks_proxy(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
    """Answer SOCKS 5 without a password, for names only (RFC 1928)."""
    stream = connection.makefile("rb", buffering=0)
    stream.read(stream.read(2)[1])
    connection.sendall(b"\x05\x00")
    kind = stream.read(4)[3]
    name = stream.read(stream.read(1)[0]).decode() if kind == 3 else "an address"
    port = int.from_bytes(stream.read(2), "big")
    server.requests.append(loopback.Request(name, []))
    connection.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    relay(connection, port, over)


@contextmanager
def proxied(folder: Path, pki: loopback.Pki, behave: loopback.Behave, scheme: str, login: str = "") -> Any:
    """Give an Api that reaches a server named api.internal only through a proxy, and both."""
    with listening(answering(answer(200, {"a": 1})), pki.server("named")) as server, listening(behave) as between:
        cluster = {**pki.ca, "proxy-url": f"{scheme}://{login}{between.address}"}
        with talking(written(folder, f"https://api.internal:{server.port}", cluster=cluster)) as api:
            yield api, server, between


@pytest.mark.parametrize("login", ["", f"me:{CANARY}@"])
def test_a_request_goes_through_the_proxy_of_the_kubeconfig(tmp_path: Path, pki: loopback.Pki, login: str) -> None:
    """The proxy sees the address and its own password; our token only the server behind it."""
    with proxied(tmp_path, pki, http_proxy, "http", login) as (api, server, between):
        assert api.get(PATH) == {"a": 1}
        request = between.requests[0]
        assert request.line.startswith(f"CONNECT api.internal:{server.port} ")
        assert request.all("Authorization") == []
        expected = ["Basic " + base64.b64encode(f"me:{CANARY}".encode()).decode()] if login else []
        assert request.all("Proxy-Authorization") == expected
        assert server.requests[0].all("Authorization") == [f"Bearer {CANARY}"]
        assert server.requests[0].all("Proxy-Authorization") == []


def test_a_socks_proxy_resolves_the_name(tmp_path: Path, pki: loopback.Pki) -> None:
    """As with kubectl the proxy gets the name: only it may know the cluster's names."""
    pytest.importorskip("socks", reason="SOCKS needs the package PySocks")
    with proxied(tmp_path, pki, socks_proxy, "socks5") as (api, server, between):
        assert api.get(PATH) == {"a": 1}
        assert between.requests[0].line == "api.internal"
        assert len(server.requests) == 1


def test_a_socks_proxy_without_its_package_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is sent, with what to install."""
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    environ = written(tmp_path, "https://api.internal", cluster={"proxy-url": "socks5://127.0.0.1:1"})
    with talking(environ) as api, pytest.raises(ClusterError) as caught:
        api.get(PATH)
    assert caught.value.code == "SND-K8S-005"
    assert "PySocks" in caught.value.hint


def refusing(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
    """Be a proxy that wants another password."""
    with suppress(OSError):
        read_from(connection.makefile("rb", buffering=0))
        connection.sendall(answer(407, CANARY.encode(), {"Proxy-Authenticate": "Basic"}))


def test_a_proxy_that_refuses_is_named_without_its_password(tmp_path: Path, pki: loopback.Pki) -> None:
    """It is the proxy that fails, not the server; its password and its answer stay unseen."""
    with (
        proxied(tmp_path, pki, refusing, "http", f"me:{CANARY}@") as (api, _server, _between),
        pytest.raises(ClusterError) as caught,
    ):
        api.get(PATH)
    assert caught.value.code == "SND-K8S-001"
    assert "proxy" in caught.value.message
    assert CANARY not in json.dumps(caught.value.to_dict())


def test_a_proxy_that_is_down_is_named(tmp_path: Path) -> None:
    """The hint says where proxies are configured."""
    cluster = {"proxy-url": f"http://me:{CANARY}@127.0.0.1:1"}
    with (
        talking(written(tmp_path, "https://api.internal", cluster=cluster)) as api,
        pytest.raises(ClusterError) as caught,
    ):
        api.get(PATH)
    assert caught.value.code == "SND-K8S-001"
    assert "proxy-url" in caught.value.hint
    assert CANARY not in json.dumps(caught.value.to_dict())


def test_the_environments_proxy_is_the_runs_own(
    tmp_path: Path, pki: loopback.Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY of the process means nothing to a run that was given another environment."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with (
        listening(answering(answer(200, {"a": 1})), pki.server()) as server,
        talking(written(tmp_path, f"https://{server.address}", cluster=pki.ca)) as api,
    ):
        assert api.get(PATH) == {"a": 1}


P = "http://proxy:3128"


@pytest.mark.parametrize(
    ("server", "configured", "environ", "expected"),
    [
        ("https://h", "", {}, ""),
        ("https://h", P, {"HTTPS_PROXY": "http://other", "NO_PROXY": "*"}, P),
        ("https://h", "", {"HTTPS_PROXY": P}, P),
        ("https://h", "", {"https_proxy": P}, P),
        ("https://h", "", {"HTTP_PROXY": P}, ""),
        ("http://h", "", {"HTTP_PROXY": P}, P),
        ("https://h", "", {"HTTPS_PROXY": "proxy:3128"}, P),
        ("https://localhost:1", "", {"HTTPS_PROXY": P}, ""),
        ("https://127.0.0.9:1", "", {"HTTPS_PROXY": P}, ""),
        ("https://[::1]:1", "", {"HTTPS_PROXY": P}, ""),
        ("https://a.b.c", "", {"HTTPS_PROXY": P, "NO_PROXY": "b.c"}, ""),
        ("https://a.b.c", "", {"HTTPS_PROXY": P, "no_proxy": " .b.c ,x"}, ""),
        ("https://b.c", "", {"HTTPS_PROXY": P, "NO_PROXY": ".b.c"}, P),
        ("https://xb.c", "", {"HTTPS_PROXY": P, "NO_PROXY": "b.c"}, P),
        ("https://h:6443", "", {"HTTPS_PROXY": P, "NO_PROXY": "h:6443"}, ""),
        ("https://h:6443", "", {"HTTPS_PROXY": P, "NO_PROXY": "h:443"}, P),
        ("https://h", "", {"HTTPS_PROXY": P, "NO_PROXY": "h:443"}, ""),
        ("https://10.1.2.3", "", {"HTTPS_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://10.1.2.3", "", {"HTTPS_PROXY": P, "NO_PROXY": "10.1.2.3"}, ""),
        ("https://11.1.2.3", "", {"HTTPS_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, P),
        ("https://[fd00::1]:6443", "", {"HTTPS_PROXY": P, "NO_PROXY": "[fd00::1]:6443"}, ""),
        ("https://h", "", {"HTTPS_PROXY": P, "NO_PROXY": "*"}, ""),
    ],
)
def test_the_proxy_is_chosen_as_go_chooses_it(
    server: str, configured: str, environ: dict[str, str], expected: str
) -> None:
    """proxy-url first, then the environment with NO_PROXY: names, domains, ports, addresses, networks, this machine."""
    assert proxy.choose(server, configured, environ) == expected


@pytest.mark.parametrize("address", ["ftp://p", "http://", "http://p:x", "http://p:0", "//"])
def test_a_proxy_that_is_no_address_is_refused(address: str) -> None:
    """Before anything is sent, and without repeating it: it may hold a password."""
    with pytest.raises(ClusterError) as caught:
        proxy.choose("https://h", address, {})
    assert caught.value.code == "SND-K8S-005"
