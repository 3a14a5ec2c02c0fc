"""Who signed, beside who must have: identity and issuer, and what a certificate says of the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sindri_image_verify import uris
from sindri_image_verify.policy import GITHUB_ISSUER, setting
from sindri_image_verify.refusals import Refused, Stage, printable

if TYPE_CHECKING:
    from sindri_core.settings import TrustPolicy
    from sindri_image_verify.candidates import Signed
    from sindri_image_verify.certificate import Certificate
    from sindri_image_verify.terms import Terms

TRIGGERS = ("push", "release", "schedule", "workflow_dispatch")
"""Events that start a run of what is in the repository already; a pull request runs what strangers propose."""


def require_signer(signed: Signed, terms: Terms) -> None:
    """Compare who claims to have signed with who must have; whether it is true is for an engine. Raises ``Refused``."""
    certificate = signed.certificate
    if terms.keys:
        if certificate is not None:
            raise Refused(
                Stage.SIGNER,
                "it is signed with a certificate, and a key is wanted",
                found=described(certificate),
                wanted=[f"key: {key.name}" for key in terms.keys],
                accept=accepting(certificate),
            )
        return
    if certificate is None:
        raise Refused(
            Stage.SIGNER,
            "it is signed with a bare key, and a certificate is wanted",
            found=["signer: a key that the signature does not name"],
            wanted=wanted(terms.policy),
            accept=["public_keys: [cosign.pub]  # the signer's public key"],
        )
    matches = (terms.identity, certificate.identity), (terms.issuer, certificate.issuer)
    if not all(pattern is not None and pattern.fullmatch(text) for pattern, text in matches):
        raise Refused(
            Stage.SIGNER,
            "it claims to be signed by somebody else",
            found=described(certificate),
            wanted=wanted(terms.policy),
            accept=accepting(certificate),
        )
    _require_caller(certificate, terms.policy)


def described(certificate: Certificate) -> Sequence[str]:
    """What the certificate says, as lines for people."""
    source = certificate.source_repository
    at = f" @ {certificate.source_ref}" if certificate.source_ref else ""
    lines = [f"identity: {printable(certificate.identity)}", f"issuer: {printable(certificate.issuer)}"]
    return [*lines, *([f"source repository: {printable(source + at)}"] if source else [])]


def wanted(policy: TrustPolicy) -> Sequence[str]:
    """Whose certificate the policy wants, as lines for people."""
    return [
        f"{label}: {text}"
        for label, text in (
            ("identity", policy.certificate_identity),
            ("identity like", policy.certificate_identity_regexp),
            ("issuer", policy.certificate_oidc_issuer),
            ("issuer like", policy.certificate_oidc_issuer_regexp),
            ("source repository", policy.source_repository),
        )
        if text
    ]


def accepting(certificate: Certificate) -> Sequence[str]:
    """The settings that would accept this signer, and nobody else."""
    lines = [
        setting("certificate_identity", printable(certificate.identity, 2048)),
        setting("certificate_oidc_issuer", printable(certificate.issuer, 2048)),
    ]
    source = certificate.source_repository
    return [*lines, setting("source_repository", source)] if source else lines


def require_source(certificate: Certificate, policy: TrustPolicy, ref: str) -> None:
    """Compare the source that a certificate names with what the policy demands. Raises ``Refused``.

    ``ref`` is ``policy.source_ref`` with the tag filled in.
    """
    demanded = (
        ("source repository", "source_repository", policy.source_repository, certificate.source_repository, uris.same),
        ("source ref", "source_ref", ref, certificate.source_ref, str.__eq__),
        ("source commit", "source_commit", policy.source_commit, certificate.source_commit, str.__eq__),
        ("workflow", "workflow", policy.workflow, uris.workflow_path(certificate.workflow), str.__eq__),
    )
    for label, name, want, has, same in demanded:
        if want and not same(want, has):
            raise differing(label, name, has, want)
    triggers = policy.triggers or TRIGGERS
    if certificate.trigger and certificate.trigger not in triggers:
        raise differing("trigger", "triggers", certificate.trigger, " or ".join(triggers))


def differing(label: str, name: str, has: str, want: str) -> Refused:
    """Make the refusal about one item that is not as it is wanted."""
    shown = printable(has) or "nothing"
    accept: list[str] = []
    if has:
        accept = [setting(name, [has] if name in {"triggers", "parameters", "provenance_types"} else has)]
    return Refused(
        Stage.CONTENT,
        f"the {label} is {shown}, not {want}",
        found=[f"{label}: {shown}"],
        wanted=[f"{label}: {want}"],
        accept=accept,
    )


def _require_caller(certificate: Certificate, policy: TrustPolicy) -> None:
    """A reusable workflow signs for whoever calls it: its name alone says nothing about the source."""
    home = uris.of_workflow(certificate.identity) if certificate.issuer == GITHUB_ISSUER else ""
    if not home or policy.source_repository or uris.same(home, certificate.source_repository):
        return
    raise Refused(
        Stage.SIGNER,
        "the workflow that signed can be called from any repository: demand a source_repository",
        found=described(certificate),
        wanted=["source repository: one that the policy names"],
        accept=[setting("source_repository", certificate.source_repository)] if certificate.source_repository else (),
    )
