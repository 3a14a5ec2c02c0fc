"""Bytes to the API server and back. The only module that knows the Kubernetes client; it uses its connection pool.

Every request is bounded: five seconds to connect, thirty without an answer, and never past the run's deadline. What
may be sent twice is sent again after a broken connection or a 5xx answer; a 429 was refused before it did anything,
so any verb is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError, ClusterUnreachable
from sindri_core.events import RequestSent

if TYPE_CHECKING:
    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_kubernetes.kubeconfig import Access

CONNECT, READ = 5.0, 30.0
TRIES = 3
TOO_MANY, SERVER_ERROR, UNAUTHORIZED = 429, 500, 401


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
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.rest import RESTClientObject

        self._access, self._deadline, self._cancel, self._emit = access, deadline, cancel, emit
        self._files = access.tls_files()
        configuration = Configuration(host=access.server)
        configuration.verify_ssl = access.verify
        configuration.ssl_ca_cert = self._files.ca
        configuration.cert_file = self._files.certificate
        configuration.key_file = self._files.key
        configuration.tls_server_name = access.tls_server_name or None
        configuration.proxy = access.proxy(configuration.proxy)
        configuration.retries = False
        self._pool = RESTClientObject(configuration).pool_manager
        self._agent = user_agent

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
        for attempt in range(1, TRIES + 1):
            self._cancel.check()
            self._deadline.check(f"asking the API server at {self._access.server}")
            again = attempt < TRIES
            try:
                answer = self._once(method, path, body, {**self._headers(fresh=attempt > 1), **(headers or {})})
            except ClusterUnreachable as error:
                if not (again and repeatable and error.code == "SND-K8S-001"):
                    raise
                self._pause(attempt)
                continue
            status = answer[0]
            if again and (status == TOO_MANY or (repeatable and status > SERVER_ERROR)):
                self._pause(attempt, answer[2].get("Retry-After"))
                continue
            if again and attempt == 1 and status == UNAUTHORIZED and self._access.renewable:
                continue
            return answer
        raise AssertionError  # the last attempt returns or raises

    def stream(self, path: str, seconds: float) -> Iterator[bytes]:
        """Read lines of a watch until the server ends it, or nothing came for a while longer than ``seconds``."""
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        timeout = Timeout(connect=CONNECT, read=min(seconds, self._deadline.left()) + 5)
        response = None
        try:
            response = self._pool.request(
                "GET",
                self._access.server + path,
                headers=self._headers(),
                timeout=timeout,
                preload_content=False,
                retries=False,
            )
            rest = b""
            for part in response.stream(16384, decode_content=True):
                *lines, rest = (rest + part).split(b"\n")
                yield from (line for line in lines if line.strip())
        except (HTTPError, OSError):
            return
        finally:
            if response is not None:
                response.close()

    def close(self) -> None:
        """Close the connections and remove what the TLS library needed as files."""
        self._pool.clear()
        self._files.close()

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes, Mapping[str, str]]:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        began, status = time.monotonic(), 0
        left = max(0.05, self._deadline.left())
        timeout = Timeout(connect=min(CONNECT, left), read=min(READ, left))
        try:
            response = self._pool.request(
                method,
                self._access.server + path,
                body=body,
                headers=dict(headers),
                timeout=timeout,
                retries=False,
                redirect=False,
            )
            status = response.status
        except (HTTPError, OSError) as error:
            raise _unreachable(error, self._access) from None
        else:
            return status, response.data, response.headers
        finally:
            seconds = time.monotonic() - began
            url = self._access.server + path.partition("?")[0]
            self._emit(RequestSent(method=method, url=url, status=status, seconds=seconds))

    def _headers(self, *, fresh: bool = False) -> dict[str, str]:
        return {
            "User-Agent": self._agent,
            "Accept": "application/json",
            **self._access.headers(fresh=fresh),
        }

    def _pause(self, attempt: int, retry_after: str | None = None) -> None:
        """Wait a little before the next attempt: what the server asks for, else a short and growing moment."""
        asked = float(retry_after) if retry_after and retry_after.isdecimal() else None
        moment = asked if asked is not None else 0.1 * 2**attempt * (0.5 + random.random())  # noqa: S311 - jitter
        self._cancel.wait(min(moment, self._deadline.left()))


def _unreachable(error: Exception, access: Access) -> ClusterError:
    """Tell apart what can go wrong below HTTP."""
    from urllib3 import exceptions

    where = f"{access.server} (context {access.context})"
    seen: Any = getattr(error, "reason", None) or error
    text = str(seen)
    if isinstance(error, exceptions.ReadTimeoutError):
        return ClusterUnreachable(
            "SND-K8S-008",
            f"{where} accepts connections and does not answer in time",
            hint="is the cluster overloaded or stopped? kubectl get --raw /readyz   asks it directly",
        )
    plain = ("WRONG_VERSION_NUMBER", "wrong version number", "record layer failure", "RECORD_LAYER_FAILURE")
    if isinstance(error, exceptions.SSLError) or "SSL" in text:
        if any(word in text for word in plain):
            return ClusterUnreachable(
                "SND-K8S-009",
                f"{where} does not speak TLS: is it an HTTP server or a proxy?",
                hint="compare the address with kubectl config view --minify",
            )
        return ClusterUnreachable(
            "SND-K8S-002",
            f"the TLS connection to {where} fails",
            hint="is the certificate authority in the kubeconfig the cluster's own? kubectl cluster-info",
            details=[("seen", text[:300])],
        )
    if isinstance(error, exceptions.ProtocolError) and "Bad" in text:
        return ClusterUnreachable(
            "SND-K8S-009",
            f"{where} does not speak HTTP",
            hint="compare the address with kubectl config view --minify",
        )
    return ClusterUnreachable(
        "SND-K8S-001",
        f"{where} cannot be reached",
        hint="is the cluster running, or a VPN needed? kubectl config get-contexts   lists other clusters",
        details=[("seen", _short(text))],
    )


def _short(text: str) -> str:
    """Leave out the object's address that the HTTP library puts before its sentence."""
    return text.rpartition(">: ")[2][:300]
