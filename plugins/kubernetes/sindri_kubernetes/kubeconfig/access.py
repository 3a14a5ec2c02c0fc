"""One way into one cluster: the server, how to trust it, and who we are."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_kubernetes.kubeconfig import login
from sindri_kubernetes.kubeconfig.login import Credential
from sindri_kubernetes.kubeconfig.material import CA, TlsFiles, material, tls_files

if TYPE_CHECKING:
    from sindri_kubernetes.kubeconfig.plugin import ExecPlugin

_OWN = ("token", "tokenFile", "username", "client-certificate", "client-certificate-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What kubectl would use. What holds secrets is left out of the value's text."""

    context: str
    cluster: str
    namespace: str
    server: str
    kubeconfig_files: tuple[Path, ...] = ()
    proxy: str = field(default="", repr=False)
    cluster_entry: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_entry: Mapping[str, Any] = field(default_factory=dict, repr=False)
    plugin: ExecPlugin | None = field(default=None, repr=False)

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted. Without that no credential is sent, as with kubectl."""
        return self.server.startswith("https://")

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
        return self._asked is not None or bool(self.user_entry.get("tokenFile"))

    @property
    def _asked(self) -> ExecPlugin | None:
        """The plugin that says who we are: kubectl asks it only when the user's entry itself does not."""
        return None if any(self.user_entry.get(name) for name in _OWN) else self.plugin

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the certificate authority and the address, for clusters whose UID we may not read."""
        authority = material(self.cluster_entry, CA, self.context)
        return hashlib.sha256(authority + self.server.encode()).hexdigest()

    def credential(self, *, seconds: float, refused: Credential | None = None) -> Credential:
        """Return what proves who we are; may run a plugin for at most ``seconds``.

        ``refused`` is a credential that the server did not accept: a plugin is asked for another one.
        """
        if not self.secure:
            return Credential()
        if plugin := self._asked:
            return plugin.credential(seconds=seconds, refused=refused)
        return Credential(token=login.token_of(self.user_entry))

    def headers(self, credential: Credential) -> list[tuple[str, str]]:
        """Who we are, as headers; a name may come more than once."""
        user = self.user_entry
        if not self.secure:
            user = {name: value for name, value in user.items() if name not in {"username", "password"}}
        return list(login.headers(user, credential.token, self.context))

    def tls_files(self, credential: Credential) -> TlsFiles:
        """Certificates and keys as files; a plugin's certificate comes before one of the kubeconfig."""
        if not self.secure:
            return TlsFiles()
        user = self.user_entry
        if credential.certificate:
            user = {
                "client-certificate-data": base64.b64encode(credential.certificate.encode()).decode(),
                "client-key-data": base64.b64encode(credential.key.encode()).decode(),
            }
        return tls_files(self.cluster_entry, user, self.context)
