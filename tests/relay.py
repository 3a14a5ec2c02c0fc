"""Connections on loopback that somebody else answers: accepted one by one, and passed on as they are, or late."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Give each connection to ``serve`` in a thread of its own; yield where to connect to (``127.0.0.1:PORT``)."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def pass_on(source: socket.socket, target: socket.socket, *, seconds: float = 0.0) -> None:
    """Send to the one what the other says until it says no more, each part so many seconds late."""
    try:
        while part := source.recv(1 << 20):
            time.sleep(seconds)
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
