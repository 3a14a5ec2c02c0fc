"""What is signed about an image: cosign's statement, provenance of both generations, simple signing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigstore_identities import Workflow
    from sigstore_keys import Document

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT_V1 = "https://in-toto.io/Statement/v1"
STATEMENT_V01 = "https://in-toto.io/Statement/v0.1"
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"
PROVENANCE_V1 = "https://slsa.dev/provenance/v1"
PROVENANCE_V02 = "https://slsa.dev/provenance/v0.2"
GITHUB_BUILD = "https://actions.github.io/buildtypes/workflow/v1"
GENERATOR_BUILD = "https://github.com/slsa-framework/slsa-github-generator/container@v1"
GENERATOR = "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.0.0"


def statement(
    digest: str, predicate_type: str, predicate: Document, *, name: str = "", version: str = STATEMENT_V1
) -> Document:
    """Return an in-toto statement about one subject, nameless unless named; ``digest`` is ``algorithm:hex``."""
    algorithm, _, value = digest.partition(":")
    subject: Document = {"digest": {algorithm: value}}
    named = {"name": name, **subject} if name else subject
    return {"_type": version, "subject": [named], "predicateType": predicate_type, "predicate": predicate}


def signature_of(digest: str, annotations: Mapping[str, str] | None = None) -> Document:
    """Return what ``cosign sign`` of the third generation signs: the digest without any repository."""
    written = statement(digest, COSIGN_SIGN, {})
    if annotations:
        written["subject"][0]["annotations"] = dict(annotations)
    return written


def provenance(
    digest: str,
    workflow: Workflow,
    *,
    name: str = "",
    builder: str = "",
    build_type: str = GITHUB_BUILD,
    parameters: Mapping[str, object] | None = None,
) -> Document:
    """Return SLSA provenance v1 as GitHub's attest-build-provenance writes it.

    ``builder`` is the builder's id, the signing workflow if empty; ``parameters`` are added to the external ones,
    which are the caller's to choose.
    """
    caller = {"ref": workflow.ref, "repository": workflow.repository_uri, "path": workflow.path}
    predicate: Document = {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {"workflow": caller, **(parameters or {})},
            "internalParameters": {
                "github": {
                    "event_name": workflow.trigger,
                    "repository_id": "792829709",
                    "repository_owner_id": "4321098",
                    "runner_environment": workflow.runner,
                }
            },
            "resolvedDependencies": [
                {
                    "uri": f"git+{workflow.repository_uri}@{workflow.ref}",
                    "digest": {"gitCommit": workflow.commit},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": builder or workflow.signer_uri},
            "metadata": {"invocationId": f"{workflow.repository_uri}/actions/runs/{workflow.run}"},
        },
    }
    return statement(digest, PROVENANCE_V1, predicate, name=name)


def provenance_v02(
    digest: str,
    workflow: Workflow,
    *,
    name: str = "",
    builder: str = f"https://github.com/{GENERATOR}",
    build_type: str = GENERATOR_BUILD,
    parameters: Mapping[str, object] | None = None,
) -> Document:
    """Return SLSA provenance v0.2 as slsa-github-generator writes it; ``parameters`` are the invocation's."""
    source: Document = {
        "uri": f"git+{workflow.repository_uri}@{workflow.ref}",
        "digest": {"sha1": workflow.commit},
    }
    predicate: Document = {
        "builder": {"id": builder},
        "buildType": build_type,
        "invocation": {
            "configSource": {**source, "entryPoint": workflow.path},
            "parameters": dict(parameters or {}),
            "environment": {
                "github_event_name": workflow.trigger,
                "github_ref": workflow.ref,
                "github_repository_id": "792829709",
                "github_repository_owner": workflow.repository.split("/")[0],
                "github_run_id": workflow.run.split("/")[0],
                "github_sha1": workflow.commit,
            },
        },
        "metadata": {
            "buildInvocationID": "7412589630-1",
            "completeness": {"parameters": True, "environment": False, "materials": False},
            "reproducible": False,
        },
        "materials": [source],
    }
    return statement(digest, PROVENANCE_V02, predicate, name=name, version=STATEMENT_V01)


def simple_signing(digest: str, repository: str, annotations: Mapping[str, str] | None = None) -> Document:
    """Return what ``cosign sign`` of the second generation signs: digest, repository, annotations."""
    return {
        "critical": {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": dict(annotations) if annotations else None,
    }
