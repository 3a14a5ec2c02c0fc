"""The registry client: what the resolver and the verifiers ask of registries, each thing once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from sindri_core.errors import ImageNotFound, ImageRefused
from sindri_core.oci import documents, listing
from sindri_core.oci.fetching import NOT_FOUND, Fetcher
from sindri_core.oci.once import Once
from sindri_core.oci.reference import DIGEST
from sindri_core.oci.store import Store
from sindri_core.oci.tokens import Authority
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_core.oci.documents import Descriptor, Document
    from sindri_core.oci.reference import Reference
    from sindri_core.oci.secret import Credentials
    from sindri_core.oci.transport import Answer, Transport

ACCEPT = {"Accept": ", ".join(documents.KINDS)}
MOST_REFERRERS = 50


class RegistryClient:
    """Asks registries over one pool of connections. Thread-safe; made once per run and closed by the core.

    ``registries`` are settings by host, ``environ`` is where proxies and credentials are looked up, ``cache_dir`` the
    folder that keeps content by digest (None: keep nothing). Everything raises ``RegistryError`` or
    ``ImageNotFound``, ``DeadlineExceeded`` when the run's time is over, ``Interrupted`` when it was cancelled.
    """

    def __init__(  # noqa: PLR0913 - all that a run knows about the network
        self,
        *,
        registries: Mapping[str, RegistrySettings],
        environ: Mapping[str, str],
        deadline: Deadline,
        cancel: CancelToken,
        emit: Callable[[Event], None],
        cache_dir: Path | None = None,
    ) -> None:
        self._registries = {_spelt(host): settings for host, settings in registries.items()}
        self._environ = environ
        self._cancel = cancel
        self._store = Store(cache_dir)
        self._making: Callable[[], Transport] = lambda: _transport(environ, deadline, cancel, emit)
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._fetchers: dict[str, Fetcher] = {}
        self._credentials = Once["Credentials | None"]()
        self._documents = Once["Document"]()
        self._blobs = Once[bytes]()
        self._tags = Once[tuple[str, ...]]()
        self._referrers = Once["tuple[Descriptor, ...]"]()
        self._without_referrers: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._transport:
                self._transport.close()
            self._transport = None
            self._fetchers.clear()

    def manifest(self, reference: Reference) -> Document:
        """Read the manifest or index that a digest names, or that a tag means now; a reference with both must agree.

        Raises ``ImageNotFound`` ``SND-IMG-005``, ``ImageRefused`` ``SND-IMG-018`` for a tag that means another digest.
        """
        if not reference.digest:
            tag = reference.tag or "latest"
            found = self._documents.get((reference.canonical, tag), lambda: self._by_tag(reference, tag))
            self._documents.put((reference.canonical, found.digest), found)
            return found
        found = self._documents.get(
            (reference.canonical, reference.digest), lambda: self._by_digest(reference, reference.digest)
        )
        if reference.tag:
            self._require_same(reference)
        return found

    def blob(self, repository: Reference, digest: str, *, limit: int) -> bytes:
        """Read a blob of at most ``limit`` bytes; its digest is checked."""
        return self._blobs.get((repository.canonical, digest), lambda: self._blob(repository, digest, limit))

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """List all tags, page by page. A list that was read within the last minutes is taken as it is."""
        return self._tags.get(repository.canonical, lambda: self._listed(repository))

    def referrers(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest: by the referrers API and by the fallback tag ``sha256-…``.

        Nothing is filtered by artifact type. Only a clear answer counts: a registry that fails raises.
        """
        return self._referrers.get((repository.canonical, digest), lambda: self._referring(repository, digest))

    def attached(self, repository: Reference, digest: str, suffix: str) -> Document | None:
        """Read what an older tool attached by a tag: ``sha256-….sig`` or ``.att``; None where there is nothing."""
        tag = f"{digest.replace(':', '-')}{suffix}"
        try:
            return self._documents.get((repository.canonical, tag), lambda: self._read(repository, tag))
        except ImageNotFound:
            return None

    def _by_tag(self, repository: Reference, tag: str) -> Document:
        """Ask what a tag means. Where its content is at hand, only whether it still means that."""
        known = self._store.digest(repository.canonical, tag)
        kept = self._store.content(repository.canonical, known) if DIGEST.fullmatch(known) else None
        if kept:
            head = self._fetcher(repository).ask("HEAD", repository, f"manifests/{tag}", limit=0, headers=ACCEPT)
            if head.headers.get("docker-content-digest") == known:
                return documents.parse(kept[0], kept[1], expected=known, source=repository.registry)
        found = self._read(repository, tag)
        self._store.keep_digest(repository.canonical, tag, found.digest)
        return found

    def _by_digest(self, repository: Reference, digest: str) -> Document:
        if kept := self._store.content(repository.canonical, digest):
            return documents.parse(kept[0], kept[1], expected=digest, source=repository.registry)
        return self._read(repository, digest)

    def _read(self, repository: Reference, name: str) -> Document:
        answer = self._fetcher(repository).ask(
            "GET", repository, f"manifests/{name}", limit=documents.LARGEST, headers=ACCEPT
        )
        expected = name if DIGEST.fullmatch(name) else ""
        media_type = answer.headers.get("content-type", "")
        found = documents.parse(answer.content, media_type, expected=expected, source=repository.registry)
        said = answer.headers.get("docker-content-digest", "")
        if said and said != found.digest:
            raise documents.untrusted(
                f"the registry {repository.registry} calls {name} {said[:80]}, and its content is {found.digest}"
            )
        self._store.keep_content(repository.canonical, found.digest, found.content, media_type)
        return found

    def _require_same(self, reference: Reference) -> None:
        means = self.manifest(type(reference)(host=reference.host, path=reference.path, tag=reference.tag)).digest
        if means != reference.digest:
            raise ImageRefused(
                "SND-IMG-018",
                f"{reference.repository}:{reference.tag} means {means} now, not {reference.digest}",
                hint="keep the tag or the digest, not both",
            )

    def _blob(self, repository: Reference, digest: str, limit: int) -> bytes:
        if kept := self._store.content(repository.canonical, digest):
            return kept[0]
        answer = self._fetcher(repository).ask("GET", repository, f"blobs/{digest}", limit=limit)
        if documents.digest_of(answer.content) != digest:
            raise documents.untrusted(f"the registry {repository.registry} answered with other content than {digest}")
        self._store.keep_content(repository.canonical, digest, answer.content)
        return answer.content

    def _listed(self, repository: Reference) -> tuple[str, ...]:
        kept = self._store.tags(repository.canonical)
        if kept and kept.fresh:
            return kept.tags
        found = listing.tags(self._fetcher(repository), repository, etag=kept.etag if kept else "")
        if found is None and kept:
            self._store.keep_tags(repository.canonical, kept.tags, kept.etag)
            return kept.tags
        tags, etag = found or ((), "")
        self._store.keep_tags(repository.canonical, tags, etag)
        return tags

    def _referring(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        """Both places count: some tools write the tag where the registry has the API."""
        found = {each.digest: each for each in self._by_api(repository, digest)}
        fallback = self.attached(repository, digest, "")
        if fallback is not None:
            if fallback.kind != documents.INDEX:
                raise documents.untrusted(f"the tag that lists what refers to {digest} is no index")
            found |= {each.digest: each for each in fallback.manifests}
        if len(found) > MOST_REFERRERS:
            raise documents.untrusted(f"more than {MOST_REFERRERS} things refer to {repository.repository}@{digest}")
        return tuple(found.values())

    def _by_api(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        if repository.registry in self._without_referrers:
            return ()
        fetcher = self._fetcher(repository)
        found: list[Descriptor] = []
        for answer in listing.pages(
            fetcher, repository, f"referrers/{digest}", limit=documents.LARGEST, may_fail=frozenset({NOT_FOUND})
        ):
            if answer.status == NOT_FOUND:
                self._without_referrers.add(repository.registry)
                break
            found += self._referring_page(answer, repository)
        return tuple(found)

    def _referring_page(self, answer: Answer, repository: Reference) -> tuple[Descriptor, ...]:
        index = documents.parse(answer.content, answer.headers.get("content-type", ""), source=repository.registry)
        if index.kind != documents.INDEX:
            raise documents.untrusted(f"the registry {repository.registry} lists signatures by something else")
        return index.manifests

    def _fetcher(self, repository: Reference) -> Fetcher:
        host = repository.api_host
        with self._lock:
            if host not in self._fetchers:
                self._transport = self._transport or self._making()
                settings = self._settings(repository)
                authority = Authority(self._transport, settings, self._known)
                self._fetchers[host] = Fetcher(self._transport, settings, authority)
            return self._fetchers[host]

    def _settings(self, repository: Reference) -> RegistrySettings:
        given = self._registries.get(repository.registry)
        return RegistrySettings(
            host=repository.api_host,
            insecure=bool(given and given.insecure),
            ca_file=given.ca_file if given else "",
            realm_hosts=given.realm_hosts if given else (),
        )

    def _known(self, repository: Reference) -> Credentials | None:
        from sindri_core.oci.credentials import find

        return self._credentials.get(repository.canonical, lambda: find(repository, self._environ, self._cancel))


def _spelt(host: str) -> str:
    from sindri_core.oci.reference import parse

    return parse(f"{host}/x").registry


def _transport(
    environ: Mapping[str, str], deadline: Deadline, cancel: CancelToken, emit: Callable[[Event], None]
) -> Transport:
    from sindri_core.oci.transport import Transport  # brings the HTTP library

    return Transport(environ=environ, deadline=deadline, cancel=cancel, emit=emit)
