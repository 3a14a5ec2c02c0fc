"""What sindri.yaml and a trust file may say about whose word counts, and about registries.

A plain text in an annotation says what the field takes; ``wording`` shows it to people whose value does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

PLUGIN_ID = r"^[a-z][a-z0-9-]*$"
Text = Annotated[str, Field(max_length=512)]
Pattern = Annotated[str, Field(max_length=1024)]
Key = Annotated[str, Field(min_length=1, max_length=16384), "a file such as cosign.pub, or the text of a public key"]
PluginId = Annotated[
    str, Field(pattern=PLUGIN_ID, max_length=63), "the id of a plugin, such as kubernetes (sindri plugins list)"
]
Names = Annotated[list[Text], Field(max_length=64)]


def _repositories(value: object) -> object:
    """Accept a repository, everything below a registry or path (``ghcr.io/acme/*``), or ``*``."""
    from sindri_core.errors import ImageError
    from sindri_core.oci.reference import parse

    if not isinstance(value, str) or value == "*":
        return value
    name = value.removesuffix("/*")
    if "/" not in value and ("." in value or ":" in value or value == "localhost"):
        raise ValueError(f"{value!r} is a registry and no repository: write {value}/* for all that it has")
    try:
        reference = parse(name if "/" in name or name == value else f"{name}/all")
    except ImageError as error:
        raise ValueError(f"{value!r} is no repository: write ghcr.io/acme/app, ghcr.io/acme/* or *") from error
    if reference.tag or reference.digest:
        raise ValueError(f"{value!r} has a tag or digest: write the repository alone")
    return value


Repositories = Annotated[str, BeforeValidator(_repositories), Field(max_length=255)]
Host = Annotated[
    str,
    Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$", max_length=255),
    "a host with or without port, such as ghcr.io or localhost:5000",
]


def _registry(value: str) -> str:
    """Accept a host that references can name: a word without a dot or port is a user of Docker Hub to them."""
    from sindri_core.errors import ImageError
    from sindri_core.oci.reference import parse

    try:
        known = bool(parse(f"{value}/x").host)
    except ImageError:
        known = False
    if not known:
        raise ValueError(f"{value!r} names no registry: write its host with domain or port, such as localhost:5000")
    return value


Registry = Annotated[Host, AfterValidator(_registry)]


class Strict(BaseModel):
    """Refuses what it does not know, and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class TermsModel(Strict):
    """Whose signature counts, and what provenance has to say."""

    public_keys: Annotated[list[Key], Field(max_length=16)] = Field(
        default_factory=list, description="Public keys: files beside this one, or PEM texts. One that signed is enough."
    )
    certificate_identity: Text = Field(default="", description="Who must have signed, exactly as in the certificate.")
    certificate_identity_regexp: Pattern = Field(
        default="", description="Who must have signed, as a regular expression that matches all of it."
    )
    certificate_oidc_issuer: Text = Field(default="", description="Who must vouch for the signer.")
    certificate_oidc_issuer_regexp: Pattern = Field(
        default="", description="Who must vouch for the signer, as a regular expression that matches all of it."
    )
    source_repository: Text = Field(default="", description="Where the source must lie: https://github.com/my-org/app.")
    source_ref: Text = Field(
        default="", description="Which ref must have been built: refs/heads/main, refs/tags/v{tag}."
    )
    source_commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?$"), "a whole commit id"] = Field(
        default="", description="Which commit must have been built."
    )
    workflow: Text = Field(default="", description="Which workflow must have built: .github/workflows/release.yml.")
    builder_id: Text = Field(default="", description="Which builder must have built.")
    build_type: Text = Field(default="", description="Which kind of build the provenance must describe.")
    provenance_types: Names = Field(
        default_factory=list, description="Predicate types that count as provenance. Default: SLSA v1 and v0.2."
    )
    triggers: Names = Field(
        default_factory=list,
        description="Events that may have started the build. Default: push, release, schedule, workflow_dispatch.",
    )
    runner: Literal["", "github-hosted", "self-hosted"] = Field(
        default="", description="Where the build must have run. Default: github-hosted where the provenance says it."
    )
    parameters: Names = Field(
        default_factory=list, description="External parameters of the build that may be there besides the workflow."
    )
    trusted_root: Text = Field(default="", description="File with the keys of the authorities (trusted_root.json).")
    ignore_tlog: bool = Field(default=False, description="Do without an entry in a transparency log.")
    ignore_sct: bool = Field(default=False, description="Do without a timestamp of a certificate log.")
    use_signed_timestamps: bool = Field(default=False, description="Demand the timestamp of a timestamp authority.")
    allowed_repositories: Annotated[list[Repositories], Field(max_length=64)] = Field(
        default_factory=list, description="Repositories from which such an image may come. Default: any."
    )
    match_reference: bool = Field(default=False, description="Demand that a signature names this very repository.")
    provenance_as_signature: bool = Field(default=False, description="Let signed provenance count as the signature.")
    engine: Literal["auto", "cosign", "native"] = Field(default="auto", description="What checks the cryptography.")


class PolicyModel(TermsModel):
    """What is demanded of the images of some repositories."""

    images: Annotated[list[Repositories], Field(min_length=1, max_length=64)] = Field(
        description="Repositories: ghcr.io/acme/app, ghcr.io/acme/*, or * for all."
    )
    require: Annotated[list[Literal["signature", "provenance"]], Field(max_length=2)] = Field(
        default_factory=list,
        description="What such an image must have. Empty: nothing, but the terms serve whoever demands it.",
    )


class TrustModel(Strict):
    """Whose word about images counts."""

    verifiers: list[PluginId] = Field(
        default_factory=lambda: ["image-verify"], max_length=16, description="Plugins that may accept an image."
    )
    policies: Annotated[list[PolicyModel], Field(max_length=64)] = Field(
        default_factory=list, description="What is demanded of which repositories; the closest entry counts."
    )


class RegistryModel(Strict):
    """How one registry is spoken to."""

    insecure: bool = Field(default=False, description="Speak plain HTTP. Everybody on the way can change the answers.")
    ca_file: Text = Field(default="", description="File with certificates that are trusted for this registry alone.")
    realm_hosts: Annotated[list[Host], Field(max_length=16)] = Field(
        default_factory=list, description="Other hosts to which its token service may lie."
    )


Registries = Annotated[dict[Registry, RegistryModel], Field(max_length=64)]


class TrustFileModel(TrustModel):
    """A whole trust file: what an organisation or a user demands, whatever a sindri.yaml says."""

    version: Annotated[str, Field(pattern=r"^1\.[0-9]{1,3}$"), 'version: "1.0", the only format there is'] = Field(
        default="1.0", description="Version of this format."
    )
    registries: Registries = Field(default_factory=dict, description="How registries are spoken to.")
