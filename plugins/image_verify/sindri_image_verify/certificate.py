"""What the certificate of a signer says. Nothing of it counts before an engine has checked it.

Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

import re
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

_FULCIO = "1.3.6.1.4.1.57264.1"
_OTHER_NAME = f"{_FULCIO}.7"
_RAW, _ENCODED = {1, 2, 3, 5, 6}, {8, 9, 11, 12, 13, 14, 18, 20}
"""The older extensions hold plain text, the later ones a DER UTF8String."""
_UTF8 = 0x0C
_LONGEST = 2048
_SHORT_FORM = 0x80
_QUIET = threading.Lock()
"""Filters of warnings belong to the whole process: only one thread at a time may change them."""
_GITHUB = "https://github.com/"
_FORMS = {
    "uri": re.compile(r"[a-z][a-z0-9+.-]*://[^\s]+"),
    "email": re.compile(r"[^@\s:/]+@[^@\s:/]+"),
    "other": re.compile(r"[^!\s/]+![^!\s/]+"),
}
"""What a name of each kind looks like: so that none can be taken for one of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A signer's certificate. ``kind`` tells what the identity is: ``uri``, ``email`` or ``other``.

    ``source_*``, ``workflow``, ``trigger`` and ``runner`` are what the issuer knew of the build; empty when it says
    nothing.
    """

    identity: str
    kind: str
    issuer: str
    until: datetime
    source_repository: str = ""
    source_ref: str = ""
    source_commit: str = ""
    builder: str = ""
    workflow: str = ""
    trigger: str = ""
    runner: str = ""


def parse(der: bytes) -> Certificate:
    """Read a certificate in DER. Raises ``ValueError`` for one that cannot be a signer's."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library warns of small faults; an engine judges the certificate
            read = x509.load_der_x509_certificate(der)
            _require_signer(read)
            identity, kind = _identity(read)
            said = _extensions(read)
    except x509.DuplicateExtension:
        raise ValueError("the certificate has an extension twice") from None
    except x509.ExtensionNotFound as error:
        raise ValueError(f"the certificate lacks an extension: {error}") from None
    except (x509.UnsupportedGeneralNameType, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError(f"the certificate cannot be read: {error}") from None
    repository = said.get(12, "")
    old = said.get(5, "")
    if old and repository and repository != f"{_GITHUB}{old}" and repository.startswith(_GITHUB):
        raise ValueError(f"the certificate names two source repositories: {repository} and {old}")
    return Certificate(
        identity=identity,
        kind=kind,
        issuer=_issuer(said),
        until=read.not_valid_after_utc,
        source_repository=repository or (f"{_GITHUB}{old}" if old else ""),
        source_ref=_same(said, 14, 6, "refs"),
        source_commit=_same(said, 13, 3, "commits"),
        builder=said.get(9, ""),
        workflow=said.get(18, ""),
        trigger=_same(said, 20, 2, "triggers"),
        runner=said.get(11, ""),
    )


def _require_signer(read: x509.Certificate) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        if read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ValueError("the certificate is an authority's, not a signer's")
    except x509.ExtensionNotFound:
        pass
    usage = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
        raise ValueError("the certificate is not for signing code")


def _identity(read: x509.Certificate) -> tuple[str, str]:
    from cryptography import x509

    names = list(read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    if len(names) != 1:
        raise ValueError(f"the certificate has {len(names)} identities, not one")
    identity, kind = _named(names[0])
    if len(identity) > _LONGEST or not (identity.isascii() and identity.isprintable()):
        raise ValueError("the certificate's identity is too long or not printable ASCII")
    if not _FORMS[kind].fullmatch(identity):
        raise ValueError(f"the certificate's identity stands where a name of another kind belongs ({kind})")
    return identity, kind


def _named(name: x509.GeneralName) -> tuple[str, str]:
    from cryptography import x509

    match name:
        case x509.UniformResourceIdentifier():
            return name.value, "uri"
        case x509.RFC822Name():
            return name.value, "email"
        case x509.OtherName() if name.type_id.dotted_string == _OTHER_NAME:
            return _utf8(name.value), "other"
        case _:
            raise ValueError("the certificate's identity is no URI, email address or user name")


def _extensions(read: x509.Certificate) -> dict[int, str]:
    """Fulcio's own extensions by their last number, as far as they are used here."""
    from cryptography import x509

    found: dict[int, str] = {}
    for extension in read.extensions:
        parent, _, last = extension.oid.dotted_string.rpartition(".")
        if parent != _FULCIO or not isinstance(extension.value, x509.UnrecognizedExtension):
            continue
        number, value = int(last), extension.value.value
        if number in _RAW:
            found[number] = _text(value)
        elif number in _ENCODED:
            found[number] = _utf8(value)
    return found


def _utf8(der: bytes) -> str:
    """Read a DER UTF8String."""
    if len(der) < 2 or der[0] != _UTF8:  # noqa: PLR2004 - type and length
        raise ValueError("an extension of the certificate is no UTF8String")
    length, start = der[1], 2
    if length >= _SHORT_FORM:
        start += length - _SHORT_FORM
        length = int.from_bytes(der[2:start], "big")
    if start > 4 or length != len(der) - start:  # noqa: PLR2004 - two bytes of length are 64 KiB
        raise ValueError("an extension of the certificate has a wrong length")
    return _text(der[start:])


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise ValueError("an extension of the certificate is no UTF-8") from None
    if len(text) > _LONGEST or not text.isprintable():
        raise ValueError("an extension of the certificate is too long or not printable")
    return text


def _issuer(said: dict[int, str]) -> str:
    issuer = _same(said, 8, 1, "issuers")
    if not issuer:
        raise ValueError("the certificate names no issuer")
    return issuer


def _same(said: dict[int, str], new: int, old: int, what: str) -> str:
    """A value that two extensions may hold; both must agree."""
    if new in said and old in said and said[new] != said[old]:
        raise ValueError(f"the certificate names two {what}: {said[new]} and {said[old]}")
    return said.get(new, said.get(old, ""))
