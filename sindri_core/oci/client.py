"""The registry client: what the resolver and the verifiers ask of registries, each thing once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from sindri_core.errors import BadReference, ImageNotFound, ImageRefused, RegistryError
from sindri_core.oci import documents, listing
from sindri_core.oci.fetching import NOT_FOUND, OK, Fetcher
from sindri_core.oci.once import Once
from sindri_core.oci.reference import DIGEST, parse
from sindri_core.oci.store import Store
from sindri_core.oci.tokens import Authority
from sindri_core.settings import RegistrySettings

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_core.oci.credentials import Keyring
    from sindri_core.oci.documents import Descriptor, Document
    from sindri_core.oci.reference import Reference
    from sindri_core.oci.secret import Credentials
    from sindri_core.oci.transport import Answer, Transport

ACCEPT = {"Accept": ", ".join(documents.KINDS)}
MOST_REFERRERS = 50
WITHOUT_HEAD = frozenset({400, 405, 501})
"""What servers answer that do not know the method; the content is asked for then."""
_NOT_THERE = {"NAME_UNKNOWN", "NAME_INVALID", "MANIFEST_UNKNOWN"}
"""Errors of a registry that understood the question. Source: the distribution specification."""


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
        self._deadline = deadline
        self._cancel = cancel
        self._keyrings = Once["Keyring"]()
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
        self._named: set[tuple[str, str]] = set()  # what the registry itself named in this run, by repository

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
        digest = reference.digest
        if digest and not reference.tag:
            return self._documents.get((reference.canonical, digest), lambda: self._by_digest(reference, digest))
        tag = reference.tag or "latest"
        found = self._documents.get((reference.canonical, tag), lambda: self._by_tag(reference, tag))
        self._documents.put((reference.canonical, found.digest), found)
        if digest and found.digest != digest:
            raise ImageRefused(
                "SND-IMG-018",
                f"{reference.repository}:{tag} means {found.digest} now, not {digest}",
                hint="keep the tag or the digest, not both",
            )
        return found

    def blob(self, repository: Reference, digest: str, *, limit: int) -> bytes:
        """Read a blob of at most ``limit`` bytes; its digest is checked."""
        return self._blobs.get((repository.canonical, digest, limit), lambda: self._blob(repository, digest, limit))

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """List all tags, page by page. A list that was read within the last minutes is taken as it is."""
        return self._tags.get(repository.canonical, lambda: self._listed(repository))

    def tags_now(self, repository: Reference) -> tuple[str, ...]:
        """List all tags as they are this moment, whatever was read within the last minutes."""
        return self._tags.get((repository.canonical, "now"), lambda: self._listed(repository, believe=False))

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
        kept = self._kept(repository, known)
        if kept and self._means(repository, tag) == known:
            return self._noted(repository, kept)
        found = self._read(repository, tag)
        self._store.keep_digest(repository.canonical, tag, found.digest)
        return found

    def _by_digest(self, repository: Reference, digest: str) -> Document:
        """Take content from disk only where the registry says in this run that the repository has it."""
        kept = self._kept(repository, digest)
        if kept and ((repository.canonical, digest) in self._named or self._means(repository, digest) == digest):
            return self._noted(repository, kept)
        return self._read(repository, digest)

    def _means(self, repository: Reference, name: str) -> str:
        """Ask for the digest of a tag or of a digest, without the content; empty where the registry does not say."""
        head = self._fetcher(repository).ask(
            "HEAD", repository, f"manifests/{name}", limit=0, headers=ACCEPT, may_fail=WITHOUT_HEAD
        )
        return head.headers.get("docker-content-digest", "") if head.status == OK else ""

    def _kept(self, repository: Reference, digest: str) -> Document | None:
        """Read a document from disk; None where there is none, or another than its digest and type say."""
        kept = self._store.content(repository.canonical, digest) if DIGEST.fullmatch(digest) else None
        if kept is None:
            return None
        try:
            return documents.parse(kept[0], kept[1], expected=digest)
        except RegistryError:
            return None

    def _noted(self, repository: Reference, found: Document) -> Document:
        """Note what a document of this run names: that, too, may come from disk."""
        named = (*found.layers, *found.manifests, *filter(None, [found.config]))
        self._named.update((repository.canonical, each.digest) for each in named)
        return found

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
        return self._noted(repository, found)

    def _blob(self, repository: Reference, digest: str, limit: int) -> bytes:
        kept = self._store.content(repository.canonical, digest)
        if kept and (repository.canonical, digest) in self._named and len(kept[0]) <= limit:
            return kept[0]
        answer = self._fetcher(repository).ask("GET", repository, f"blobs/{digest}", limit=limit)
        if documents.digest_of(answer.content) != digest:
            raise documents.untrusted(f"the registry {repository.registry} answered with other content than {digest}")
        self._store.keep_content(repository.canonical, digest, answer.content)
        return answer.content

    def _listed(self, repository: Reference, *, believe: bool = True) -> tuple[str, ...]:
        kept = self._store.tags(repository.canonical)
        if believe and kept and kept.fresh:
            return kept.tags
        found = listing.tags(self._fetcher(repository), repository, etag=kept.etag if kept else "")
        if found is None and kept:
            self._store.keep_tags(repository.canonical, kept.tags, kept.etag)
            return kept.tags
        if found is None:
            raise documents.untrusted(f"the registry {repository.registry} calls a list unchanged that we do not have")
        tags, etag = found
        self._store.keep_tags(repository.canonical, tags, etag)
        return tags

    def _referring(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        """Both places count: some tools write the tag where the registry has the API."""
        found = self._by_api(repository, digest)
        fallback = self.attached(repository, digest, "")
        if fallback is not None:
            if fallback.kind != documents.INDEX:
                raise documents.untrusted(f"the tag that lists what refers to {digest} is no index")
            _add(found, fallback, f"{repository.repository}@{digest}")
        return tuple(found.values())

    def _by_api(self, repository: Reference, digest: str) -> dict[str, Descriptor]:
        found: dict[str, Descriptor] = {}
        if repository.registry in self._without_referrers:
            return found
        fetcher = self._fetcher(repository)
        for answer in listing.pages(
            fetcher, repository, f"referrers/{digest}", limit=documents.LARGEST, may_fail=frozenset({NOT_FOUND})
        ):
            if answer.status == NOT_FOUND:
                if not _is_understood(answer):
                    self._without_referrers.add(repository.registry)
                break
            index = documents.parse(answer.content, answer.headers.get("content-type", ""), source=repository.registry)
            if index.kind != documents.INDEX:
                raise documents.untrusted(f"the registry {repository.registry} lists signatures by something else")
            _add(found, self._noted(repository, index), f"{repository.repository}@{digest}")
        return found

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
            vouched=bool(given and given.vouched),
        )

    def _known(self, repository: Reference) -> Credentials | None:
        return self._credentials.get(repository.canonical, lambda: self._keyring().find(repository))

    def _keyring(self) -> Keyring:
        from sindri_core.oci.credentials import Keyring

        return self._keyrings.get(None, lambda: Keyring(self._environ, cancel=self._cancel, deadline=self._deadline))


def _add(found: dict[str, Descriptor], index: Document, name: str) -> None:
    """Add what an index lists, each once."""
    found |= {each.digest: each for each in index.manifests}
    if len(found) > MOST_REFERRERS:
        raise documents.untrusted(f"more than {MOST_REFERRERS} things refer to {name}")


def _is_understood(answer: Answer) -> bool:
    """Whether a registry that found nothing says so about what was asked, and not about the question."""
    try:
        data = documents.strict_json(answer.content)
        return any(error["code"] in _NOT_THERE for error in data["errors"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _spelt(host: str) -> str:
    """Write the host of a registry's settings in one spelling. Raises ``BadReference`` for what names no registry."""
    named = parse(f"{host}/x")
    if not named.host:
        raise BadReference(
            "SND-IMG-001",
            f"{host} names no registry, because {host}/x is an image of Docker Hub",
            hint=f"write the host with its domain or port: registries: {{{host}:5000: …}}",
        )
    return named.registry


def _transport(
    environ: Mapping[str, str], deadline: Deadline, cancel: CancelToken, emit: Callable[[Event], None]
) -> Transport:
    from sindri_core.oci.transport import Transport  # brings the HTTP library

    return Transport(environ=environ, deadline=deadline, cancel=cancel, emit=emit)
