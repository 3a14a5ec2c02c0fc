"""One request to a registry: bounded in time and size, by HTTPS, to an address that may be asked. Follows nothing.

The one module that knows the HTTP library. Imported when the first registry is asked.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import make_headers, parse_url

from sindri_core.bounded import within
from sindri_core.errors import DeadlineExceeded, RegistryError, SindriError
from sindri_core.events import RequestSent
from sindri_core.oci import addresses
from sindri_core.oci.proxies import of_environment
from sindri_core.oci.reference import registry_name

if TYPE_CHECKING:
    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event

CONNECT, READ, TOTAL = 10.0, 20.0, 60.0
"""Seconds for a connection, between two parts of an answer, and for a whole answer."""
CONNECTIONS = 64
"""Connections to one server at most; who finds none free waits for one."""
TRIES = 4
LONGEST_WAIT = 20.0
"""Seconds that we wait at most because a registry asks us to."""
PATIENCE = (0.5, 1.0, 2.0)
"""Seconds before each further try, where the registry does not say how long."""
BUSY = {429, 503}
AGENT = "sindri"
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered. ``headers`` have lower-case names; ``url`` is what was asked."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class _PublicMixin:
    """Connects only to addresses that everybody can reach, and to just those that were looked up."""

    host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in addresses.public(self.host.strip("[]"), self.port):
            try:
                made = socket.create_connection((address, self.port), timeout=self.timeout)
            except OSError as error:
                last = error
                continue
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
        raise urllib3.exceptions.NewConnectionError(self, str(last or "no address"))  # type: ignore[arg-type] # a connection


class _PublicHTTPS(_PublicMixin, HTTPSConnection):
    pass


class _PublicHTTP(_PublicMixin, HTTPConnection):
    pass


class _PublicHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _PublicHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class Transport:
    """Sends requests over pools of connections. Thread-safe."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        deadline: Deadline,
        cancel: CancelToken,
        emit: Callable[[Event], None],
    ) -> None:
        self._environ = environ
        self._deadline = deadline
        self._cancel = cancel
        self._emit = emit
        self._pools: dict[tuple[str, str, str, bool], urllib3.PoolManager] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def send(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        limit: int,
        ca_file: str = "",
        anywhere: bool = False,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once, again where the server is busy. ``anywhere`` allows private addresses: the user named the host.

        Raises ``RegistryError`` (no answer, too large, too slow, busy for too long), ``DeadlineExceeded``.
        """
        for number in range(TRIES):
            answer = self._once(method, url, headers, limit=limit, ca_file=ca_file, anywhere=anywhere, body=body)
            if answer.status not in BUSY:
                return answer
            seconds = _wanted_wait(answer.headers.get("retry-after", ""))
            if seconds is None and number < len(PATIENCE):
                seconds = PATIENCE[number]
            if number == TRIES - 1 or seconds is None or seconds > min(LONGEST_WAIT, self._deadline.left()):
                raise _busy(answer, seconds)
            self._cancel.wait(seconds)
        raise _busy(answer, None)

    def _once(  # noqa: PLR0913 - as above
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        limit: int,
        ca_file: str,
        anywhere: bool,
        body: bytes | None,
    ) -> Answer:
        host = _named(url)
        self._cancel.check()
        self._deadline.check(f"asking the registry {host}")
        seconds, began, status = min(TOTAL, self._deadline.left()), time.monotonic(), 0
        pool = self._pool(url, ca_file, anywhere=anywhere)
        work = partial(_exchange, pool, method, url, {"User-Agent": AGENT, **headers}, limit, body, seconds)
        try:
            answer = within(seconds, work, cancel=self._cancel)
            status = answer.status
        except TimeoutError:
            if self._deadline.left() <= 0:
                raise DeadlineExceeded(f"asking the registry {host}", self._deadline.seconds) from None
            raise _unreachable(host, f"it did not finish its answer within {seconds:.0f} s") from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._deadline.check(f"asking the registry {host}")
            raise _explained(host, error) from None
        finally:
            plain = url.partition("?")[0].partition("#")[0]
            self._emit(RequestSent(method=method, url=plain, status=status, seconds=time.monotonic() - began))
        return answer

    def _pool(self, url: str, ca_file: str, *, anywhere: bool) -> urllib3.PoolManager:
        proxy = of_environment(url, self._environ)
        if proxy and not anywhere:
            addresses.require_public_literal(urlsplit(url).hostname or "")
        scheme = urlsplit(url).scheme
        key = (scheme, ca_file, proxy, anywhere)
        with self._lock:
            if key not in self._pools:
                try:
                    self._pools[key] = self._made(scheme, ca_file, proxy, anywhere=anywhere)
                except ValueError:
                    why = f"the address of the proxy, {scheme.upper()}_PROXY, is none"
                    raise _unreachable(_named(url), why) from None
            return self._pools[key]

    def _made(self, scheme: str, ca_file: str, proxy: str, *, anywhere: bool) -> urllib3.PoolManager:
        tls = self._tls(ca_file) if scheme == "https" else None
        shared: dict[str, Any] = {"maxsize": CONNECTIONS, "block": True, "retries": False, "ssl_context": tls}
        if proxy.startswith("socks"):
            try:
                from urllib3.contrib.socks import SOCKSProxyManager
            except ImportError:
                raise _unreachable(urlsplit(proxy).hostname or "", "a SOCKS proxy needs: pip install PySocks") from None
            return SOCKSProxyManager(proxy.replace("socks5://", "socks5h://", 1), **shared)  # it looks names up
        if proxy:
            login = parse_url(proxy).auth
            proves = make_headers(proxy_basic_auth=unquote(login)) if login else None
            own = self._tls("") if proxy.startswith("https:") else None
            return urllib3.ProxyManager(proxy, proxy_headers=proves, proxy_ssl_context=own, **shared)
        manager = urllib3.PoolManager(**shared)
        if not anywhere:
            manager.pool_classes_by_scheme = {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}
        return manager

    def _tls(self, ca_file: str) -> ssl.SSLContext:
        """The system's authorities, or those of ``SSL_CERT_FILE``, and the registry's: read once, it takes long."""
        if ca_file in self._contexts:
            return self._contexts[ca_file]
        try:
            context = ssl.create_default_context(cafile=self._environ.get("SSL_CERT_FILE") or None)
            if ca_file:
                context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise RegistryError(
                "SND-IMG-007",
                f"the certificates in {ca_file or self._environ.get('SSL_CERT_FILE')} cannot be read: {error}",
                hint="name a file with certificates in PEM form: registries: {HOST: {ca_file: FILE}}",
            ) from None
        self._contexts[ca_file] = context
        return context


def _exchange(  # noqa: PLR0913, PLR0917 - a request has that many parts
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    headers: Mapping[str, str],
    limit: int,
    body: bytes | None,
    seconds: float,
) -> Answer:
    """Send, and read the answer up to its limit. A connection that was closed while it idled is made anew once."""
    end = time.monotonic() + seconds
    timeout = urllib3.Timeout(connect=min(CONNECT, seconds), read=min(READ, seconds))
    given = {**headers, "Accept-Encoding": "identity"}

    def ask() -> urllib3.BaseHTTPResponse:
        return pool.request(
            method,
            url,
            headers=given,
            body=body,
            redirect=False,
            timeout=timeout,
            pool_timeout=seconds,
            preload_content=False,
        )

    try:
        response = ask()
    except urllib3.exceptions.ProtocolError:
        response = ask()
    content, whole = bytearray(), False
    try:
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity":
            raise _too_much(url, f"its answer is encoded ({encoding:.20}), which was not asked for")
        while part := response.read1(65536, decode_content=False):
            content += part
            if len(content) > limit:
                raise _too_much(url, f"its answer has more than {limit} bytes")
            if time.monotonic() > end:
                raise TimeoutError
        whole = True
    finally:
        if whole:
            response.release_conn()
        else:
            response.close()
    return Answer(
        url=url,
        status=response.status,
        headers={name.lower(): response.headers[name] for name in response.headers},
        content=bytes(content),
    )


def _wanted_wait(text: str) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or a date; None when it says nothing usable."""
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, moment.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _busy(answer: Answer, seconds: float | None) -> RegistryError:
    host = _named(answer.url)
    when = f"in {seconds:.0f} s" if seconds and seconds < DAY else "in a few minutes" if not seconds else "another day"
    if answer.status == 503:  # noqa: PLR2004 - not available
        return RegistryError(
            "SND-IMG-009", f"the registry {host} is not available for now (503)", hint=f"try again {when}"
        )
    return RegistryError(
        "SND-IMG-009",
        f"the registry {host} lets us ask no more for now ({answer.status})",
        hint=f"try again {when}; whoever is logged in may ask more often: docker login {host}",
    )


def _named(url: str) -> str:
    """The server as people name it in settings and in ``docker login``."""
    return registry_name(urlsplit(url).netloc)


def _too_much(url: str, why: str) -> RegistryError:
    host = _named(url)
    return RegistryError(
        "SND-IMG-008",
        f"the registry {host} answered with what cannot be believed: {why}",
        hint="look at the image with another tool, or name another one: deployment.image",
    )


def _unreachable(host: str, why: str, hint: str = "") -> RegistryError:
    return RegistryError(
        "SND-IMG-007",
        f"the registry {host} does not answer: {why}",
        hint=hint
        or "check the network and HTTPS_PROXY; or write the digest, then the registry need not be asked: "
        "deployment.image_config.digest",
    )


def _explained(host: str, error: Exception) -> SindriError:
    """Say in our words what kept the answer away."""
    for each in (error, *filter(None, (getattr(error, "reason", None), error.__cause__, error.__context__))):
        if isinstance(each, SindriError):
            return each
    said = str(error)
    if isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError) or "CERTIFICATE" in said or "SSL" in said:
        return _without_tls(host, said)
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return _unreachable(host, "nothing came in time")
    if isinstance(error, urllib3.exceptions.IncompleteRead | urllib3.exceptions.ProtocolError):
        return _unreachable(host, "the connection broke off in the middle")
    if isinstance(error, ValueError):  # what it says may hold the address with its query, or a header
        return _unreachable(host, "what was to be sent, or its answer, is no HTTP")
    return _unreachable(host, _short(said))


def _without_tls(host: str, said: str) -> RegistryError:
    key = f'"{host}"' if host.startswith("[") else host
    if "WRONG_VERSION_NUMBER" in said or "record layer" in said:
        hint = f"if it really speaks plain HTTP: registries: {{{key}: {{insecure: true}}}} in sindri.yaml"
        return _unreachable(host, "it does not speak TLS", hint)
    hint = f"if its certificate is your organisation's: registries: {{{key}: {{ca_file: FILE}}}} in sindri.yaml"
    return _unreachable(host, f"its certificate is not trusted ({_short(said)})", hint)


def _short(text: str) -> str:
    """The last part of a library's message: the reason without the chain of objects before it."""
    return text.rpartition(": ")[2].strip("()' ")[:160]
