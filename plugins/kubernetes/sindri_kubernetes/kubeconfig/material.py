"""Certificates and keys: inline or in files, and as files for the TLS library, which reads keys from nowhere else."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sindri_core.errors import ClusterError

CA, CERTIFICATE, KEY = "certificate-authority", "client-certificate", "client-key"


class TlsFiles(NamedTuple):
    """Paths for the TLS library. ``folder`` is ours, readable by us only, and goes with ``close``."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    folder: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Remove what we wrote."""
        if self.folder:
            self.folder.cleanup()


def material(entry: Mapping[str, Any], name: str, context: str) -> bytes:
    """The PEM of a certificate or key: inline, or from its file; empty for none. Raises ``ClusterError``."""
    if inline := entry.get(f"{name}-data"):
        try:
            content = base64.b64decode("".join(str(inline).split()), validate=True)
        except ValueError:
            raise _unusable(f"{name}-data", context, "it is not base64") from None
        return _pem(content, f"{name}-data", context)
    file = entry.get(name)
    if not file:
        return b""
    try:
        content = Path(str(file)).read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it cannot be read"
        raise _unusable(name, context, f"{file}: {said}") from None
    return _pem(content, name, context)


def tls_files(cluster: Mapping[str, Any], user: Mapping[str, Any], context: str) -> TlsFiles:
    """Say where certificates and keys are, and put inline ones into a private folder.

    They stay there for as long as a connection is open: a key can reach Python's ``ssl`` through a file only.
    """
    folder = None
    paths: dict[str, str | None] = {}
    for name, entry in ((CA, cluster), (CERTIFICATE, user), (KEY, user)):
        content = material(entry, name, context)
        paths[name] = str(entry[name]) if content and name in entry else None
        if content and entry.get(f"{name}-data"):
            folder = folder or tempfile.TemporaryDirectory(prefix="sindri-tls-")
            paths[name] = str(Path(folder.name) / name)
            handle = os.open(str(paths[name]), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
    files = TlsFiles(paths[CA], paths[CERTIFICATE], paths[KEY], folder)
    if bool(files.certificate) != bool(files.key):
        files.close()
        there, missing = (CERTIFICATE, KEY) if files.certificate else (KEY, CERTIFICATE)
        raise _unusable(there, context, f"there is no {missing} with it")
    return files


def _pem(content: bytes, name: str, context: str) -> bytes:
    if b"-----BEGIN " not in content:
        raise _unusable(name, context, "it is not in PEM format")
    return content


def _unusable(name: str, context: str, what: str) -> ClusterError:
    return ClusterError(
        "SND-K8S-005",
        f"{name} of the context {context} cannot be used: {what}",
        hint="kubectl config view --minify   shows the entry; make the kubeconfig anew where the cluster came from",
    )
