"""Trusted roots of tests: which authorities and logs a verifier is to believe, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sigstore_certificates import BEGINNING, der
from sigstore_keys import DETAILS, base64_of

if TYPE_CHECKING:
    from cryptography import x509
    from sigstore_keys import Document, Key

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
Chain = Sequence["x509.Certificate"]
"""Certificates of an authority; the last is its root."""


def trusted_root(
    *,
    authorities: Sequence[Chain] = (),
    logs: Sequence[Key] = (),
    ct_logs: Sequence[Key] = (),
    stampers: Sequence[Chain] = (),
    until: datetime | None = None,
) -> Document:
    """Return a trusted root (JSON of ``dev.sigstore.trustroot.v1.TrustedRoot``) in force until then, or on and on."""
    return {
        "mediaType": TRUSTED_ROOT,
        "tlogs": [trusted_log(key, "https://rekor.sigstore.test", until) for key in logs],
        "certificateAuthorities": [
            trusted_chain(chain, "https://fulcio.sigstore.test", until) for chain in authorities
        ],
        "ctlogs": [trusted_log(key, "https://ctfe.sigstore.test", until) for key in ct_logs],
        "timestampAuthorities": [trusted_chain(chain, "https://timestamp.sigstore.test", until) for chain in stampers],
    }


def trusted_log(key: Key, address: str, until: datetime | None) -> Document:
    """Return a log's place in a trusted root."""
    return {
        "baseUrl": address,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": base64_of(key.der), "keyDetails": DETAILS[key.kind], "validFor": period(until)},
        "logId": {"keyId": base64_of(key.identifier)},
    }


def trusted_chain(chain: Chain, address: str, until: datetime | None) -> Document:
    """Return an authority's place in a trusted root."""
    return {
        "subject": {"organization": "sigstore.test", "commonName": "sigstore"},
        "uri": address,
        "certChain": {"certificates": [{"rawBytes": base64_of(der(one))} for one in chain]},
        "validFor": period(until),
    }


def period(until: datetime | None) -> Document:
    """Return a time range that starts with everything else of the tests."""
    written = {"start": BEGINNING.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return written if until is None else {**written, "end": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
