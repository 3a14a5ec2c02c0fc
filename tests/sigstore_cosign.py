"""The real cosign on files alone: without a registry, without a home, and cut off from every network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apiserver import tools
from sigstore_layout import Image, write_layout

if TYPE_CHECKING:
    from sigstore_identities import Identity
    from sigstore_keys import Document, Key
    from sigstore_material import Layer

NOWHERE = "http://127.0.0.1:1"
"""A proxy that nobody serves: a check that asks the network fails at once."""


class NoCosign(Exception):
    """There is no cosign to test with; the text says what would change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """A cosign program, and a folder for the files it reads. Each method returns why it refuses, or nothing."""

    program: Path
    folder: Path

    @classmethod
    def found(cls, folder: Path, name: str = "cosign") -> Cosign:
        """Return the test bed's cosign (``cosign-old``: one below the floor). Raises ``NoCosign``."""
        program = tools() / name
        if not program.exists():
            raise NoCosign(f"no {name} in {tools()}: run `supply-chain tools` of the test bed once")
        return cls(program=program, folder=folder)

    def bundle(
        self,
        bundle: Document,
        digest: str,
        predicate_type: str,
        *terms: str,
        subcommand: str = "verify-blob-attestation",
    ) -> str:
        """Check a bundle's signature, predicate type and subject; ``digest`` is ``sha256:`` and 64 hex digits."""
        algorithm, _, value = digest.partition(":")
        path = self.written("bundle.json", bundle)
        about = ("--type", predicate_type, "--digest", value, "--digestAlg", algorithm)
        return self.refusal("verify-blob-attestation", "--bundle", str(path), *about, *terms)

    def blob(self, bundle: Document, content: bytes, *terms: str) -> str:
        """Check a bundle with a message signature over a blob."""
        path, blob = self.written("bundle.json", bundle), self.folder / "blob"
        blob.write_bytes(content)
        return self.refusal("verify-blob", "--bundle", str(path), *terms, str(blob))

    def signature(self, image: Image, signatures: Sequence[Layer], *terms: str) -> str:
        """Check legacy signatures in an OCI layout."""
        return self.refusal("verify", "--local-image", str(self.layout(image, signatures=signatures)), *terms)

    def attestation(self, image: Image, attestations: Sequence[Layer], predicate_type: str, *terms: str) -> str:
        """Check legacy attestations in an OCI layout."""
        layout = self.layout(image, attestations=attestations)
        return self.refusal("verify-attestation", "--local-image", str(layout), "--type", predicate_type, *terms)

    def layout(self, image: Image, *, signatures: Sequence[Layer] = (), attestations: Sequence[Layer] = ()) -> Path:
        """Write an OCI layout into a folder of its own."""
        folder = self.folder / f"layout-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        write_layout(folder, image, signatures=signatures, attestations=attestations)
        return folder

    def keyless(self, identity: Identity, trusted_root: Document) -> tuple[str, ...]:
        """Return the terms for a certificate's first name and its issuer."""
        named = ("--certificate-identity", identity.name, "--certificate-oidc-issuer", identity.issuer)
        return ("--trusted-root", str(self.written("trusted_root.json", trusted_root)), *named)

    def keyed(self, key: Key, trusted_root: Document | None = None) -> tuple[str, ...]:
        """Return the terms for a key; without a trusted root no log is asked for."""
        path = self.folder / "cosign.pub"
        path.write_text(key.pem, encoding="ascii")
        if trusted_root is None:
            return ("--key", str(path), "--insecure-ignore-tlog")
        return ("--key", str(path), "--trusted-root", str(self.written("trusted_root.json", trusted_root)))

    def written(self, name: str, document: Document) -> Path:
        """Write a JSON file into the folder."""
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def refusal(self, *arguments: str) -> str:
        """Run cosign; return what it printed if it refuses, nothing if it accepts. Only exit code 0 accepts."""
        environment = {"HOME": str(self.folder), "PATH": os.defpath, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE}
        done = subprocess.run(
            [str(self.program), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"
