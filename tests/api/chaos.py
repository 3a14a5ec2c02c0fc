"""An HTTP proxy that cuts the connection at the n-th request, before or after the server has seen it.

It stands between sindri and ``kubectl proxy``, which holds the credentials, so that both sides speak plain HTTP here.
"""

from __future__ import annotations

import http.client
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Cut:
    """Where to cut: at the ``at``-th request (from 1; 0 never), and whether the server still sees that request."""

    at: int = 0
    forwarded: bool = False
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, request: str) -> bool:
        """Note the request; say whether it and every later one is to be cut."""
        with self.lock:
            self.seen.append(request)
            return 0 < self.at <= len(self.seen)


class ChaosProxy:
    """The proxy, as a context manager. ``kubeconfig`` leads through it."""

    def __init__(self, upstream_port: int, folder: Path) -> None:
        self.cut = Cut()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, upstream_port))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.kubeconfig = folder / "chaos-kubeconfig"
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.kubeconfig.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: chaos\n"
            f'clusters: [{{name: chaos, cluster: {{server: "{address}"}}}}]\n'
            "users: [{name: nobody, user: {}}]\n"
            "contexts: [{name: chaos, context: {cluster: chaos, user: nobody, namespace: default}}]\n"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: ChaosProxy, upstream_port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            cut = proxy.cut
            cutting = cut.count(f"{self.command} {self.path}")
            if cutting and not cut.forwarded:
                self._drop()
                return
            upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=30)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            upstream.request(self.command, self.path, body=body or None, headers=headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if cutting:
                self._drop()
                return
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _drop(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

    for verb in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._pass_on)
    return Handler
