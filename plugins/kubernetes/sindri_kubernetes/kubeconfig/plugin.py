"""Credential plugins: programs that a kubeconfig names to log in with.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins .
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sindri_core import child
from sindri_core.errors import ClusterError
from sindri_kubernetes.kubeconfig.login import Credential
from sindri_kubernetes.kubeconfig.material import material

SECONDS = 60.0
"""How long a plugin may take that asks nobody anything."""
VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EARLY = timedelta(seconds=10)
_PARTS = ("token", "clientCertificateData", "clientKeyData")


@dataclass(slots=True, eq=False, repr=False)
class ExecPlugin:
    """One plugin of one context. Runs once for as long as its answer is valid. Thread-safe."""

    context: str
    entry: Mapping[str, Any]
    cluster: Mapping[str, Any]
    environ: Mapping[str, str]
    _answer: Credential | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def credential(self, *, seconds: float, refused: Credential | None = None) -> Credential:
        """Return the credential, anew when it expired or when it is the one that the server ``refused``.

        Raises ``ClusterError`` ``SND-K8S-007`` with what the plugin said.
        """
        with self._lock:
            answer = self._answer
            if answer is None or answer is refused or _expired(answer):
                self._answer = answer = self._run(seconds)
            return answer

    def _run(self, seconds: float) -> Credential:
        command = str(self.entry.get("command") or "")
        interactive = self._interactive(command)
        limit = seconds if interactive else min(seconds, SECONDS)
        argv = [command, *(self.entry.get("args") or ())]
        try:
            ended = child.run(argv, self._environ(interactive=interactive), interactive=interactive, seconds=limit)
        except FileNotFoundError:
            hint = str(self.entry.get("installHint") or "").strip()
            raise self._failed(command, "it is not installed", hint=hint or f"install {command}") from None
        except (OSError, ValueError) as error:
            raise self._failed(command, getattr(error, "strerror", None) or "it cannot be started") from None
        if ended.code is None:
            what = f"no answer within {limit:.0f} s" if ended.late else "it prints more than any credential has"
            raise self._failed(command, what, ended.said)
        if ended.code:
            raise self._failed(command, f"exit code {ended.code}", ended.said)
        return self._parsed(command, ended.output, ended.said)

    def _interactive(self, command: str) -> bool:
        """Whether it gets the terminal: as its ``interactiveMode`` says, and only where there is one."""
        mode, terminal = self.entry.get("interactiveMode") or "IfAvailable", _terminal()
        if mode == "Always" and not terminal:
            raise self._failed(command, "it wants to ask questions, and standard input is no terminal")
        return terminal and mode != "Never"

    def _environ(self, *, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self.entry.get("provideClusterInfo"):
            spec["cluster"] = self._cluster()
        info = {"apiVersion": self.entry["apiVersion"], "kind": "ExecCredential", "spec": spec}
        own = {variable["name"]: variable.get("value") or "" for variable in self.entry.get("env") or ()}
        return {**self.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _cluster(self) -> dict[str, Any]:
        """The cluster as plugins are told of it; the certificate authority goes as its content."""
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression")
        told: dict[str, Any] = {name: self.cluster[name] for name in names if self.cluster.get(name)}
        told["config"] = None
        if authority := material(self.cluster, "certificate-authority", self.context):
            told["certificate-authority-data"] = base64.b64encode(authority).decode()
        for extension in self.cluster.get("extensions") or ():
            if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
                told["config"] = extension.get("extension")
        return told

    def _parsed(self, command: str, output: bytes, said: bytes) -> Credential:
        try:
            answer = json.loads(output)
            kind, version, status = answer["kind"], answer["apiVersion"], answer["status"]
            token, certificate, key = (_text(status.get(name)) for name in _PARTS)
            expires = _moment(status.get("expirationTimestamp"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._failed(command, "its answer is not an ExecCredential with a status", said) from None
        credential = Credential(token=token, certificate=certificate, key=key, expires=expires)
        if (kind, version) != ("ExecCredential", self.entry["apiVersion"]):
            raise self._failed(command, f"it does not answer in {self.entry['apiVersion']}, as it was asked to")
        if not credential.token and not credential.certificate:
            raise self._failed(command, "its answer holds neither a token nor a certificate", said)
        if bool(credential.certificate) != bool(credential.key):
            raise self._failed(command, "its answer holds a certificate or a key, and not both")
        return credential

    def _failed(self, command: str, what: str, said: bytes = b"", *, hint: str = "") -> ClusterError:
        text = said.decode(errors="replace").strip()
        return ClusterError(
            "SND-K8S-007",
            f"the credential plugin {command} of the context {self.context} failed: {what}",
            hint=hint or f"run it yourself to log in again: {command}",
            details=[("seen", text)] if text else [],
        )


def _text(value: object) -> str:
    """A text or nothing. Raises ``TypeError`` for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or ""


def _terminal() -> bool:
    """Whether somebody can be asked. An embedding program may have no standard input, or a closed one."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False


def _moment(text: object) -> datetime | None:
    """An RFC 3339 time; one without a zone is UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _expired(credential: Credential) -> bool:
    return credential.expires is not None and credential.expires - _EARLY <= datetime.now(UTC)
