"""Changes to the JSON of a right bundle, each in place and each making it wrong in one way."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from sigstore_certificates import MOMENT
from sigstore_keys import Document, Key, base64_of
from sigstore_log import TransparencyLog, promised

if TYPE_CHECKING:
    from sigstore_authority import Authority


def material(bundle: Document) -> Document:
    """Return the bundle's verification material."""
    found: Document = bundle["verificationMaterial"]
    return found


def entry(bundle: Document) -> Document:
    """Return the bundle's only log entry."""
    found: Document = material(bundle)["tlogEntries"][0]
    return found


def alter_payload(bundle: Document) -> None:
    """Say something else than what was signed: the payload with a space after it, still the same JSON."""
    envelope = bundle["dsseEnvelope"]
    envelope["payload"] = base64_of(base64.b64decode(envelope["payload"]) + b" ")


def unpad_payload(bundle: Document) -> None:
    """Write the payload in base64 without padding."""
    envelope = bundle["dsseEnvelope"]
    envelope["payload"] = envelope["payload"].rstrip("=")


def alter_payload_type(bundle: Document) -> None:
    """Call the payload something else than what was signed."""
    bundle["dsseEnvelope"]["payloadType"] = "application/json"


def add_invalid_signature(bundle: Document) -> None:
    """Add a signature of nobody after the right one."""
    bundle["dsseEnvelope"]["signatures"].append({"sig": base64_of(Key.new().sign(b""))})


def repeat_signature(bundle: Document) -> None:
    """Have the right signature twice."""
    bundle["dsseEnvelope"]["signatures"] *= 2


def empty_signature(bundle: Document) -> None:
    """Leave the signature's place, and nothing in it."""
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = ""


def remove_signatures(bundle: Document) -> None:
    """Leave no place for a signature."""
    bundle["dsseEnvelope"]["signatures"] = []


def swap_certificate(authority: Authority, statement: Document, bundle: Document) -> None:
    """Put in the certificate of another key, made out to the same identity."""
    material(bundle)["certificate"] = material(authority.bundle(statement))["certificate"]


def splice_stamp(authority: Authority, statement: Document, bundle: Document) -> None:
    """Put in a timestamp of another signature, at the same time."""
    stamp = authority.stamper.stamp(b"another signature", MOMENT)
    material(bundle)["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": base64_of(stamp)}]}


def repeat_entry(bundle: Document) -> None:
    """Have the log's entry twice."""
    material(bundle)["tlogEntries"] *= 2


def strip_promise(bundle: Document) -> None:
    """Leave out the signed entry timestamp, so that nobody vouches for the integrated time."""
    del entry(bundle)["inclusionPromise"]


def forge_promise(bundle: Document) -> None:
    """Put in a signed entry timestamp by another log's key, for this very entry."""
    logged = entry(bundle)
    message = promised(
        base64.b64decode(logged["canonicalizedBody"]),
        base64.b64decode(logged["logId"]["keyId"]),
        int(logged["logIndex"]),
        int(logged["integratedTime"]),
    )
    logged["inclusionPromise"]["signedEntryTimestamp"] = base64_of(Key.new().sign(message))


def alter_time(bundle: Document) -> None:
    """Say that the log took the entry a second later than it promised."""
    logged = entry(bundle)
    logged["integratedTime"] = str(int(logged["integratedTime"]) + 1)


def alter_index(bundle: Document) -> None:
    """Say that the entry stands elsewhere in the log than it promised."""
    entry(bundle)["logIndex"] = "999"


def strip_proof(bundle: Document) -> None:
    """Leave out the inclusion proof, as bundles before v0.2 may."""
    del entry(bundle)["inclusionProof"]


def alter_proof(bundle: Document) -> None:
    """Put another hash in the way from the entry to the tree's head."""
    entry(bundle)["inclusionProof"]["hashes"][0] = base64_of(bytes(32))


def forge_checkpoint(bundle: Document) -> None:
    """Have another log of the same name sign the tree's head."""
    proof = entry(bundle)["inclusionProof"]
    forged = TransparencyLog(key=Key.new()).checkpoint(base64.b64decode(proof["rootHash"]), int(proof["treeSize"]))
    proof["checkpoint"]["envelope"] = forged


def mix_checkpoint(authority: Authority, statement: Document, bundle: Document) -> None:
    """Put in a checkpoint that the right log signed for another tree."""
    proof = entry(bundle)["inclusionProof"]
    proof["checkpoint"]["envelope"] = authority.log.checkpoint(bytes(32), int(proof["treeSize"]))
