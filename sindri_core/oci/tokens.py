"""Proving who asks: the header for a request to a registry, made from its challenge.

A password or identity token goes to the registry's own host, to the token service that is known to belong to it, or to
one that the user allowed; to nobody else. The scope is always to pull this one repository, whatever the registry asks.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from sindri_core.errors import RegistryError
from sindri_core.oci import addresses, challenge, documents
from sindri_core.oci.secret import Credentials, Secret, is_token

if TYPE_CHECKING:
    from sindri_core.oci.challenge import Challenge
    from sindri_core.oci.reference import Reference
    from sindri_core.oci.transport import Transport
    from sindri_core.settings import RegistrySettings

GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
KNOWN_REALMS = {"registry-1.docker.io": "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""Token services on another host that belong to a registry, by what both document."""
LARGEST = 1 << 20
USUAL_SECONDS, MOST_SECONDS = 60, 86_400
MARGIN = 5.0
"""Seconds before its end at which a token is no longer used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A header that proves who asks, and until when it does, on the monotonic clock."""

    header: Secret
    until: float


class Authority:
    """Knows for one registry how it wants to be asked. Thread-safe; one token per repository, asked for once."""

    def __init__(
        self,
        transport: Transport,
        settings: RegistrySettings,
        credentials: Callable[[Reference], Credentials | None],
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._credentials = credentials
        self._lock = threading.Lock()
        self._proving: dict[str, threading.RLock] = {}
        self._challenge: Challenge | None = None
        self._held: dict[str, _Held] = {}

    def header(self, repository: Reference) -> Mapping[str, str]:
        """The header for the next request, from what is known so far; empty before the registry asked for one."""
        wanted = self._challenge
        if wanted is None:
            return {}
        with self._one_at_a_time(repository):
            held = self._held.get(repository.api_path)
            if held is None or held.until < time.monotonic():
                held = self._held[repository.api_path] = self._prove(wanted, repository)
        return {"Authorization": held.header.value} if held.header else {}

    def challenged(self, header: str, repository: Reference, used: Mapping[str, str]) -> bool:
        """Take up a challenge; say whether another try makes sense, which it does when the proof is another one."""
        known = {each.scheme: each for each in challenge.parse(header)}
        chosen = known.get("bearer") or known.get("basic")
        if chosen is None:
            return False
        with self._one_at_a_time(repository):
            held = self._held.get(repository.api_path)
            mine = used.get("Authorization", "")
            if held is None or self._challenge is None or held.header.value == mine:
                self._challenge = chosen  # else somebody else was quicker
                self._held.pop(repository.api_path, None)
            return self.header(repository) != used

    def _one_at_a_time(self, repository: Reference) -> threading.RLock:
        """The lock of a repository: what proves who asks is fetched once, however many wait for it."""
        with self._lock:
            return self._proving.setdefault(repository.api_path, threading.RLock())

    def place(self, repository: Reference) -> str:
        """Where the credentials came from; empty for none."""
        found = self._credentials(repository)
        return found.place if found else ""

    def _prove(self, wanted: Challenge, repository: Reference) -> _Held:
        known = self._credentials(repository)
        if known and self._settings.insecure and not self._may_be_overheard(known):
            raise RegistryError(
                "SND-IMG-012",
                f"{repository.registry} is spoken to in the clear, and everybody on the way could read the "
                f"credentials of {known.place}",
                hint=f"use https; or vouch for the way in a trust file of your own: "
                f"registries: {{{repository.registry}: {{insecure: true}}}} in ~/.config/sindri/trust.yaml",
            )
        if known and known.bearer:
            return _Held(header=Secret(f"Bearer {known.bearer.value}"), until=float("inf"))
        if wanted.scheme == "basic":
            header = Secret(basic(known)) if known and known.user else Secret("")
            return _Held(header=header, until=float("inf"))
        return self._token(wanted, repository, known)

    def _token(self, wanted: Challenge, repository: Reference, known: Credentials | None) -> _Held:
        """Ask the token service that the registry names."""
        realm = wanted.parameters.get("realm", "")
        parts = addresses.split(realm, insecure=self._settings.insecure)
        own = self._is_own(parts)
        trusted = own or self._is_trusted(parts)
        if known and not trusted:
            raise addresses.refused_address(
                f"the registry {repository.registry} sends us to {parts.hostname} for a token, "
                f"and the credentials of {known.place} are not for that host",
                f"if it is its token service: registries: {{{repository.registry}: {{realm_hosts: [{parts.netloc}]}}}}",
            )
        scope = f"repository:{repository.api_path}:pull"
        query = {"service": wanted.parameters.get("service", ""), "scope": scope}
        base = realm.partition("?")[0].partition("#")[0]
        headers: dict[str, str] = {}
        body = None
        if known and known.identity_token:
            form = {**query, "grant_type": "refresh_token", "client_id": "sindri"}
            body = urlencode({**form, "refresh_token": known.identity_token.value}).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            url = base
        else:
            given = [(key, value) for key, value in parse_qsl(parts.query) if key.lower() not in query]
            asked = urlencode([*given, *((key, value) for key, value in query.items() if value)], quote_via=quote)
            url = f"{base}?{asked}"
            if known and known.user:
                headers["Authorization"] = basic(known)
        answer = self._transport.send(
            "POST" if body else "GET",
            url,
            headers=headers,
            body=body,
            limit=LARGEST,
            ca_file=self._settings.ca_file if trusted else "",
            anywhere=own or addresses.is_among(parts, self._settings.realm_hosts),
        )
        if answer.status in {401, 403}:
            return _Held(header=Secret(""), until=time.monotonic() + USUAL_SECONDS)
        return _read(answer.status, answer.content, parts.hostname or "")

    def _may_be_overheard(self, known: Credentials) -> bool:
        """Whether credentials may go without TLS: to this very machine, or where the user's own file says so."""
        host = urlsplit(f"//{self._settings.host}").hostname or ""
        return known.place != GITHUB_TOKEN and (self._settings.vouched or addresses.is_loopback(host))

    def _is_own(self, parts: SplitResult) -> bool:
        """Whether this is the very server that is the registry."""
        own = urlsplit(f"{'http' if self._settings.insecure else 'https'}://{self._settings.host}")
        return addresses.origin(parts) == addresses.origin(own)

    def _is_trusted(self, parts: SplitResult) -> bool:
        known = KNOWN_REALMS.get(self._settings.host.removesuffix(":443"))
        usual = known == parts.hostname and addresses.origin(parts) == f"https://{known}:443"
        return usual or addresses.is_among(parts, self._settings.realm_hosts)


def basic(known: Credentials) -> str:
    """The header of basic authentication."""
    return f"Basic {base64.b64encode(f'{known.user}:{known.password.value}'.encode()).decode()}"


def _read(status: int, content: bytes, host: str) -> _Held:
    """Read the token service's answer, without ever repeating it."""
    if status != 200:  # noqa: PLR2004 - OK
        raise _no_token(host, f"it answered with {status}")
    try:
        data = documents.strict_json(content)
        token, seconds = data.get("token") or data.get("access_token"), data.get("expires_in")
    except (ValueError, AttributeError, RecursionError):
        raise _no_token(host, "its answer is not understood") from None
    if not isinstance(token, str) or not is_token(token):
        raise _no_token(host, "its answer holds none")
    lasting = min(max(seconds, USUAL_SECONDS), MOST_SECONDS) if isinstance(seconds, int) else USUAL_SECONDS
    return _Held(header=Secret(f"Bearer {token}"), until=time.monotonic() + lasting - MARGIN)


def _no_token(host: str, why: str) -> RegistryError:
    return RegistryError(
        "SND-IMG-006",
        f"the token service {host} gives no token: {why}",
        hint="try again; if it stays so, ask whoever runs the registry",
    )
