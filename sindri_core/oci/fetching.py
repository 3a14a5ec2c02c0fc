"""One thing from one registry: the request with its proof, its redirects, and what the status means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound, RegistryError
from sindri_core.oci import addresses

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference
    from sindri_core.oci.tokens import Authority
    from sindri_core.oci.transport import Answer, Transport
    from sindri_core.settings import RegistrySettings

HOPS = 5
MOVED = {301, 302, 303, 307, 308}
REFUSED = {401, 403}
NOT_FOUND = 404
OK = 200
UNCHANGED = 304


class Fetcher:
    """Asks one registry. Thread-safe."""

    def __init__(self, transport: Transport, settings: RegistrySettings, authority: Authority) -> None:
        self._transport = transport
        self._settings = settings
        self._authority = authority
        scheme = "http" if settings.insecure else "https"
        self.root = f"{scheme}://{settings.host}"

    def ask(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        repository: Reference,
        path: str,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        may_fail: frozenset[int] = frozenset(),
    ) -> Answer:
        """Ask for ``/v2/NAME/PATH``, or for a whole address of this registry.

        ``may_fail`` are statuses beside 200 and 304 that are returned. Raises ``ImageNotFound`` for 404,
        ``RegistryError`` for the rest.
        """
        url = path if path.startswith(f"{self.root}/") else f"{self.root}/v2/{repository.api_path}/{path}"
        proof = self._authority.header(repository)
        answer = self._send(method, url, {**(headers or {}), **proof}, limit)
        if answer.status in REFUSED and self._authority.challenged(
            answer.headers.get("www-authenticate", ""), repository, proof
        ):
            proof = self._authority.header(repository)
            answer = self._send(method, url, {**(headers or {}), **proof}, limit)
        if answer.status in MOVED:
            answer = self._follow(method, answer, {**(headers or {}), **proof}, limit)
        unchanged = answer.status == UNCHANGED and "If-None-Match" in (headers or {})
        if answer.status in {OK, *may_fail} or unchanged:
            return answer
        raise self._failed(answer, repository, path)

    def _send(self, method: str, url: str, headers: Mapping[str, str], limit: int, *, own: bool = True) -> Answer:
        return self._transport.send(
            method, url, headers=headers, limit=limit, ca_file=self._settings.ca_file if own else "", anywhere=own
        )

    def _follow(self, method: str, answer: Answer, headers: Mapping[str, str], limit: int) -> Answer:
        """Go where the registry sends us; what proves who we are is for the registry alone.

        Not even for the registry when somebody else sends us there.
        """
        seen = {answer.url}
        for _ in range(HOPS):
            url = addresses.joined(answer.url, answer.headers.get("location", ""))
            parts = addresses.split(url, insecure=self._settings.insecure and answer.url.startswith("http://"))
            if url in seen:
                raise addresses.refused_address("the registry sends us round in a circle")
            seen.add(url)
            own = addresses.origin(parts) == addresses.origin(addresses.split(self.root, insecure=True))
            allowed = own or addresses.is_among(parts, self._settings.realm_hosts)
            if not own:
                headers = {k: v for k, v in headers.items() if k != "Authorization"}
            answer = self._transport.send(
                method,
                url,
                headers=headers,
                limit=limit,
                ca_file=self._settings.ca_file if allowed else "",
                anywhere=allowed,
            )
            if answer.status not in MOVED:
                return answer
        raise addresses.refused_address(f"the registry sends us on more than {HOPS} times")

    def _failed(self, answer: Answer, repository: Reference, path: str) -> ImageNotFound | RegistryError:
        name, status = repository.registry, answer.status
        if status == NOT_FOUND:
            listing = path.startswith("tags/")
            look = f"sindri image versions {repository.repository}   lists what is there; "
            return ImageNotFound(
                "SND-IMG-005",
                f"{repository.repository} is not in its registry"
                if listing
                else f"{repository.repository} has no {_asked(path)} in its registry",
                hint=f"{'' if listing else look}the name stands in deployment.image or deployment.image_config",
            )
        if status in REFUSED:
            place = self._authority.place(repository)
            why = f"with the credentials of {place}" if place else "without credentials"
            return RegistryError(
                "SND-IMG-006",
                f"the registry {name} does not let us read {repository.api_path} {why} ({status})",
                hint=f"docker login {name}   and check that this user may read the repository",
            )
        if status // 100 == 5:  # noqa: PLR2004 - the server's own failures
            return RegistryError(
                "SND-IMG-007",
                f"the registry {name} fails ({status}) when asked for {_asked(path)} of {repository.api_path}",
                hint="try again later; nothing was taken for granted",
            )
        return RegistryError(
            "SND-IMG-008",
            f"the registry {name} answered {status} when asked for {_asked(path)} of {repository.api_path}",
            hint="is this a registry? deployment.image",
        )


def _asked(path: str) -> str:
    """What was asked for, in people's words."""
    kind, _, name = path.partition("/")
    words = {"manifests": "image", "blobs": "content", "tags": "list of tags", "referrers": "list of signatures"}
    return (
        f"{words.get(kind, 'answer')} {name}".strip() if kind in {"manifests", "blobs"} else words.get(kind, "answer")
    )
