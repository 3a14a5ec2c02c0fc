"""Signatures and attestations made with keys of our own, in both formats, right or wrong in one point."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
V1, V01 = "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SLSA1, SLSA02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
WORKFLOW = "https://actions.github.io/buildtypes/workflow/v1"
SOURCE, REF, COMMIT = "https://github.com/acme/app", "refs/tags/v1.4.2", "a" * 40
BUILDER = f"{SOURCE}/.github/workflows/release.yml@{REF}"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@cache
def private(kind: str = "p256", name: str = "cosign") -> Private:
    """Make a key of this kind once: p256, p384, p521, k256, ed25519 or rsa and its bits; ``name`` tells keys apart."""
    curves: dict[str, type[ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1 | ec.SECP256K1]] = {
        "p256": ec.SECP256R1,
        "p384": ec.SECP384R1,
        "p521": ec.SECP521R1,
        "k256": ec.SECP256K1,
    }
    if kind in curves:
        return ec.generate_private_key(curves[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))


def public_pem(key: Private) -> str:
    """The public half as PEM."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


def write_public(folder: Path, key: Private, name: str = "cosign.pub") -> str:
    """Write the public half to a file and return its path."""
    file = folder / name
    file.write_text(public_pem(key))
    return str(file)


def signature(key: Private, content: bytes, algorithm: HashAlgorithm | None = None) -> bytes:
    """Sign as cosign does."""
    chosen = algorithm or SHA256()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(content, ec.ECDSA(chosen))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), chosen)
    return key.sign(content)


def b64(content: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(content).decode()


def subject(digest: str, **more: str) -> dict[str, Any]:
    """A subject of a statement."""
    return {"digest": {"sha256": digest.removeprefix("sha256:")}, **more}


def statement(
    digest: str, predicate_type: str = SIGN, predicate: Mapping[str, Any] | None = None, **changed: Any
) -> dict[str, Any]:
    """A statement about a digest; keyword arguments replace whole members."""
    said = {"_type": V1, "subject": [subject(digest)], "predicateType": predicate_type, "predicate": predicate or {}}
    return said | changed


def provenance(**changed: Any) -> dict[str, Any]:
    """A predicate of SLSA v1 as GitHub makes it; arguments replace single facts of the build."""
    build: dict[str, Any] = {
        "repository": SOURCE,
        "ref": REF,
        "path": ".github/workflows/release.yml",
        "commit": COMMIT,
        "event_name": "push",
        "runner_environment": "github-hosted",
        "builder": BUILDER,
        "build_type": WORKFLOW,
        "more": {},
    } | changed
    material = {"uri": f"git+{build['repository']}@{build['ref']}", "digest": {"gitCommit": build["commit"]}}
    return {
        "buildDefinition": {
            "buildType": build["build_type"],
            "externalParameters": {"workflow": {k: build[k] for k in ("repository", "ref", "path")}} | build["more"],
            "internalParameters": {"github": {k: build[k] for k in ("event_name", "runner_environment")}},
            "resolvedDependencies": [material],
        },
        "runDetails": {"builder": {"id": build["builder"]}},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes bundles and layers signed with ``key``."""

    key: Private = field(default_factory=private)
    algorithm: HashAlgorithm | None = None

    def envelope(self, said: Mapping[str, Any] | bytes, payload_type: str = IN_TOTO) -> dict[str, Any]:
        """A DSSE envelope."""
        payload = said if isinstance(said, bytes) else json.dumps(said).encode()
        kind = payload_type.encode()
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        made = signature(self.key, signed, self.algorithm)
        return {"payload": b64(payload), "payloadType": payload_type, "signatures": [{"sig": b64(made)}]}

    def bundle(self, said: Mapping[str, Any] | bytes, **changed: Any) -> bytes:
        """A bundle; keyword arguments replace members of it."""
        parts = {
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": "hint"}, "tlogEntries": []},
            "dsseEnvelope": self.envelope(said),
        }
        return json.dumps(parts | changed).encode()

    def signed(self, digest: str) -> bytes:
        """The bundle that ``cosign sign`` makes."""
        return self.bundle(statement(digest))

    def attested(self, digest: str, predicate_type: str = SLSA1, **build: Any) -> bytes:
        """The bundle that attests a build."""
        return self.bundle(statement(digest, predicate_type, provenance(**build), _type=V01))

    def simple(
        self, digest: str, repository: str = "registry.example/app", **critical: Any
    ) -> tuple[bytes, dict[str, str]]:
        """A layer of a ``.sig`` image; keyword arguments replace members of ``critical``."""
        claim = {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        }
        return self.layer(json.dumps({"critical": claim | critical, "optional": None}).encode())

    def layer(self, payload: bytes) -> tuple[bytes, dict[str, str]]:
        """A signed payload with its annotation."""
        return payload, {"dev.cosignproject.cosign/signature": b64(signature(self.key, payload, self.algorithm))}

    def attestation(self, said: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
        """A layer of an ``.att`` image."""
        return json.dumps(self.envelope(said)).encode(), {"predicateType": str(said.get("predicateType", ""))}


def flipped(content: bytes, places: Sequence[int] = (-1,)) -> bytes:
    """The same bytes with some of them changed."""
    changed = bytearray(content)
    for place in places:
        changed[place] ^= 1
    return bytes(changed)
