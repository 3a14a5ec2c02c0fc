"""Who we are, as headers of a request."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sindri_core.errors import ClusterError

if TYPE_CHECKING:
    from datetime import datetime

_HEADER_KEY = "!#$&'*+-.^_`|~"
"""What may stand in the name of a header beside letters and digits (RFC 9110 5.6.2); the percent sign escapes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Credential:
    """What proves who we are. ``certificate`` and ``key`` are PEM from a plugin; those of files are not here."""

    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    expires: datetime | None = None


def token_of(user: Mapping[str, Any]) -> str:
    """The token of a user's entry. A token file is read each time: it is rotated; it comes before a token."""
    file, token = user.get("tokenFile"), str(user.get("token") or "").strip()
    if not file:
        return token
    try:
        written, said = Path(str(file)).read_text(encoding="utf-8").strip(), "it is empty"
    except (OSError, ValueError) as error:
        written, said = "", getattr(error, "strerror", None) or "it is not a text"
    if written or token:
        return written or token
    raise ClusterError(
        "SND-K8S-005", f"the token file {file} cannot be used: {said}", hint=f"log in again; it belongs in {file}"
    )


def headers(user: Mapping[str, Any], token: str, context: str) -> Iterator[tuple[str, str]]:
    """Yield the headers; a name may come more than once. Raises ``ClusterError`` for what cannot stand in one."""
    for name, value in _pairs(user, token):
        if not value.isascii() or not value.isprintable():
            raise ClusterError(
                "SND-K8S-005",
                f"the value for {name} of the context {context} holds characters that no header may hold",
                hint="log in again, or repair the user of this context in the kubeconfig",
            )
        yield name, value


def _pairs(user: Mapping[str, Any], token: str) -> Iterator[tuple[str, str]]:
    if token:
        yield "Authorization", f"Bearer {token}"
    elif user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}"
        yield "Authorization", "Basic " + base64.b64encode(pair.encode()).decode()
    if name := user.get("as"):
        yield "Impersonate-User", name
    if uid := user.get("as-uid"):
        yield "Impersonate-Uid", uid
    for group in user.get("as-groups") or ():
        yield "Impersonate-Group", group
    for key, values in (user.get("as-user-extra") or {}).items():
        for value in values:
            yield f"Impersonate-Extra-{quote(key.lower(), safe=_HEADER_KEY)}", value
