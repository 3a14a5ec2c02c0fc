"""A small registry of images in memory, which can misbehave at any request.

It speaks the distribution specification as far as sindri asks for it: manifests, blobs, tags in pages with ETags,
referrers, basic authentication and tokens. ``misbehave`` sees each request first and may answer in its place.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from served import Served

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def digest_of(content: bytes) -> str:
    """The digest of content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came in; ``headers`` have lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(kw_only=True)
class Reply:
    """An answer. ``send`` writes it in another way than usual: it gets the handler."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    send: Callable[[BaseHTTPRequestHandler], None] | None = None


Misbehaviour = Callable[[Asked], Reply | None]


class Registry:
    """The registry; serves while its ``with`` block lasts.

    ``user`` (``name:password``) turns authentication on: basic, or by tokens of ``realm`` when ``tokens`` is set (its
    own ``/token`` unless ``realm`` names another). ``page`` is how many tags a page has at most.
    """

    def __init__(
        self,
        *,
        referrers: bool = True,
        user: str = "",
        tokens: bool = False,
        realm: str = "",
        page: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.referrers, self.user, self.tokens, self.realm, self.page = referrers, user, tokens, realm, page
        self.repositories: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.asked: list[Asked] = []
        self.misbehave: Misbehaviour = lambda _: None
        self._issued: set[str] = set()
        self._lock = threading.Lock()
        self._served = Served(_handler(self), context)
        self.address = self._served.address
        self.host = urlsplit(self.address).netloc
        self.name = self.host

    def __enter__(self) -> Self:
        self._served.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._served.__exit__()

    def put(self, repository: str, document: Mapping[str, Any] | bytes, *tags: str, media_type: str = "") -> str:
        """Keep a manifest or index under its digest and these tags; return the digest."""
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        kind = media_type or (json.loads(content).get("mediaType", OCI_MANIFEST))
        digest = digest_of(content)
        for name in (digest, *tags):
            self.repositories.setdefault(repository, {})[name] = (kind, content)
        return digest

    def blob(self, repository: str, content: bytes, media_type: str = LAYER, **more: Any) -> dict[str, Any]:
        """Keep a blob; return its descriptor."""
        digest = digest_of(content)
        self.blobs.setdefault(repository, {})[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def image(self, repository: str, *tags: str, platform: str = "linux/amd64", content: bytes = b"") -> str:
        """Push an image; return its digest. Another ``content`` makes another image."""
        system, architecture = platform.split("/")
        config = json.dumps({"os": system, "architecture": architecture, "of": content.decode()}).encode()
        return self.put(repository, self.manifest(repository, config, content), *tags)

    def manifest(self, repository: str, config: bytes, content: bytes) -> dict[str, Any]:
        """Make the manifest of an image."""
        return {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob(repository, config, CONFIG),
            "layers": [self.blob(repository, content or b"layer")],
        }

    def index(self, repository: str, *tags: str, platforms: Sequence[str] = ("linux/amd64", "linux/arm64")) -> str:
        """Push an index with one image for each platform; return its digest."""
        entries = []
        for platform in platforms:
            digest = self.image(repository, platform=platform, content=platform.encode())
            system, architecture = platform.split("/")
            size = len(self.repositories[repository][digest][1])
            entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": size}
            entries.append(entry | {"platform": {"os": system, "architecture": architecture}})
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        return self.put(repository, document, *tags)

    def attach(self, repository: str, digest: str, bundle: Mapping[str, Any] | bytes, media_type: str = BUNDLE) -> str:
        """Attach a bundle to an image as a referrer, and by the fallback tag where there is no referrers API."""
        content = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
        kind, subject = self.repositories[repository].get(digest, (OCI_MANIFEST, b"{}"))
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": media_type,
            "config": self.blob(repository, b"{}", EMPTY),
            "layers": [self.blob(repository, content, media_type)],
            "subject": {"mediaType": kind, "digest": digest, "size": len(subject)},
        }
        attached = self.put(repository, document)
        if not self.referrers:
            self.put(repository, self._referring(repository, digest), digest.replace(":", "-"))
        return attached

    def attach_legacy(
        self, repository: str, digest: str, payload: bytes, annotations: Mapping[str, str], *, attestation: bool = False
    ) -> str:
        """Attach a signature (or attestation) of the older kind by its tag, beside those that are there."""
        kind = "application/vnd.dsse.envelope.v1+json" if attestation else SIMPLE
        tag = f"{digest.replace(':', '-')}.{'att' if attestation else 'sig'}"
        there = self.repositories.get(repository, {}).get(tag)
        layers = json.loads(there[1])["layers"] if there else []
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob(repository, b"{}", CONFIG),
            "layers": [*layers, self.blob(repository, payload, kind, annotations=dict(annotations))],
        }
        return self.put(repository, document, tag)

    def _referring(self, repository: str, digest: str) -> dict[str, Any]:
        found = {}
        for kind, content in self.repositories.get(repository, {}).values():
            document = json.loads(content)
            if (document.get("subject") or {}).get("digest") == digest:
                own = digest_of(content)
                found[own] = {"mediaType": kind, "digest": own, "size": len(content), "artifactType": EMPTY}
        return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(found.values())}

    def answer(self, asked: Asked) -> Reply:
        """Answer a request, after ``misbehave`` had its chance."""
        with self._lock:
            self.asked.append(asked)
        if (reply := self.misbehave(asked)) is not None:
            return reply
        if asked.path == "/token":
            return self._token(asked)
        if self.user and not self._allowed(asked):
            return Reply(status=401, headers={"WWW-Authenticate": self.challenge()})
        return self._found(asked)

    def challenge(self) -> str:
        """How the registry asks who is there."""
        if not self.tokens:
            return 'Basic realm="test"'
        realm = self.realm or f"{self.address}/token"
        return f'Bearer realm="{realm}",service="test",scope="repository:everything:pull,push"'

    def _allowed(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "")
        if self.tokens:
            return given.removeprefix("Bearer ") in self._issued
        return given == f"Basic {base64.b64encode(self.user.encode()).decode()}"

    def _token(self, asked: Asked) -> Reply:
        known = f"Basic {base64.b64encode(self.user.encode()).decode()}"
        refresh = parse_qs(asked.body.decode()).get("refresh_token", [""])[0]
        if asked.headers.get("authorization") != known and refresh != self.user.partition(":")[2]:
            return Reply(status=401)
        token = secrets.token_hex(8)
        self._issued.add(token)
        return Reply(content=json.dumps({"token": token, "expires_in": 300}).encode())

    def issue(self, token: str) -> None:
        """Accept a token that another service gave."""
        self._issued.add(token)

    def _found(self, asked: Asked) -> Reply:
        parts = asked.path.removeprefix("/v2/").split("/")
        for kind in ("manifests", "blobs", "referrers"):
            if len(parts) > 2 and parts[-2] == kind:
                repository, name = "/".join(parts[:-2]), parts[-1]
                return getattr(self, f"_{kind}")(repository, name)  # type: ignore[no-any-return] # one of ours
        if parts[-2:] == ["tags", "list"]:
            return self._tags("/".join(parts[:-2]), asked)
        return Reply(status=404)

    def _manifests(self, repository: str, name: str) -> Reply:
        found = self.repositories.get(repository, {}).get(name)
        if found is None:
            return Reply(status=404, content=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        kind, content = found
        headers = {"Content-Type": kind, "Docker-Content-Digest": digest_of(content)}
        return Reply(headers=headers, content=content)

    def _blobs(self, repository: str, name: str) -> Reply:
        content = self.blobs.get(repository, {}).get(name)
        return Reply(status=404) if content is None else Reply(content=content)

    def _referrers(self, repository: str, name: str) -> Reply:
        if not self.referrers:
            return Reply(status=404)
        return Reply(
            headers={"Content-Type": OCI_INDEX}, content=json.dumps(self._referring(repository, name)).encode()
        )

    def _tags(self, repository: str, asked: Asked) -> Reply:
        if repository not in self.repositories:
            return Reply(status=404)
        tags = sorted(name for name in self.repositories[repository] if not name.startswith("sha256:"))
        mark = f'"{digest_of(json.dumps(tags).encode())}"'
        if asked.headers.get("if-none-match") == mark:
            return Reply(status=304)
        last = parse_qs(asked.query).get("last", [""])[0]
        rest = [tag for tag in tags if tag > last]
        shown = rest[: self.page] if self.page else rest
        headers = {"ETag": mark, "Content-Type": "application/json"}
        if len(shown) < len(rest):
            headers["Link"] = f'</v2/{repository}/tags/list?last={shown[-1]}&n={self.page}>; rel="next"'
        return Reply(headers=headers, content=json.dumps({"name": repository, "tags": shown}).encode())


SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(
                method=self.command, path=parts.path, query=parts.query, headers=headers, body=self.rfile.read(size)
            )
            reply = registry.answer(asked)
            if reply.send:
                self.close_connection = True
                reply.send(self)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.content)

        do_GET = do_HEAD = do_POST = _serve  # noqa: N815 - the base class's names

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
            pass

    return Handler
