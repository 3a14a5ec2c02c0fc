"""Whether one build, as its provenance describes it, is what the policy demands. One attestation must satisfy all.

Source: https://slsa.dev/spec/v1.0/verifying-artifacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sindri_image_verify import predicates, uris
from sindri_image_verify.identity import TRIGGERS, differing
from sindri_image_verify.policy import setting
from sindri_image_verify.refusals import Refused, Stage, printable

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.certificate import Certificate
    from sindri_image_verify.predicates import Build
    from sindri_image_verify.statement import Statement

BUILD_TYPES = (
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
    "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
)
"""Kinds of build whose parameters are understood here, and that need not be named in the policy."""
_RELEASE = re.compile(r"@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)


def require(statement: Statement, certificate: Certificate | None, policy: TrustPolicy, ref: str) -> Build:
    """Hold provenance against the policy; ``ref`` is its ``source_ref`` with the tag filled in. Raises ``Refused``."""
    try:
        build = predicates.parse(statement.predicate_type, statement.predicate)
    except ValueError as error:
        raise Refused(Stage.CONTENT, printable(str(error), 400)) from None
    for difference in _differences(build, certificate, policy, ref):
        raise difference
    return build


def _differences(build: Build, certificate: Certificate | None, policy: TrustPolicy, ref: str) -> Iterator[Refused]:
    yield from _builder(build, certificate, policy)
    kinds = (policy.build_type,) if policy.build_type else BUILD_TYPES
    if build.build_type not in kinds:
        yield differing("build type", "build_type", build.build_type, " or ".join(kinds))
    if policy.source_repository and not uris.same(policy.source_repository, build.repository):
        yield differing("source repository", "source_repository", build.repository, policy.source_repository)
    for label, name, want, has in (
        ("source ref", "source_ref", ref, build.ref),
        ("source commit", "source_commit", policy.source_commit, build.commit),
        ("workflow", "workflow", policy.workflow, build.workflow),
    ):
        if want and has != want:
            yield differing(label, name, has, want)
    yield from _circumstances(build, certificate, policy)
    if certificate:
        yield from _contradictions(build, certificate)


def _builder(build: Build, certificate: Certificate | None, policy: TrustPolicy) -> Iterator[Refused]:
    """A builder's name is its own word, unless the certificate is that builder's or the policy names it."""
    if not build.builder:
        yield differing("builder", "builder_id", "", policy.builder_id or "one that is named")
    elif policy.builder_id:
        rest = build.builder.removeprefix(policy.builder_id)
        if build.builder != policy.builder_id and not (rest != build.builder and _RELEASE.fullmatch(rest)):
            yield differing("builder", "builder_id", build.builder, policy.builder_id)
    elif certificate and build.builder not in {certificate.identity, certificate.builder}:
        yield differing("builder", "builder_id", build.builder, f"{certificate.identity}, which signed")


def _circumstances(build: Build, certificate: Certificate | None, policy: TrustPolicy) -> Iterator[Refused]:
    triggers = policy.triggers or TRIGGERS
    if build.trigger and build.trigger not in triggers:
        yield differing("trigger", "triggers", build.trigger, " or ".join(triggers))
    if policy.triggers and not (build.trigger or (certificate and certificate.trigger)):
        yield differing("trigger", "triggers", "", " or ".join(triggers))
    runners = {build.runner, certificate.runner if certificate else ""} - {""}
    wanted = policy.runner or "github-hosted"
    if (runners or policy.runner) and runners != {wanted}:
        other = next(iter(sorted(runners - {wanted})), "")
        yield differing("runner", "runner", other, wanted)
    if unknown := [name for name in build.parameters if name not in policy.parameters]:
        names = ", ".join(map(printable, unknown))
        yield Refused(
            Stage.CONTENT,
            f"the build had parameters that no setting allows: {names}",
            found=[f"external parameters: {names}"],
            wanted=[f"external parameters: {', '.join(policy.parameters) or 'none besides the workflow'}"],
            accept=[setting("parameters", [*policy.parameters, *map(printable, unknown)])],
        )


def _contradictions(build: Build, certificate: Certificate) -> Iterator[Refused]:
    """The issuer of the certificate knew the build too; where both speak, they must say the same."""
    for label, said, known in (
        ("source ref", build.ref, certificate.source_ref),
        ("source commit", build.commit, certificate.source_commit),
        ("workflow", build.workflow, uris.workflow_path(certificate.workflow)),
        ("trigger", build.trigger, certificate.trigger),
        ("runner", build.runner, certificate.runner),
    ):
        if said and known and said != known:
            yield _contradiction(label, said, known)
    source, certified = build.repository, certificate.source_repository
    if source and certified and not uris.same(source, certified):
        yield _contradiction("source repository", source, certified)


def _contradiction(label: str, said: str, known: str) -> Refused:
    shown, certified = printable(said), printable(known)
    return Refused(
        Stage.CONTENT,
        f"the provenance says that the {label} is {shown}, and the certificate says {certified}",
        found=[f"{label} in the provenance: {shown}", f"{label} in the certificate: {certified}"],
    )
