"""A transparency log like Rekor v1: entries, signed entry timestamps, inclusion proofs and checkpoints."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sigstore_keys import Document, Key, base64_of, canonical

TREE = 1193050959916656506
"""A tree id. An origin that does not end in `` - <tree id>`` would be taken for a log of the second generation."""
EARLIER = tuple(f"an earlier entry, {number}".encode() for number in range(5))
"""Leaves that are in the tree before the one of a test, so that proofs have hashes on both sides."""
LATER = (b"a later entry",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as its log vouches for it. ``body`` is canonical JSON, ``promise`` the signed entry timestamp."""

    body: bytes
    kind: str
    log_id: bytes
    index: int
    integrated: int
    promise: bytes
    hashes: tuple[bytes, ...]
    root: bytes
    size: int
    checkpoint: str

    def in_bundle(self) -> Document:
        """Return the ``tlogEntries`` item of a Sigstore bundle."""
        return {
            "logIndex": str(self.index),
            "logId": {"keyId": base64_of(self.log_id)},
            "kindVersion": {"kind": self.kind, "version": "0.0.1"},
            "integratedTime": str(self.integrated),
            "inclusionPromise": {"signedEntryTimestamp": base64_of(self.promise)},
            "inclusionProof": {
                "logIndex": str(self.index),
                "rootHash": base64_of(self.root),
                "treeSize": str(self.size),
                "hashes": [base64_of(one) for one in self.hashes],
                "checkpoint": {"envelope": self.checkpoint},
            },
            "canonicalizedBody": base64_of(self.body),
        }

    def in_annotation(self) -> Document:
        """Return what the annotation ``dev.sigstore.cosign/bundle`` of a legacy signature holds."""
        return {
            "SignedEntryTimestamp": base64_of(self.promise),
            "Payload": {
                "body": base64_of(self.body),
                "integratedTime": self.integrated,
                "logIndex": self.index,
                "logID": self.log_id.hex(),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TransparencyLog:
    """A log without memory: each entry comes after EARLIER and before LATER in a tree of its own."""

    key: Key
    name: str = "rekor.sigstore.test"

    def entry(self, content: Document, at: datetime) -> Entry:
        """Log an entry (``dsse`` or ``hashed_record``) at a time."""
        body, index, integrated = canonical(content), len(EARLIER), int(at.timestamp())
        leaves = [leaf_hash(leaf) for leaf in (*EARLIER, body, *LATER)]
        root = tree_hash(leaves)
        return Entry(
            body=body,
            kind=content["kind"],
            log_id=self.key.identifier,
            index=index,
            integrated=integrated,
            promise=self.key.sign(promised(body, self.key.identifier, index, integrated)),
            hashes=tuple(path(index, leaves)),
            root=root,
            size=len(leaves),
            checkpoint=self.checkpoint(root, len(leaves)),
        )

    def checkpoint(self, root: bytes, size: int) -> str:
        """Sign the head of a tree as a note: origin, size, root; then the signature after the key's first 4 bytes."""
        note = f"{self.name} - {TREE}\n{size}\n{base64_of(root)}\n"
        signature = self.key.identifier[:4] + self.key.sign(note.encode())
        return f"{note}\n\N{EM DASH} {self.name} {base64_of(signature)}\n"


def promised(body: bytes, log_id: bytes, index: int, integrated: int) -> bytes:
    """Return what a signed entry timestamp covers."""
    return canonical({
        "body": base64_of(body), "integratedTime": integrated, "logID": log_id.hex(), "logIndex": index,
    })  # fmt: skip


def dsse(envelope: bytes, payload: bytes, signature: bytes, verifier: str) -> Document:
    """Return the content of a ``dsse`` entry for an envelope with one signature; ``verifier`` is PEM."""
    return {
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(envelope).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": base64_of(signature), "verifier": base64_of(verifier.encode())}],
        },
    }


def hashed_record(content: bytes, signature: bytes, verifier: str) -> Document:
    """Return the content of a ``hashedrekord`` entry for a signature over some bytes; ``verifier`` is PEM."""
    return {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}},
            "signature": {
                "content": base64_of(signature),
                "publicKey": {"content": base64_of(verifier.encode())},
            },
        },
    }


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + content).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return the head of the tree over the hashes of at least one leaf."""
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return hashlib.sha256(b"\1" + tree_hash(leaves[:middle]) + tree_hash(leaves[middle:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return the hashes that lead from a leaf to the head, lowest first (RFC 6962, 2.1.1)."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), tree_hash(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), tree_hash(leaves[:middle])]


def split(size: int) -> int:
    """Return the largest power of two below a size of at least 2: where a tree is divided."""
    return 1 << ((size - 1).bit_length() - 1)
