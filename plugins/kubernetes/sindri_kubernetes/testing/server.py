"""The HTTP side of the simulated API server: keep-alive, one write per answer, watches in chunks."""

from __future__ import annotations

import json
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sindri_kubernetes.testing import answers, api, requests, selection
from sindri_kubernetes.testing.store import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

    from sindri_kubernetes.testing.api import User
    from sindri_kubernetes.testing.requests import Request
    from sindri_kubernetes.testing.store import Store

LONGEST_WATCH = 1800.0


class Listener:
    """One port on loopback, behind which one user asks. ``record`` gets every request."""

    def __init__(self, store: Store, user: User, record: Callable[[Request], None]) -> None:
        self._server = _Server(store, user, record)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, name="simulated-api", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, store: Store, user: User, record: Callable[[Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store, self.user, self.record = store, user, record
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that went away; anything else is a bug and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection. The server has the store, the user and the recorder."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        kind, agent = self.headers.get("Content-Type", ""), self.headers.get("User-Agent", "")
        request = requests.read(self.command, self.path, self.rfile.read(length), kind, agent)
        self.server.record(request)
        if request.method == "GET" and request.query.get("watch", "") in {"1", "true"}:
            self._watch(request)
            return
        found = api.respond(self.server.store, request, self.server.user)
        self._send(found.code, found.body, found.warnings)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the names that the base class calls

    def _send(self, code: int, body: dict[str, Any], warnings: list[str]) -> None:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        lines = [f"HTTP/1.1 {code} {HTTPStatus(code).phrase}", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(content)}"]
        lines += [f"Warning: 299 - {json.dumps(warning, ensure_ascii=False)}" for warning in warnings]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + content)

    def _watch(self, request: Request) -> None:
        try:
            target = requests.target(request.path)
            api.authorise(target, request, self.server.user)
            query = request.query
            chosen = selection.chosen(query.get("labelSelector", ""), query.get("fieldSelector", ""))
        except answers.Refused as refusal:
            self._send(refusal.code, refusal.status(), [])
            return
        store = self.server.store
        start = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.wfile.write(start.encode())
        until = monotonic() + float(query.get("timeoutSeconds") or LONGEST_WATCH)
        asked = int(query.get("resourceVersion") or 0)
        with store.lock:
            seen, shown = (asked or store.version), set[str]()
            there = [] if asked else store.list(target.kind.name, target.namespace)
        for body in filter(chosen, there):
            shown.add(body["metadata"]["uid"])
            self._event("ADDED", body)
        while not store.closed and monotonic() < until:
            with store.lock:
                news = [change for change in store.history[_index(store, seen) :] if change.kind == target.kind.name]
                seen = store.version
            for change in news:
                if target.namespace in {"", change.body["metadata"].get("namespace", "")}:
                    self._tell(change.type, change.body, shown, matches=chosen(change.body), resumed=bool(asked))
            store.wait(max(0.0, until - monotonic()), seen)
        self.wfile.write(b"0\r\n\r\n")

    def _tell(self, kind: str, body: dict[str, Any], shown: set[str], *, matches: bool, resumed: bool) -> None:
        """An object that begins to match is added, one that ceases to is deleted, as the real server says."""
        uid = body["metadata"]["uid"]
        known = uid in shown or (resumed and kind != "ADDED" and matches)
        if not matches and uid not in shown:
            return
        if kind == "DELETED" or not matches:
            shown.discard(uid)
            self._event("DELETED", body)
            return
        shown.add(uid)
        self._event("MODIFIED" if known else "ADDED", body)

    def _event(self, kind: str, body: dict[str, Any]) -> None:
        line = json.dumps({"type": kind, "object": body}, ensure_ascii=False).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def log_message(self, *_: Any) -> None:
        """Say nothing on standard error."""


def _index(store: Store, seen: int) -> int:
    """The history has one entry for each version, from 1."""
    return min(seen, len(store.history))
