"""What goes over the wire, byte by byte, for registries that do not behave."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from registry import OCI_MANIFEST

IMAGE = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "a" * 64, "size": 2}
GOOD = json.dumps({**IMAGE, "config": CONFIG}).encode()
TYPE = f"Content-Type: {OCI_MANIFEST}"


def raw(answer: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with exactly these bytes, and close."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(answer)
        except OSError:
            return

    return send


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")
