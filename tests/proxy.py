"""An HTTP proxy in front of an API server that writes down what passes, and can cut the connection at any request.

It speaks plain HTTP on both sides: to the simulated cluster itself, or to ``kubectl proxy``, which holds the
credentials for a real one.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from served import Served

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
READING = {"GET", "HEAD"}
QUESTIONS = ("/selfsubjectaccessreviews", "/selfsubjectreviews")
"""What is posted and stored nowhere."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer. ``status`` is 0 where the connection was cut; a watch has no answer here."""

    method: str
    path: str
    query: str
    sent: bytes
    status: int
    answered: bytes

    @property
    def is_write(self) -> bool:
        """Whether the server stores something for it."""
        if self.method in READING or self.path.endswith(QUESTIONS) or "dryRun=All" in self.query:
            return False
        return not (self.method == "DELETE" and "dryRun" in json.loads(self.sent or b"{}"))


@dataclass
class Cut:
    """Where to cut: at the ``at``-th request (from 1; 0 never), and whether the server still sees that request.

    ``writes`` counts only what would be stored. Every request after the cut is lost too.
    """

    at: int = 0
    forwarded: bool = False
    writes: bool = False
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, is_write: bool) -> bool:
        """Note a request; say whether it is to be cut, as every later one."""
        with self.lock:
            cutting = 0 < self.at <= self.seen
            self.seen += is_write or not self.writes
            return cutting or 0 < self.at <= self.seen


class Proxy(Served):
    """The proxy, as a context manager. ``kubeconfig`` leads through it, ``exchanges`` is what has passed."""

    def __init__(self, upstream_port: int, folder: Path) -> None:
        self.cut = Cut()
        self.exchanges: list[Exchange] = []
        super().__init__(_handler(self, upstream_port))
        self.kubeconfig = folder / "kubeconfig-of-the-proxy"
        self.kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: proxied\n"
            f'clusters: [{{name: proxied, cluster: {{server: "{self.address}"}}}}]\n'
            "users: [{name: nobody, user: {}}]\n"
            "contexts: [{name: proxied, context: {cluster: proxied, user: nobody, namespace: default}}]\n"
        )

    @property
    def writes(self) -> list[str]:
        """What has passed and was stored, as ``METHOD path``."""
        return [f"{exchange.method} {exchange.path}" for exchange in self.exchanges if exchange.is_write]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    proxy: Proxy
    upstream_port: int
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        cut = self.proxy.cut
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        cutting = cut.count(is_write=self._seen(sent, 0, b"").is_write)
        watching = "watch=1" in self.path
        if cutting and (watching or not cut.forwarded):
            self._note(sent, 0, b"")
            self._drop()
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        upstream.request(self.command, self.path, body=sent or None, headers=headers)
        answer = upstream.getresponse()
        if watching:
            self._note(sent, answer.status, b"")
            self._stream(answer)
        else:
            content = answer.read()
            self._note(sent, 0 if cutting else answer.status, content)
            if cutting:
                self._drop()
            else:
                self._answer(answer, content)
        upstream.close()

    def _seen(self, sent: bytes, status: int, answered: bytes) -> Exchange:
        path, _, query = self.path.partition("?")
        return Exchange(method=self.command, path=path, query=query, sent=sent, status=status, answered=answered)

    def _note(self, sent: bytes, status: int, answered: bytes) -> None:
        self.proxy.exchanges.append(self._seen(sent, status, answered))

    def _head(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self._head(answer)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, answer: http.client.HTTPResponse) -> None:
        """Pass a watch on as it comes; it ends with the connection."""
        self._head(answer)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while part := answer.read1(1 << 16):
                self.wfile.write(part)
        except (OSError, http.client.HTTPException):
            return  # one of both sides has seen enough

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


for _verb in ("GET", "POST", "PATCH", "PUT", "DELETE"):
    setattr(Handler, f"do_{_verb}", Handler._pass_on)


def _handler(to: Proxy, port: int) -> type[Handler]:
    class Bound(Handler):
        proxy, upstream_port = to, port

    return Bound
