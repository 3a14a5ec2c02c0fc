"""Make the bundles on which a cosign without version is tried. The keys are forgotten once they have signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sindri_image_verify.engines.probe import DIGEST, TYPE
from sindri_image_verify.statement import PAYLOAD_TYPE

FOLDER = Path(__file__).parent / "sindri_image_verify" / "engines" / "corpus"


def main() -> None:
    """Write the corpus anew."""
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    for name, key in (("own.pub", own), ("other.pub", other)):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (FOLDER / name).write_bytes(pem)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": DIGEST}}],
        "predicateType": TYPE,
        "predicate": {"buildDefinition": {"buildType": "https://example.test/probe"}},
    }
    payload = json.dumps(statement).encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    signature = own.sign(signed, ec.ECDSA(SHA256()))
    for name, content in (("right.json", payload), ("changed.json", payload.replace(b"probe", b"other"))):
        bundle = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": ""}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(content).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": base64.b64encode(signature).decode()}],
            },
        }
        (FOLDER / name).write_text(json.dumps(bundle, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
