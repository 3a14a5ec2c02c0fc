"""A registry under a real name (``ghcr.io``), with a certificate of our own, reached through a proxy on loopback."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from registry import Registry
from relay import accepting, pass_on


@contextmanager
def named(folder: Path, *names: str, **options: Any) -> Iterator[tuple[Registry, Mapping[str, str]]]:
    """Serve a registry under these names; yield it with the environment in which they lead to it."""
    authority, certificate = _certificates(folder, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Registry(context=context, **options) as registry:
        registry.name = names[0]
        with _proxy({f"{name}:443": registry.host for name in names}) as address:
            yield registry, {"HTTPS_PROXY": address, "SSL_CERT_FILE": str(authority)}


def _certificates(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """Make an authority and a certificate of it for the names; return the files."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def build(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        day = dt.timedelta(days=1)
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key())
        return builder.add_extension(identifier, critical=False)

    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    root = build(issuer, keys[0]).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key()), critical=False)
    root = root.add_extension(usage, critical=True)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    leaf = build(subject, keys[1]).add_extension(alternatives, critical=False)
    signed = [builder.sign(keys[0], hashes.SHA256()) for builder in (root, leaf)]
    pem = serialization.Encoding.PEM
    private = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    authority, certificate = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(signed[0].public_bytes(pem))
    certificate.write_bytes(private + signed[1].public_bytes(pem))
    return authority, certificate


@contextmanager
def _proxy(places: Mapping[str, str]) -> Iterator[str]:
    """A proxy that knows only CONNECT, and only these places."""

    def serve(client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head and (part := client.recv(4096)):
                head += part
            place = places.get(head.split(b" ")[1].decode()) if head else None
            if place is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = place.partition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
                pass_on(client, server)

    with accepting(serve) as address:
        yield f"http://{address}"
