"""Bytes to the API server and back. The only module that knows the Kubernetes client; it uses its connection pool.

Every request is bounded: five seconds to connect, thirty without an answer, and never past the run's deadline. What
may be sent twice is sent again after a broken connection or a 5xx answer; a 429 was refused before it did anything,
so any verb is.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sindri_core.events import RequestSent
from sindri_kubernetes.unreachable import no_socks, unreachable

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
            while time.monotonic() < end and (part := response.read1(PART)):
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
            for pool in self._pools:
                pool.manager.clear()
                pool.files.close()
            self._pools.clear()

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], credential: Credential
    ) -> tuple[int, bytes, Mapping[str, str]]:
        began, status = time.monotonic(), 0
        try:
            response = self._open(method, path, body, headers, credential, read=READ)
            content = self._content(response)
            status = response.status
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
        return self._pool(credential).request(
            method,
            self._access.server + path,
            body=body,
            headers=sent,
            timeout=Timeout(connect=min(CONNECT, left), read=min(read, left)),
            retries=False,
            redirect=False,
            preload_content=False,
        )

    def _content(self, response: Any) -> bytes:
        """Read a body part by part, so that a server that drips cannot hold us past the deadline."""
        parts = []
        try:
            while part := response.read1(PART):
                parts.append(part)
                self._deadline.check(f"reading the answer of {self._access.server}")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(parts)

    def _pool(self, credential: Credential) -> Any:
        """The connections for this client certificate; new ones when a plugin gave a new one."""
        with self._lock:
            for pool in self._pools:
                if pool.certificate == credential.certificate:
                    return pool.manager
            files = self._access.tls_files(credential)
            try:
                manager = _manager(self._access, files)
            except BaseException:
                files.close()
                raise
            self._pools.append(Pool(manager, files, credential.certificate))
            return manager

    def _pause(self, attempt: int, retry_after: str | None = None) -> bool:
        """Wait before the next attempt: as the server asks, else a short and growing moment. False: no time for it."""
        asked = float(retry_after) if retry_after and retry_after.isdecimal() else None
        moment = asked if asked is not None else 0.1 * 2**attempt * (0.5 + random.random())  # noqa: S311 - jitter
        if moment >= self._deadline.left():
            return False
        self._cancel.wait(moment)
        return True


def _tries(error: Exception) -> int:
    """How often a request that may be sent twice is sent: not again where the answer would be the same."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError | exceptions.ProxyError):
        return CONNECTIONS
    broken = isinstance(error, exceptions.ProtocolError | OSError)
    return TRIES if broken and "BadStatusLine" not in str(error) else 1


def _manager(access: Access, files: TlsFiles) -> Any:
    from importlib.util import find_spec

    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
    from urllib3.util import make_headers, parse_url

    configuration = Configuration(host=access.server)
    configuration.verify_ssl = access.verify
    configuration.ssl_ca_cert = files.ca
    configuration.cert_file = files.certificate
    configuration.key_file = files.key
    configuration.tls_server_name = access.tls_server_name or None
    configuration.proxy = access.proxy or None
    configuration.no_proxy = ""  # decided already, from the run's own environment
    configuration.retries = False
    if access.proxy and (user := parse_url(access.proxy).auth):
        configuration.proxy_headers = make_headers(proxy_basic_auth=user)
    if access.proxy.startswith("socks") and find_spec("socks") is None:
        raise no_socks(access)
    if not access.verify:
        _accept_unverified()
    return RESTClientObject(configuration).pool_manager


def _accept_unverified() -> None:
    """Keep urllib3 from warning at each request of what the kubeconfig asks for in so many words."""
    import warnings

    from urllib3.exceptions import InsecureRequestWarning

    warnings.simplefilter("ignore", InsecureRequestWarning)
