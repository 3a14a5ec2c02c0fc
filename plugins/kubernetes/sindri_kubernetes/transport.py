"""Bytes to the API server and back, over the connection pool of the Kubernetes client.

Every request is bounded: five seconds to connect, thirty without an answer, and never past the run's deadline, however
slowly the server drips; and so is every answer. What may be sent twice is sent again after a broken connection or a 5xx
answer; a 429 was refused before it did anything, so any verb is.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from sindri_core.bounded import within
from sindri_core.events import RequestSent
from sindri_kubernetes import pool
from sindri_kubernetes.unreachable import too_large, unreachable

if TYPE_CHECKING:
    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_kubernetes.kubeconfig import Access
    from sindri_kubernetes.kubeconfig.login import Credential
    from sindri_kubernetes.kubeconfig.material import TlsFiles

CONNECT, READ = 5.0, 30.0
TRIES = 3
CONNECTIONS = 2
"""How often a connection is tried that nobody accepts: a server that is down stays so for longer than we wait."""
GRACE = 5.0
"""Seconds that a server may take to end a watch after it was asked to."""
PART = 65536
LARGEST = 64 << 20
"""Bytes of one answer. Collections come in pages, and the largest objects have 1.5 MB."""
PATIENCE = 30.0
"""Seconds that we wait because the server asks for it; who is asked to wait longer is told."""
TOO_MANY, UNAUTHORIZED = 429, 401
PASSING = frozenset({500, 502, 503, 504})


class Pool(NamedTuple):
    """Connections that were made with one client certificate, and the files that it stands in."""

    manager: Any
    files: TlsFiles
    certificate: str


class Transport:
    """Sends requests to one server as one user. Thread-safe."""

    def __init__(
        self,
        access: Access,
        *,
        deadline: Deadline,
        cancel: CancelToken,
        emit: Callable[[Event], None],
        user_agent: str,
    ) -> None:
        self._access, self._deadline, self._cancel, self._emit = access, deadline, cancel, emit
        self._agent = user_agent
        self._pools: list[Pool] = []
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send a request and return status, body and headers. Raises ``ClusterError`` when nobody answers in time."""
        from urllib3.exceptions import HTTPError

        refused: Credential | None = None
        attempt = 0
        while True:
            attempt += 1
            self._cancel.check()
            self._deadline.check(f"asking the API server at {self._access.server}")
            credential = self._access.credential(seconds=self._deadline.left(), refused=refused)
            try:
                answer = self._once(method, path, body, headers or {}, credential)
            except (HTTPError, OSError) as error:
                again = repeatable and attempt < _tries(error)
                if not again or not self._pause(attempt):
                    raise unreachable(error, self._access) from None
                continue
            status = answer[0]
            if status == UNAUTHORIZED and self._access.renewable and refused is None:
                refused = credential
                continue
            again = attempt < TRIES and (status == TOO_MANY or (repeatable and status in PASSING))
            if not again or not self._pause(attempt, answer[2].get("Retry-After")):
                return answer

    def stream(self, path: str, seconds: float) -> Iterator[bytes]:
        """Read the lines of a watch for about ``seconds``. Ends early when the server ends it or says nothing."""
        from urllib3.exceptions import HTTPError

        seconds = min(seconds + GRACE, self._deadline.left())
        end = time.monotonic() + seconds
        credential = self._access.credential(seconds=self._deadline.left())
        response = None
        try:
            response = self._open("GET", path, None, {}, credential, read=seconds)
            rest = b""
            while len(rest) < LARGEST and (part := _part(response, end - time.monotonic())):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    self._cancel.check()
                    if line.strip():
                        yield line
        except (HTTPError, OSError):
            return
        finally:
            if response is not None:
                response.close()

    def close(self) -> None:
        """Close the connections and remove what the TLS library needed as files."""
        with self._lock:
            for known in self._pools:
                known.manager.clear()
                known.files.close()
            self._pools.clear()

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], credential: Credential
    ) -> tuple[int, bytes, Mapping[str, str]]:
        began, status = time.monotonic(), 0
        try:
            response = self._open(method, path, body, headers, credential, read=READ)
            content = self._content(response)
            status = int(response.status)
            return status, content, response.headers
        finally:
            url = self._access.server + path.partition("?")[0]
            self._emit(RequestSent(method=method, url=url, status=status, seconds=time.monotonic() - began))

    def _open(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        credential: Credential,
        *,
        read: float,
    ) -> Any:
        from urllib3 import HTTPHeaderDict, Timeout

        left = max(0.05, self._deadline.left())
        sent = HTTPHeaderDict({"User-Agent": self._agent, "Accept": "application/json"}, **headers)
        for name, value in self._access.headers(credential):
            sent.add(name, value)
        manager = self._pool(credential)
        read = min(read, left)
        return within(
            read,
            lambda: manager.request(
                method,
                self._access.server + path,
                body=body,
                headers=sent,
                timeout=Timeout(connect=min(CONNECT, left), read=read),
                retries=False,
                redirect=False,
                preload_content=False,
            ),
            discard=lambda response: response.close(),
        )

    def _content(self, response: Any) -> bytes:
        """Read a body part by part, so that neither a server that drips nor one that never ends can hold us."""
        parts, size = [], int(response.length_remaining or 0)
        received = 0
        with ExitStack() as failing:
            failing.callback(response.close)
            while size <= LARGEST and (part := _part(response, min(READ, self._deadline.left()))):
                parts.append(part)
                received += len(part)
                size = max(size, received)
                self._deadline.check(f"reading the answer of {self._access.server}")
            if size > LARGEST:
                raise too_large(self._access, LARGEST)
            if not parts and response.length_remaining is None and not response.chunked:
                raise _cut_off()
            failing.pop_all()
        response.release_conn()
        return b"".join(parts)

    def _pool(self, credential: Credential) -> Any:
        """The connections for this client certificate; new ones when a plugin gave a new one."""
        with self._lock:
            for known in self._pools:
                if known.certificate == credential.certificate:
                    return known.manager
            files = self._access.tls_files(credential)
            with ExitStack() as failing:
                failing.callback(files.close)
                manager = pool.manager(self._access, files)
                failing.pop_all()
            self._pools.append(Pool(manager, files, credential.certificate))
            return manager

    def _pause(self, attempt: int, retry_after: str | None = None) -> bool:
        """Wait before the next attempt: as the server asks, else a short and growing moment. False: no time for it."""
        asked = float(retry_after) if retry_after and retry_after.isdecimal() else None
        moment = asked if asked is not None else 0.1 * 2**attempt * (0.5 + random.random())  # noqa: S311 - jitter
        if moment > PATIENCE or moment >= self._deadline.left():
            return False
        self._cancel.wait(moment)
        return True


def _tries(error: Exception) -> int:
    """How often a request that may be sent twice is sent: not again where the answer would be the same."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError | exceptions.ProxyError):
        return CONNECTIONS
    broken = isinstance(error, exceptions.ProtocolError | OSError) and not isinstance(error, TimeoutError)
    return TRIES if broken and "BadStatusLine" not in str(error) else 1


def _cut_off() -> Exception:
    """Make the error for headers that end where the connection does, which Python takes for complete."""
    from urllib3.exceptions import ProtocolError

    return ProtocolError("the connection ended within the headers")


def _part(response: Any, seconds: float) -> bytes:
    """Read what has come; ``TimeoutError`` when nothing does, and then the connection is cut."""

    def cut() -> None:
        with suppress(OSError, ValueError, RuntimeError):
            response.shutdown()

    part: bytes = within(max(0.0, seconds), lambda: response.read1(PART), cut=cut)
    return part
