"""The demands of a policy on a signer and on a build, judged after the cryptography and the same for every engine.

Each check returns lines of what is wrong, empty for nothing: one attestation must satisfy all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sindri_core.oci.repositories import closeness
from sindri_core.settings import TrustPolicy
from sindri_image_verify import provenance, regexps
from sindri_image_verify.provenance import same_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sindri_core.oci.reference import Reference
    from sindri_image_verify.certificate import Signer
    from sindri_image_verify.provenance import Provenance

GITHUB_REGISTRY = "ghcr.io"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
TRIGGERS = ("push", "release", "schedule", "workflow_dispatch")
"""Events that nobody from outside can cause."""
RUNNERS = ("https://github.com/actions/runner/github-hosted",)
"""Builders of GitHub whose word does not depend on a workflow."""
TAG = "{tag}"


def names_somebody(policy: TrustPolicy) -> bool:
    """Whether the policy says whose word counts."""
    return bool(policy.public_keys or _identity(policy))


def completed(policy: TrustPolicy, repository: Reference) -> TrustPolicy:
    """Fill in whose word counts for an image of GitHub's registry, where the policy does not say it."""
    parts = repository.path.split("/")
    if names_somebody(policy) or repository.registry != GITHUB_REGISTRY or len(parts) < 2:  # noqa: PLR2004 - OWNER/REPO
        return policy
    owner, name = (part.replace(".", r"\.") for part in parts[:2])
    return replace(
        policy,
        certificate_identity_regexp=rf"(?i:https://github\.com/{owner}/{name}/\.github/workflows/)[^@]+@refs/.+",
        certificate_oidc_issuer=GITHUB_ISSUER,
        source_repository=policy.source_repository or f"https://github.com/{parts[0]}/{parts[1]}",
    )


def repository_problem(policy: TrustPolicy, repository: Reference) -> str:
    """Say that images of this repository may not be used; empty when they may."""
    if policy.allowed_repositories and not closeness(policy.allowed_repositories, repository):
        return f"{repository.canonical} is none of the allowed repositories"
    return ""


def signer_problems(policy: TrustPolicy, signer: Signer) -> Iterator[str]:
    """Compare who signed with who should have, and what the certificate says of the build with what is demanded."""
    if not _says(policy.certificate_identity, policy.certificate_identity_regexp, signer.identity):
        yield "it was signed by another identity"
    if not _says(policy.certificate_oidc_issuer, policy.certificate_oidc_issuer_regexp, signer.issuer):
        yield "another issuer vouches for the signer"
    if policy.source_repository:
        if not same_repository(signer.source_repository, policy.source_repository):
            yield "the certificate is of another source repository"
    elif _is_foreign_workflow(signer):
        yield "a workflow that others may use signed for another repository: demand a source_repository"
    if policy.source_commit and signer.source_commit != policy.source_commit:
        yield "the certificate is of another commit"
    if signer.runner and not _runner_allowed(policy, signer.runner):
        yield f"it was built by a runner that is {signer.runner}"
    if signer.trigger and signer.trigger not in (policy.triggers or TRIGGERS):
        yield f"the build was started by {signer.trigger}"


def signed_build_problems(policy: TrustPolicy, signer: Signer, tag: str) -> Iterator[str]:
    """Compare what the certificate of a signature says of the build with what is demanded."""
    yield from ref_problems(policy, tag, signer.source_ref)
    path = signer.workflow.removeprefix(f"{signer.source_repository}/").partition("@")[0]
    if policy.workflow and path != policy.workflow:
        yield f"it was signed by the workflow {path or '(none)'}"


def ref_problems(policy: TrustPolicy, tag: str, ref: str) -> Iterator[str]:
    """Compare the ref that was built with the one that is demanded, in which ``{tag}`` is the tag that was chosen."""
    if not policy.source_ref:
        return
    if TAG in policy.source_ref and not tag:
        yield "source_ref speaks of the tag, and the image was named by its digest alone"
    elif ref != policy.source_ref.replace(TAG, tag):
        yield f"it was built from {ref or 'no ref'}"


def build_problems(policy: TrustPolicy, built: Provenance, signer: Signer | None, tag: str) -> Iterator[str]:
    """Compare what provenance says with what is demanded, and with what the certificate says where there is one."""
    yield from _source_problems(policy, built, signer)
    yield from ref_problems(policy, tag, built.ref)
    if policy.workflow and built.workflow != policy.workflow:
        yield f"it was built by the workflow {built.workflow or '(none)'}"
    if not _builder_allowed(policy, built.builder, signer):
        yield f"it was built by {built.builder or 'nobody who is named'}"
    if policy.build_type:
        if built.build_type != policy.build_type:
            yield f"it is a build of the type {built.build_type or '(none)'}"
    elif signer and built.build_type not in provenance.GITHUB_BUILDS:
        yield f"builds of the type {built.build_type or '(none)'} are not known"
    if built.trigger and built.trigger not in (policy.triggers or TRIGGERS):
        yield f"the build was started by {built.trigger}"
    if built.runner and not _runner_allowed(policy, built.runner):
        yield f"it was built by a runner that is {built.runner}"
    if unknown := sorted(set(built.parameters) - set(policy.parameters)):
        yield f"the build had the parameters {', '.join(unknown)}"


def wanted(policy: TrustPolicy) -> tuple[str, ...]:
    """What is demanded, for people."""
    identity = policy.certificate_identity or policy.certificate_identity_regexp
    issuer = policy.certificate_oidc_issuer or policy.certificate_oidc_issuer_regexp
    keys = ", ".join(key if "-----" not in key else "a key of the settings" for key in policy.public_keys)
    rows = (
        ("key", keys),
        ("identity", identity),
        ("issuer", issuer),
        ("source", f"{policy.source_repository} @ {policy.source_ref}".strip(" @")),
        ("commit", policy.source_commit),
        ("workflow", policy.workflow),
        ("builder", policy.builder_id),
        ("build type", policy.build_type),
        ("repositories", ", ".join(policy.allowed_repositories)),
    )
    return tuple(f"{label}: {text}" for label, text in rows if text)


def _source_problems(policy: TrustPolicy, built: Provenance, signer: Signer | None) -> Iterator[str]:
    if policy.source_repository and not same_repository(built.repository, policy.source_repository):
        yield f"it was built from {built.repository or 'no source that is named'}"
    if policy.source_commit and built.commit != policy.source_commit:
        yield f"it was built from the commit {built.commit or '(none)'}"
    if signer is None:
        return
    if signer.source_repository and not same_repository(built.repository, signer.source_repository):
        yield "its certificate is of another source repository than its provenance"
    if signer.source_ref and built.ref and signer.source_ref != built.ref:
        yield "its certificate is of another ref than its provenance"
    if signer.source_commit and built.commit and signer.source_commit != built.commit:
        yield "its certificate is of another commit than its provenance"


def _identity(policy: TrustPolicy) -> str:
    return policy.certificate_identity or policy.certificate_identity_regexp


def _says(exact: str, expression: str, text: str) -> bool:
    return text == exact if exact else bool(expression) and regexps.matches(expression, text)


def _is_foreign_workflow(signer: Signer) -> bool:
    """Whether the workflow that signed lies in another repository than the source."""
    if "/.github/workflows/" not in signer.identity or not signer.source_repository:
        return False
    return not same_repository(signer.identity.partition("/.github/workflows/")[0], signer.source_repository)


def _runner_allowed(policy: TrustPolicy, runner: str) -> bool:
    return runner == (policy.runner or "github-hosted")


def _builder_allowed(policy: TrustPolicy, builder: str, signer: Signer | None) -> bool:
    """The builder that is named must be the one that is demanded, else the one that the certificate speaks of."""
    if policy.builder_id:
        release = builder.removeprefix(f"{policy.builder_id}@refs/tags/v")
        return builder == policy.builder_id or ("@" not in policy.builder_id and release != builder)
    return signer is None or builder in {signer.build_signer, signer.identity, *RUNNERS} - {""}
