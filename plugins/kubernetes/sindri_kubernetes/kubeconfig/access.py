"""One way into one cluster: the server, how to trust it, and who we are."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sindri_core.errors import ClusterError

if TYPE_CHECKING:
    from sindri_kubernetes.kubeconfig.plugin import Credential, ExecPlugin


class TlsFiles(NamedTuple):
    """Files for the TLS library, which reads keys from nowhere else. ``folder`` is ours and goes with ``close``."""

    ca: str | None
    certificate: str | None
    key: str | None
    folder: tempfile.TemporaryDirectory[str] | None

    def close(self) -> None:
        """Remove what we wrote."""
        if self.folder:
            self.folder.cleanup()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What kubectl would use. ``cluster_entry`` and ``user_entry`` hold secrets: they are never printed."""

    context: str
    cluster: str
    namespace: str
    server: str
    kubeconfig_files: tuple[Path, ...] = ()
    cluster_entry: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_entry: Mapping[str, Any] = field(default_factory=dict, repr=False)
    plugin: ExecPlugin | None = field(default=None, repr=False)

    @property
    def verify(self) -> bool:
        """Whether the server's certificate is checked."""
        return not self.cluster_entry.get("insecure-skip-tls-verify")

    @property
    def tls_server_name(self) -> str:
        """The name to expect in the server's certificate, if it is another than the address."""
        return str(self.cluster_entry.get("tls-server-name") or "")

    @property
    def renewable(self) -> bool:
        """Whether asking again can give other credentials."""
        return self.plugin is not None or bool(self.user_entry.get("tokenFile"))

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the certificate authority and the address, for clusters whose UID we may not read."""
        authority = self._material(self.cluster_entry, "certificate-authority")
        return hashlib.sha256(authority + self.server.encode()).hexdigest()

    def proxy(self, default: str | None) -> str | None:
        """The proxy of this cluster; ``default`` is the environment's."""
        return str(self.cluster_entry.get("proxy-url") or "") or default

    def headers(self, *, fresh: bool = False) -> dict[str, str]:
        """Who we are, as headers. Credentials never go to a server without TLS, as with kubectl."""
        user = self.user_entry
        headers = _impersonation(user)
        if not self.server.startswith("https://"):
            return headers
        token = self._token(fresh=fresh)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        elif user.get("username"):
            pair = f"{user['username']}:{user.get('password', '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return headers

    def tls_files(self) -> TlsFiles:
        """Put inline certificates and keys into a private folder, for as long as a connection needs them."""
        credential = self._credential()
        folder = None
        paths: dict[str, str | None] = {}
        user = dict(self.user_entry)
        if credential and credential.certificate:
            user |= {"client-certificate-data": None, "client-key-data": None}
        for name, entry in (
            ("certificate-authority", self.cluster_entry),
            ("client-certificate", user),
            ("client-key", user),
        ):
            inline = entry.get(f"{name}-data")
            paths[name] = str(entry[name]) if entry.get(name) and not inline else None
            content = self._material(entry, name) if inline else b""
            if credential and name == "client-certificate" and credential.certificate:
                content = credential.certificate.encode()
            if credential and name == "client-key" and credential.key:
                content = credential.key.encode()
            if content:
                folder = folder or tempfile.TemporaryDirectory(prefix="sindri-tls-")
                paths[name] = str(Path(folder.name) / name)
                handle = os.open(str(paths[name]), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
        return TlsFiles(paths["certificate-authority"], paths["client-certificate"], paths["client-key"], folder)

    def _token(self, *, fresh: bool) -> str:
        if credential := self._credential(fresh=fresh):
            return credential.token
        file = self.user_entry.get("tokenFile")
        if file:
            try:
                return Path(str(file)).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ClusterError(
                    "SND-K8S-005", f"the token file {file} cannot be read: {error.strerror}", hint="log in again"
                ) from None
        return str(self.user_entry.get("token") or "").strip()

    def _credential(self, *, fresh: bool = False) -> Credential | None:
        return self.plugin.credential(fresh=fresh) if self.plugin else None

    def _material(self, entry: Mapping[str, Any], name: str) -> bytes:
        """The content of a certificate or key: inline, or from its file."""
        if inline := entry.get(f"{name}-data"):
            try:
                return base64.b64decode(str(inline), validate=False)
            except ValueError:
                raise ClusterError(
                    "SND-K8S-005",
                    f"{name}-data of the context {self.context} is not base64",
                    hint="kubectl config view --minify   shows the entry",
                ) from None
        file = entry.get(name)
        if not file:
            return b""
        try:
            return Path(str(file)).read_bytes()
        except OSError as error:
            raise ClusterError(
                "SND-K8S-005",
                f"the file {file} ({name} of the context {self.context}) cannot be read: {error.strerror}",
                hint="kubectl config view --minify   shows the entry",
            ) from None


def _impersonation(user: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if name := user.get("as"):
        headers["Impersonate-User"] = str(name)
    if uid := user.get("as-uid"):
        headers["Impersonate-Uid"] = str(uid)
    groups = user.get("as-groups") or []
    if groups:
        headers["Impersonate-Group"] = str(groups[0])
    for key, values in (user.get("as-user-extra") or {}).items():
        headers[f"Impersonate-Extra-{key}"] = str(values[0]) if values else ""
    return headers
