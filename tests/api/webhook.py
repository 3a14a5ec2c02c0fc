"""An admission webhook on loopback, as a cluster's owner would run one: HTTPS with a certificate of its own."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeAlias

from served import Served

Review: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the request of an AdmissionReview and returns the response without its uid."""


def refuse(message: str) -> Review:
    """Make a review that refuses everything."""
    return lambda _: {"allowed": False, "status": {"code": 403, "message": message}}


def patch(change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Review:
    """Make a review that admits everything and changes it by a JSON patch."""

    def review(request: dict[str, Any]) -> dict[str, Any]:
        steps = json.dumps(change(request)).encode()
        return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(steps).decode()}

    return review


class Webhook(Served):
    """The webhook, as a context manager."""

    def __init__(self, folder: Path, review: Review) -> None:
        certificate, key = folder / "webhook.crt", folder / "webhook.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=webhook",  # noqa: S607
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        self.authority = base64.b64encode(certificate.read_bytes()).decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        super().__init__(_handler(review), context)
        self.url = f"{self.address}/"


def _handler(review: Review) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {"uid": asked["request"]["uid"], **review(asked["request"])}
            content = json.dumps({"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": response})
            self.send_response_only(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

    return Handler


def configuration(kind: str, name: str, namespace: str, client: dict[str, Any], plural: str) -> dict[str, Any]:
    """Write a Validating- or MutatingWebhookConfiguration for one kind of object in one namespace."""
    hook = {
        "name": f"{kind.lower()}.example.com",
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [
            {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": [plural]}
        ],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }
