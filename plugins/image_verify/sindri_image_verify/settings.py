"""Whether a policy can be used at all: its contradictions and its gaps, with the settings that are missing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sindri_core.files import read_regular
from sindri_core.types import Claim
from sindri_image_verify import keys, policy, regexps

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy

LARGEST_ROOT = 1 << 20
_TEXTS = (
    *("certificate_identity", "certificate_oidc_issuer", "source_repository", "source_ref", "workflow"),
    *("builder_id", "build_type", "trusted_root"),
)
GAP = (
    "say whose word counts: public_keys: [cosign.pub]   or certificate_identity and certificate_oidc_issuer, "
    "beside verify_signature or in a trust file (docs/trust.md)"
)


class Problem(NamedTuple):
    """A field that cannot be used, why, and what to write."""

    field: str
    message: str
    hint: str = ""


def problems(terms: TrustPolicy) -> Iterator[Problem]:
    """Find what is wrong with a policy in which defaults are filled in. Reads the files that it names."""
    if not policy.names_somebody(terms):
        yield Problem("public_keys", "a signature is demanded, and nothing says whose", GAP)
        return
    by_identity = terms.certificate_identity or terms.certificate_identity_regexp
    by_issuer = terms.certificate_oidc_issuer or terms.certificate_oidc_issuer_regexp
    if terms.public_keys and (by_identity or by_issuer):
        yield Problem("public_keys", "a key and an identity exclude each other: keep one", "two policies can hold both")
    if by_identity and not by_issuer:
        yield Problem(
            "certificate_oidc_issuer",
            "an identity counts only with who vouches for it",
            f"for GitHub: certificate_oidc_issuer: {policy.GITHUB_ISSUER}",
        )
    if by_issuer and not by_identity:
        yield Problem("certificate_identity", "everybody whom this issuer knows could sign", "add certificate_identity")
    if terms.public_keys and Claim.PROVENANCE not in terms.claims and (said := _about_builds(terms)):
        yield Problem(said, "a signature by a key says nothing about the build", "verify_provenance: true")
    yield from _doubled(terms)
    yield from _values(terms)
    yield from _keys(terms)
    yield from _root(terms)


def _about_builds(terms: TrustPolicy) -> str:
    """The first field that speaks of the build; empty for none."""
    names = ("source_repository", "source_ref", "source_commit", "workflow", "builder_id", "build_type", "parameters")
    return next((name for name in names if getattr(terms, name)), "")


def warnings(terms: TrustPolicy) -> Iterator[Problem]:
    """Find what is probably not meant."""
    for name in ("certificate_identity_regexp", "certificate_oidc_issuer_regexp"):
        if message := regexps.warning(getattr(terms, name)):
            yield Problem(name, message)


def _doubled(terms: TrustPolicy) -> Iterator[Problem]:
    for name in ("certificate_identity", "certificate_oidc_issuer"):
        expression = getattr(terms, f"{name}_regexp")
        if getattr(terms, name) and expression:
            yield Problem(name, f"{name} and {name}_regexp exclude each other: keep one")
        if expression and (message := regexps.problem(expression)):
            yield Problem(f"{name}_regexp", message, "match the whole identity: https://github\\.com/acme/app/.+")


def _values(terms: TrustPolicy) -> Iterator[Problem]:
    for name in _TEXTS:
        if getattr(terms, name).startswith("-") or not getattr(terms, name).isprintable():
            yield Problem(name, "it holds what no such name does")
    if terms.engine not in {"auto", "cosign", "native"}:
        yield Problem("engine", f"{terms.engine!r} is no engine: auto, cosign or native")
    if terms.public_keys and terms.ignore_sct:
        yield Problem("ignore_sct", "a key has no certificate: leave it out")
    if terms.ignore_tlog and not terms.public_keys and not terms.use_signed_timestamps:
        message = "without a log nothing says when a certificate was used: add use_signed_timestamps: true"
        yield Problem("ignore_tlog", message)


def _keys(terms: TrustPolicy) -> Iterator[Problem]:
    for text in terms.public_keys:
        if keys.is_service(text):
            if terms.engine == "native":
                yield Problem("public_keys", "only cosign speaks to key services", "engine: cosign")
            continue
        if text.startswith("-") and not text.startswith("-----BEGIN"):
            yield Problem("public_keys", "it holds what no such name does")
            continue
        try:
            keys.load(text)
        except keys.BadKey as error:
            yield Problem("public_keys", str(error), "cosign public-key   or cosign generate-key-pair")


def _root(terms: TrustPolicy) -> Iterator[Problem]:
    if not terms.trusted_root:
        return
    file = Path(terms.trusted_root)
    try:
        content = read_regular(file, LARGEST_ROOT)
    except OSError as error:
        yield Problem("trusted_root", f"{file} cannot be read: {error.strerror}", "cosign trusted-root create --help")
        return
    if message := root_problem(content, needs_authorities=not terms.public_keys):
        yield Problem("trusted_root", f"{file.name} {message}", "cosign trusted-root create --help")


def root_problem(content: bytes, *, needs_authorities: bool) -> str:
    """Say why a trusted root cannot be used; empty when it can."""
    if len(content) > LARGEST_ROOT:
        return f"is larger than {LARGEST_ROOT >> 20} MiB"
    try:
        data = json.loads(content)
        authorities = data.get("certificateAuthorities") or []
        logs = data.get("tlogs") or []
        windows = [each.get("validFor") or {} for each in authorities]
        over = [_is_over(str(window.get("end", ""))) for window in windows]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return "is no trusted root"
    if needs_authorities and not authorities:
        return "names no certificate authority"
    if not authorities and not logs:
        return "is empty"
    if needs_authorities and all(over):
        return "names only authorities whose time is over"
    return ""


def _is_over(text: str) -> bool:
    try:
        return bool(text) and datetime.fromisoformat(text).timestamp() < time.time()
    except ValueError:
        return False
