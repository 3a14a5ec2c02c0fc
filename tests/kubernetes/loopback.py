"""Servers on this machine that misbehave as they are told, with and without TLS, and an Api that talks to them."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sindri_core.context import CancelToken, Deadline
from sindri_kubernetes import kubeconfig
from sindri_kubernetes.api import Api

CANARY = "s3cr3t-canary"


@dataclass(slots=True)
class Request:
    """What reached the server."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """The values of a header, in their order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(slots=True)
class Loopback:
    """One server. ``behave`` gets each connection."""

    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"


Behave = Callable[[Loopback, socket.socket, threading.Event], None]


@contextmanager
def listening(behave: Behave, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server, over, open_ = Loopback(listener.getsockname()[1]), threading.Event(), set[socket.socket]()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            if tls:
                open_.discard(connection)
                connection = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                open_.add(connection)
                if not _greeted(connection):
                    return
            behave(server, connection, over)
        connection.close()

    def accept() -> None:
        while not over.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                server.connections += 1
                open_.add(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in list(open_):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def _greeted(connection: ssl.SSLSocket) -> bool:
    """Shake hands. Who is refused may read why, before the connection is closed."""
    try:
        connection.do_handshake()
    except ssl.SSLError:
        with socket.socket(fileno=connection.detach()) as raw:
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                continue
        return False
    return True


def read(connection: socket.socket) -> Request | None:
    """Read one request; None when the client went away."""
    with connection.makefile("rb") as stream:
        return read_from(stream)


def read_from(stream: Any) -> Request | None:
    """Read one request from a stream."""
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers = []
    while text := stream.readline().decode().strip():
        name, _, value = text.partition(":")
        headers.append((name.strip(), value.strip()))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(line, headers, stream.read(length))


def answer(status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Write an answer. A body that is no bytes goes as JSON."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def refusal(status: int, reason: str = "", message: str = "no", **details: object) -> bytes:
    """Write an answer with a Status, as the API server does."""
    body = {"kind": "Status", "code": status, "reason": reason, "message": message, "details": details}
    return answer(status, body)


def answering(*answers: bytes) -> Behave:
    """Give one answer to each request, and the last one to all that follow; then the connection stays open."""

    def behave(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
        with connection.makefile("rb") as stream:
            while request := read_from(stream):
                server.requests.append(request)
                connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return behave


def sending(*parts: bytes, then_wait: bool = False) -> Behave:
    """Send these bytes after the request, and close, or say nothing more."""

    def behave(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
        if request := read(connection):
            server.requests.append(request)
            for part in parts:
                connection.sendall(part)
            if then_wait:
                over.wait()

    return behave


def dripping(first: bytes, drop: bytes) -> Behave:
    """Send something, and then a little, again and again."""

    def behave(server: Loopback, connection: socket.socket, over: threading.Event) -> None:
        if request := read(connection):
            server.requests.append(request)
            connection.sendall(first)
            while not over.wait(0.02):
                connection.sendall(drop)

    return behave


def written(
    folder: Path, server: str, *, cluster: Mapping[str, Any] | None = None, user: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Write a kubeconfig for a server and return the environment that names it."""
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": dict({"token": CANARY} if user is None else user)}],
        "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "k",
    }
    path.write_text(json.dumps(content))
    return {"KUBECONFIG": str(path)}


@contextmanager
def talking(environ: Mapping[str, str], seconds: float = 20) -> Iterator[Api]:
    """Open an Api."""
    access = kubeconfig.resolve(environ)
    api = Api(access, deadline=Deadline(seconds), cancel=CancelToken(), emit=lambda _: None, user_agent="test")
    try:
        yield api
    finally:
        api.close()


@dataclass(frozen=True, slots=True)
class Pki:
    """A certificate authority, and certificates by what is the matter with them."""

    folder: Path

    def server(self, name: str = "good", *, client: bool = False) -> ssl.SSLContext:
        """Make a server's side of TLS; ``client`` demands a certificate of the client."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.folder / "ca.crt")
        return context

    @property
    def ca(self) -> dict[str, str]:
        """The part of a cluster's entry that trusts this authority."""
        return {"certificate-authority": str(self.folder / "ca.crt")}


def make_pki(folder: Path, certificates: Sequence[tuple[str, str, Sequence[str]]]) -> Pki:
    """Make an authority with openssl, and (name, subjectAltName, further options) certificates."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)  # noqa: S607

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch")
    openssl("req", "-x509", *key, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30")
    for name, alternative, options in certificates:
        openssl("req", "-new", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\nbasicConstraints=CA:FALSE\n")
        sign = ("x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        openssl(*sign, "-in", f"{name}.csr", "-out", f"{name}.crt", *options)
    return Pki(folder)
