"""A registry in memory: one repository's content, with the questions that a verifier asks of the real client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ImageNotFound, SindriError
from sindri_core.oci import documents
from sindri_core.oci.client import RegistryClient
from sindri_core.oci.documents import Descriptor, Document

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


class Attachable(RegistryClient):
    """Holds images and what is attached to them. ``fails`` maps the name of a question to the error that answers it."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.content: dict[str, bytes] = {}
        self.referring: dict[str, list[Descriptor]] = {}
        self.tagged: dict[str, str] = {}
        self.fails: dict[str, SindriError] = {}
        self.asked: list[str] = []

    def image(self, text: str = "one") -> str:
        """Put an image there and return its digest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "author": text}).encode()
        return self.put(self._manifest(CONFIG, self._stored(config, CONFIG), []))

    def index(self, *children: str) -> str:
        """Put an index of images there and return its digest."""
        listed = [
            {"mediaType": documents.OCI_MANIFEST, "digest": child, "size": len(self.documents[child].content)}
            for child in children
        ]
        return self.put({"schemaVersion": 2, "mediaType": documents.OCI_INDEX, "manifests": listed})

    def attach(
        self, digest: str, bundle: bytes, *, subject: str = "", layer: str = BUNDLE, more: Sequence[bytes] = ()
    ) -> str:
        """Attach a bundle to an image, as cosign does; ``subject`` says that it is about another one."""
        layers = [self._stored(content, layer) for content in (bundle, *more)]
        manifest = self._manifest(EMPTY, self._stored(b"{}", EMPTY), layers)
        subject = subject or digest
        manifest["subject"] = {"mediaType": documents.OCI_MANIFEST, "digest": subject, "size": 2}
        attached = self.put(manifest)
        found = self.documents[attached]
        descriptor = Descriptor(
            media_type=found.media_type, digest=attached, size=len(found.content), artifact_type=EMPTY
        )
        self.referring.setdefault(digest, []).append(descriptor)
        return attached

    def tag(self, digest: str, suffix: str, layers: Sequence[tuple[bytes, Mapping[str, str]]], kind: str = "") -> None:
        """Attach layers with annotations by a tag, as older tools do."""
        media_type = kind or (SIMPLE if suffix == ".sig" else DSSE)
        written = [{**self._stored(content, media_type), "annotations": dict(notes)} for content, notes in layers]
        config = self._stored(b"{}", CONFIG)
        self.tagged[f"{digest}{suffix}"] = self.put(self._manifest(CONFIG, config, written))

    def put(self, data: Mapping[str, Any]) -> str:
        """Put a document there and return its digest."""
        content = json.dumps(data).encode()
        found = documents.parse(content, data["mediaType"])
        self.documents[found.digest] = found
        return found.digest

    def manifest(self, reference: Reference) -> Document:
        self._ask("manifest")
        if reference.digest not in self.documents:
            raise ImageNotFound("SND-IMG-005", f"there is no {reference}")
        return self.documents[reference.digest]

    def blob(self, repository: Reference, digest: str, *, limit: int) -> bytes:
        self._ask("blob")
        if digest not in self.content:
            raise ImageNotFound("SND-IMG-005", f"there is no {digest}")
        assert len(self.content[digest]) <= limit
        return self.content[digest]

    def referrers(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        self._ask("referrers")
        return tuple(self.referring.get(digest, ()))

    def attached(self, repository: Reference, digest: str, suffix: str) -> Document | None:
        self._ask("attached")
        found = self.tagged.get(f"{digest}{suffix}")
        return self.documents[found] if found else None

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if question in self.fails:
            raise self.fails[question]

    def _stored(self, content: bytes, media_type: str) -> dict[str, Any]:
        digest = documents.digest_of(content)
        self.content[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _manifest(self, kind: str, config: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            "schemaVersion": 2,
            "mediaType": documents.OCI_MANIFEST,
            "config": {**config, "mediaType": kind},
            "layers": list(layers),
        }
