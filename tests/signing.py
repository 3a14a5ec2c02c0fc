"""Signatures by keys in both of cosign's formats, made with ``cryptography``, each right unless told otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
SIGN = "https://sigstore.dev/cosign/sign/v1"
SLSA = "https://slsa.dev/provenance/v1"
SLSA_02 = "https://slsa.dev/provenance/v0.2"
TYPE = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def key() -> ec.EllipticCurvePrivateKey:
    """A new key of the kind that cosign makes."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(private: PrivateKey) -> str:
    """The public part as text."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def signature(private: PrivateKey, content: bytes) -> bytes:
    """Sign as cosign does."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(content)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(content, padding.PKCS1v15(), hashes.SHA256())
    return private.sign(content, ec.ECDSA(hashes.SHA256()))


def encoded(content: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(content).decode()


def statement(digest: str, predicate_type: str = SIGN, predicate: Any = None, **more: Any) -> dict[str, Any]:
    """A statement about an image."""
    subject = [{"digest": {"sha256": digest.removeprefix("sha256:")}}]
    document = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate_type}
    return {**document, "predicate": predicate or {}, **more}


def envelope(
    private: PrivateKey, stated: Mapping[str, Any] | bytes, payload_type: str = TYPE, **more: Any
) -> dict[str, Any]:
    """Sign a statement."""
    payload = stated if isinstance(stated, bytes) else json.dumps(stated).encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)
    made = {"payload": encoded(payload), "payloadType": payload_type}
    return {**made, "signatures": [{"sig": encoded(signature(private, signed)), "keyid": ""}], **more}


def bundle(private: PrivateKey, stated: Mapping[str, Any] | bytes, **more: Any) -> dict[str, Any]:
    """A bundle that a key signed."""
    material: dict[str, Any] = {"publicKey": {"hint": "test"}, "tlogEntries": [], "timestampVerificationData": None}
    return {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope(private, stated)} | more


def simple(digest: str, repository: str = "", kind: str = "cosign container image signature") -> bytes:
    """The payload of a signature of the older kind."""
    image = {"docker-manifest-digest": digest}
    critical = {"identity": {"docker-reference": repository}, "image": image, "type": kind}
    return json.dumps({"critical": critical, "optional": None}).encode()


def signed_beside(private: PrivateKey, payload: bytes) -> dict[str, str]:
    """What stands beside the payload of a signature of the older kind."""
    return {"dev.cosignproject.cosign/signature": encoded(signature(private, payload))}


def provenance(
    repository: str = "https://github.com/acme/app", ref: str = "refs/tags/v1.2.0", commit: str = "c" * 40, **more: Any
) -> dict[str, Any]:
    """The predicate of a build by GitHub's workflows, in SLSA 1.0; keywords replace single values."""
    path = more.pop("workflow", ".github/workflows/release.yml")
    workflow = {"ref": ref, "repository": repository, "path": path}
    github = {"event_name": more.pop("trigger", "push"), "runner_environment": more.pop("runner", "github-hosted")}
    build_type = more.pop("build_type", "https://actions.github.io/buildtypes/workflow/v1")
    builder = more.pop("builder", f"{repository}/{path}@{ref}")
    dependencies = [{"uri": f"git+{repository}@{ref}", "digest": {"gitCommit": commit}}]
    definition = {
        "buildType": build_type,
        "externalParameters": {"workflow": workflow, **more},
        "internalParameters": {"github": github},
        "resolvedDependencies": dependencies,
    }
    return {"buildDefinition": definition, "runDetails": {"builder": {"id": builder}}}
