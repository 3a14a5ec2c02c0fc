"""A policy that is ready to be applied: keys loaded, expressions compiled, the trusted root read."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sindri_image_verify import keys, regexps, roots
from sindri_image_verify import policy as policies

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whose word counts and how it is checked. ``root`` is empty where no authority is needed or known.

    ``logged`` says that proof of a transparency log is demanded. ``tag`` is the one that led to the digest.
    """

    policy: TrustPolicy
    keys: tuple[Key, ...] = ()
    identity: re.Pattern[str] | None = None
    issuer: re.Pattern[str] | None = None
    root: bytes = field(default=b"", repr=False)
    logged: bool = True
    tag: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of everything in here that decides."""
        parts = asdict(self.policy) | {"claims": sorted(self.policy.claims), "tag": self.tag}
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=list).encode())
        for content in (*(key.pem or key.uri.encode() for key in self.keys), self.root):
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()


def prepare(policy: TrustPolicy, tag: str, notes: tuple[str, ...] = ()) -> Terms:
    """Load what the policy names; it is complete and was validated. Raises ``ValueError``."""
    loaded = tuple(keys.load(key) for key in policy.public_keys)
    root = b""
    if policy.trusted_root:
        root = roots.read(Path(policy.trusted_root))
    elif not loaded:
        root, said = roots.embedded()
        notes = (*notes, said) if said else notes
    return Terms(
        policy=policy,
        keys=loaded,
        identity=_pattern(policy.certificate_identity, policy.certificate_identity_regexp),
        issuer=_pattern(policy.certificate_oidc_issuer, policy.certificate_oidc_issuer_regexp),
        root=root,
        logged=policies.logged(policy),
        tag=tag,
        notes=notes,
    )


def _pattern(exact: str, expression: str) -> re.Pattern[str] | None:
    if expression:
        return regexps.compiled(expression)
    return re.compile(re.escape(exact)) if exact else None
