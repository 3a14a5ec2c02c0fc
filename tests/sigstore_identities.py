"""Who a certificate of tests speaks for: names, and what Fulcio writes about a workflow's run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"


class Claim(IntEnum):
    """The last arc of Fulcio's extensions 1.3.6.1.4.1.57264.1.N (sigstore/fulcio docs/oid-info.md).

    Those below 8 are written as raw text, the others as DER UTF8String.
    """

    ISSUER_V1 = 1
    WORKFLOW_TRIGGER = 2
    WORKFLOW_SHA = 3
    WORKFLOW_NAME = 4
    WORKFLOW_REPOSITORY = 5
    WORKFLOW_REF = 6
    ISSUER = 8
    BUILD_SIGNER_URI = 9
    BUILD_SIGNER_DIGEST = 10
    RUNNER_ENVIRONMENT = 11
    SOURCE_REPOSITORY_URI = 12
    SOURCE_REPOSITORY_DIGEST = 13
    SOURCE_REPOSITORY_REF = 14
    SOURCE_REPOSITORY_IDENTIFIER = 15
    SOURCE_REPOSITORY_OWNER_URI = 16
    SOURCE_REPOSITORY_OWNER_IDENTIFIER = 17
    BUILD_CONFIG_URI = 18
    BUILD_CONFIG_DIGEST = 19
    BUILD_TRIGGER = 20
    RUN_INVOCATION_URI = 21
    SOURCE_REPOSITORY_VISIBILITY = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The subject alternative names of a certificate, in this order, and its Fulcio extensions."""

    uris: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    claims: Mapping[Claim, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The first name, which policies of tests ask for."""
        return (*self.uris, *self.emails)[0]

    @property
    def issuer(self) -> str:
        """What the certificate says vouched for the name, by the current extension or else by the old one."""
        return self.claims.get(Claim.ISSUER) or self.claims.get(Claim.ISSUER_V1, "")

    def claiming(self, changes: Mapping[Claim, str | None]) -> Identity:
        """Return this identity with claims set anew; None leaves one out."""
        merged = {**self.claims, **changes}
        return replace(
            self, claims=MappingProxyType({claim: text for claim, text in merged.items() if text is not None})
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A run of a GitHub Actions workflow; what certificates and provenance say of it agrees unless told otherwise.

    ``repository`` is ``owner/name``, ``commit`` 40 hex digits, ``path`` the calling workflow's file. ``signer`` is
    a reusable workflow that builds and signs in the caller's stead: ``owner/name/path@ref``.
    """

    repository: str = "acme/app"
    ref: str = "refs/tags/v1.4.2"
    commit: str = "3f1d0c9a5b7e24680ace13579bdf02468ace1357"
    path: str = ".github/workflows/release.yml"
    trigger: str = "push"
    runner: str = "github-hosted"
    visibility: str = "public"
    signer: str = ""
    signer_commit: str = "5a775b367a56d5bd118a224a811bba288150a563"
    run: str = "7412589630/attempts/1"

    @property
    def repository_uri(self) -> str:
        """The repository's address."""
        return f"https://github.com/{self.repository}"

    @property
    def config_uri(self) -> str:
        """The calling workflow's file at its ref."""
        return f"{self.repository_uri}/{self.path}@{self.ref}"

    @property
    def signer_uri(self) -> str:
        """The workflow that asked for the certificate: the reusable one, else the caller's own."""
        return f"https://github.com/{self.signer}" if self.signer else self.config_uri

    @property
    def identity(self) -> Identity:
        """What Fulcio writes into the certificate of this run."""
        claims = {
            Claim.ISSUER_V1: GITHUB_ISSUER,
            Claim.WORKFLOW_TRIGGER: self.trigger,
            Claim.WORKFLOW_SHA: self.commit,
            Claim.WORKFLOW_NAME: "Release",
            Claim.WORKFLOW_REPOSITORY: self.repository,
            Claim.WORKFLOW_REF: self.ref,
            Claim.ISSUER: GITHUB_ISSUER,
            Claim.BUILD_SIGNER_URI: self.signer_uri,
            Claim.BUILD_SIGNER_DIGEST: self.signer_commit if self.signer else self.commit,
            Claim.RUNNER_ENVIRONMENT: self.runner,
            Claim.SOURCE_REPOSITORY_URI: self.repository_uri,
            Claim.SOURCE_REPOSITORY_DIGEST: self.commit,
            Claim.SOURCE_REPOSITORY_REF: self.ref,
            Claim.SOURCE_REPOSITORY_IDENTIFIER: "792829709",
            Claim.SOURCE_REPOSITORY_OWNER_URI: f"https://github.com/{self.repository.split('/')[0]}",
            Claim.SOURCE_REPOSITORY_OWNER_IDENTIFIER: "4321098",
            Claim.BUILD_CONFIG_URI: self.config_uri,
            Claim.BUILD_CONFIG_DIGEST: self.commit,
            Claim.BUILD_TRIGGER: self.trigger,
            Claim.RUN_INVOCATION_URI: f"{self.repository_uri}/actions/runs/{self.run}",
            Claim.SOURCE_REPOSITORY_VISIBILITY: self.visibility,
        }
        return Identity(uris=(self.signer_uri,), claims=MappingProxyType(claims))


def person(email: str = "ada@acme.example", issuer: str = "https://accounts.google.com") -> Identity:
    """Return the identity of somebody who signed in with an e-mail address."""
    return Identity(emails=(email,), claims=MappingProxyType({Claim.ISSUER_V1: issuer, Claim.ISSUER: issuer}))
