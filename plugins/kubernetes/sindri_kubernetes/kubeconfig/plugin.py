"""Credential plugins: programs that a kubeconfig names to log in with.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins .
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sindri_core.errors import ClusterError

SECONDS = 60
_SKEW = timedelta(seconds=60)


class Credential(NamedTuple):
    """What a plugin answered."""

    token: str
    certificate: str
    key: str
    expires: datetime | None


@dataclass(slots=True, eq=False)
class ExecPlugin:
    """One plugin of one context. Runs at most once while its answer is valid. Thread-safe."""

    context: str
    entry: Mapping[str, Any]
    cluster: Mapping[str, Any]
    environ: Mapping[str, str]
    _answer: Credential | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def credential(self, *, fresh: bool = False) -> Credential:
        """Return the credential. Raises ``ClusterError`` ``SND-K8S-007`` with what the plugin said."""
        with self._lock:
            answer = self._answer
            expired = answer and answer.expires and answer.expires - _SKEW < datetime.now(UTC)
            if answer is None or fresh or expired:
                self._answer = answer = self._run()
            return answer

    def _run(self) -> Credential:
        command = str(self.entry.get("command") or "")
        arguments = [str(argument) for argument in self.entry.get("args") or []]
        info = {
            "apiVersion": str(self.entry.get("apiVersion") or "client.authentication.k8s.io/v1"),
            "kind": "ExecCredential",
            "spec": {"interactive": False}
            | ({"cluster": self._cluster()} if self.entry.get("provideClusterInfo") else {}),
        }
        environ = dict(self.environ) | {
            str(pair.get("name")): str(pair.get("value")) for pair in self.entry.get("env") or [] if pair
        }
        environ["KUBERNETES_EXEC_INFO"] = json.dumps(info)
        try:
            done = subprocess.run(
                [command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=environ,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise self._failed(command, "it is not installed", str(self.entry.get("installHint") or "")) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            said = f"no answer within {SECONDS} s" if isinstance(error, subprocess.TimeoutExpired) else str(error)
            raise self._failed(command, said) from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise self._failed(command, f"exit code {done.returncode}: {said or 'it said nothing'}")
        return self._parsed(command, done.stdout)

    def _parsed(self, command: str, output: bytes) -> Credential:
        try:
            answer = json.loads(output)
            status = answer["status"]
            expires = status.get("expirationTimestamp")
            return Credential(
                str(status.get("token") or ""),
                str(status.get("clientCertificateData") or ""),
                str(status.get("clientKeyData") or ""),
                datetime.fromisoformat(expires) if expires else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._failed(command, "its answer is not an ExecCredential with a status") from None

    def _cluster(self) -> dict[str, Any]:
        names = {"certificate-authority-data", "server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url"}
        return {key: value for key, value in self.cluster.items() if key in names}

    def _failed(self, command: str, what: str, hint: str = "") -> ClusterError:
        return ClusterError(
            "SND-K8S-007",
            f"the credential plugin {command} of the context {self.context} failed: {what}",
            hint=hint or f"run it yourself to log in again: {command}",
        )
