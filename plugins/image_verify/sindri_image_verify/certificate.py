"""The certificate of a signer: who it is for, and what its authority says about the build.

Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md. Read after or before the cryptography was
checked; nothing here says that a certificate is genuine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sindri_image_verify.statement import Malformed

if TYPE_CHECKING:
    from cryptography import x509

_ARC = "1.3.6.1.4.1.57264.1."
_OLD = {"issuer": 1, "trigger": 2, "source_commit": 3, "source_repository": 5, "source_ref": 6}
_NEW = {
    "issuer": 8,
    "build_signer": 9,
    "runner": 11,
    "source_repository": 12,
    "source_commit": 13,
    "source_ref": 14,
    "workflow": 18,
    "trigger": 20,
}
_UTF8_STRING = 0x0C
LONGEST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed. ``identity`` is the one name of the certificate, ``issuer`` who vouches for it.

    The rest is what the authority says about the build, each empty where it says nothing; ``source_repository`` is an
    address (``https://github.com/acme/app``), ``workflow`` one with a ref behind an ``@``.
    """

    identity: str
    issuer: str
    build_signer: str = ""
    runner: str = ""
    source_repository: str = ""
    source_commit: str = ""
    source_ref: str = ""
    workflow: str = ""
    trigger: str = ""

    def lines(self) -> tuple[str, ...]:
        """What people want to see of it."""
        source = f"{self.source_repository} @ {self.source_ref}".strip(" @")
        rows = (("identity", self.identity), ("issuer", self.issuer), ("source", source))
        return tuple(f"{label}: {text}" for label, text in rows if text)


def read(der: bytes) -> Signer:
    """Read a leaf certificate. Raises ``Malformed`` for one that may not sign code, or does not say who it is for."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        found = x509.load_der_x509_certificate(der)
        extensions = {extension.oid.dotted_string: extension for extension in found.extensions}
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        names = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise Malformed("the certificate is not one of a signer") from None
    basic = extensions.get("2.5.29.19")
    if basic is not None and getattr(basic.value, "ca", False):
        raise Malformed("the certificate is one of an authority")
    if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
        raise Malformed("the certificate is not for signing code")
    values = _values(extensions)
    return Signer(identity=_identity(names), **values)


def _identity(names: list[x509.GeneralName]) -> str:
    from cryptography import x509

    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier | x509.RFC822Name):
        raise Malformed("the certificate does not name exactly one address or e-mail")
    identity = str(names[0].value)
    if not identity or len(identity) > LONGEST or not identity.isprintable() or not identity.isascii():
        raise Malformed("the name in the certificate holds what no name does")
    return identity


def _values(extensions: dict[str, x509.Extension[x509.ExtensionType]]) -> dict[str, str]:
    """Read what the authority says, in the new form where it is there. Both forms must agree about the issuer."""
    raw = {oid.removeprefix(_ARC): _bytes(found) for oid, found in extensions.items() if oid.startswith(_ARC)}
    new = {name: _der_text(raw[str(number)]) for name, number in _NEW.items() if str(number) in raw}
    old = {name: _text(raw[str(number)]) for name, number in _OLD.items() if str(number) in raw}
    if "issuer" in new and "issuer" in old and new["issuer"] != old["issuer"]:
        raise Malformed("the certificate names two issuers")
    if repository := old.get("source_repository"):
        old["source_repository"] = f"https://github.com/{repository}"
    values = old | new
    if not values.get("issuer"):
        raise Malformed("the certificate does not say who vouches for the signer")
    return values


def _bytes(extension: x509.Extension[x509.ExtensionType]) -> bytes:
    return bytes(getattr(extension.value, "value", b""))


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the certificate holds text that is none") from None
    if len(text) > LONGEST or not text.isprintable():
        raise Malformed("the certificate holds text that is none")
    return text


def _der_text(content: bytes) -> str:
    """Read a UTF8String of DER."""
    length, offset = content[1] if len(content) > 1 else 0, 2
    if length & 0x80:
        size = length & 0x7F
        length, offset = int.from_bytes(content[2 : 2 + size], "big"), 2 + size
    if not content or content[0] != _UTF8_STRING or len(content) != offset + length:
        raise Malformed("the certificate holds an extension that cannot be read")
    return _text(content[offset:])
