"""The policy that an image is judged by: completed for GitHub's registry, and written as settings for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_core.oci.reference import parse

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference
    from sindri_core.settings import TrustPolicy

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITHUB_REGISTRY = "ghcr.io"
PROVENANCE_TYPES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")
_OWNER_AND_NAME = 2
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".", ".nan", ".inf"}
"""What is no text in YAML."""


def github_repository(image: Reference) -> str:
    """The repository that an image of GitHub's registry belongs to, ``OWNER/NAME``; empty for any other image."""
    parts = image.path.split("/")
    if image.registry != GITHUB_REGISTRY or len(parts) < _OWNER_AND_NAME:
        return ""
    return "/".join(parts[:_OWNER_AND_NAME])


def completed(policy: TrustPolicy, image: Reference) -> TrustPolicy:
    """Fill in whose word counts where the policy does not say it and the image tells where its source lies.

    For ``ghcr.io/OWNER/NAME`` that is a workflow of ``github.com/OWNER/NAME`` that ran on a branch or tag of it. Any
    other policy comes back as it is.
    """
    repository = github_repository(image)
    if policy.names_somebody or not repository:
        return policy
    escaped = re.escape(repository)
    return replace(
        policy,
        certificate_identity_regexp=(
            rf"(?i:https://github\.com/{escaped}/\.github/workflows/[^@/]+)@refs/(?:heads|tags)/[^@]+"
        ),
        certificate_oidc_issuer=GITHUB_ISSUER,
        source_repository=policy.source_repository or f"https://github.com/{repository}",
    )


def default_line(image: Reference) -> str:
    """Say in one line what ``completed`` filled in."""
    return f"default policy for GitHub: a workflow of github.com/{github_repository(image)}"


def allowed(policy: TrustPolicy, image: Reference) -> bool:
    """Whether an image of this repository may be accepted at all."""
    patterns = policy.allowed_repositories
    return not patterns or any(_covers(pattern, image.canonical) for pattern in patterns)


def logged(policy: TrustPolicy) -> bool:
    """Whether proof of a transparency log is demanded. For a key only where a file with the log's keys is given."""
    return not policy.ignore_tlog and not (policy.public_keys and not policy.trusted_root)


def provenance_types(policy: TrustPolicy) -> tuple[str, ...]:
    """The predicate types that count as provenance, compared exactly."""
    return policy.provenance_types or PROVENANCE_TYPES


def setting(name: str, value: str | Sequence[str]) -> str:
    """Write one setting as a line of YAML."""
    if isinstance(value, str):
        return f"{name}: {quoted(value)}"
    return f"{name}: [{', '.join(map(quoted, value))}]"


def quoted(text: str) -> str:
    """Write a text in YAML, quoted where it could be read as something else."""
    if text.lower() not in _WORDS and re.fullmatch(r"[A-Za-z/.][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*", text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _covers(pattern: str, repository: str) -> bool:
    if pattern == "*":
        return True
    if not pattern.endswith("/*"):
        return parse(pattern).canonical == repository
    return repository.startswith(parse(f"{pattern.removesuffix('*')}all").canonical.removesuffix("all"))
