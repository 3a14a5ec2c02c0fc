"""What the core's part of sindri.yaml may hold. The descriptions are the reference page.

Keys are those of the document (``buildFromSource`` and ``gitRef`` keep its spelling). A plain text in an annotation
says what the field takes; ``wording`` shows it to people whose value does not fit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from sindri_core.config.amounts import parse_cpus, parse_memory, parse_size
from sindri_core.config.naming import LONGEST_NAME, NAME
from sindri_core.config.trust_models import PluginId, Registries, Strict, TermsModel, Text, TrustModel
from sindri_core.errors import ImageError
from sindri_core.settings import Cpus, Size

PROFILES = (
    *("minimal", "fullstack", "anthropic-dev", "systems", "enterprise", "devops", "mobile", "ai-dev", "geospatial"),
    *("visionflow-core", "visionflow-full"),
)


def _reference(value: object) -> object:
    from sindri_core.oci.reference import parse

    if isinstance(value, str) and value:
        try:
            parse(value)
        except ImageError as error:
            raise ValueError(f"{error.message}: {error.hint}") from error
    return value


def _no_doubled_prefix(value: object) -> object:
    if isinstance(value, str) and value.startswith("sha256:sha256:"):
        return value.removeprefix("sha256:")
    return value


WRITTEN = PlainSerializer(str)
AMOUNT = WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?[KMGTP][iB]?$"})
SizeField = Annotated[Any, BeforeValidator(parse_size), WRITTEN, AMOUNT]
MemoryField = Annotated[Any, BeforeValidator(parse_memory), WRITTEN, AMOUNT]
CpusField = Annotated[
    Any,
    BeforeValidator(parse_cpus),
    WRITTEN,
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^([0-9]+(\.[0-9]+)?|[0-9]+m)$", "exclusiveMinimum": 0}),
]
Digest = Annotated[
    str,
    BeforeValidator(_no_doubled_prefix),
    Field(pattern=r"^(sha256:[0-9a-f]{64})?$"),
    WithJsonSchema({"type": "string", "pattern": r"^((sha256:){1,2}[0-9a-f]{64})?$"}),
    "sha256: and 64 digits of 0-9 and a-f",
]
ImageText = Annotated[str, BeforeValidator(_reference), Field(max_length=512)]


class GpuModel(Strict):
    """Accelerators."""

    enabled: bool = Field(default=False, description="Whether the environment needs any.")
    type: Literal["nvidia", "amd", "intel"] = Field(default="nvidia", description="Whose.")
    count: int = Field(default=1, ge=1, le=64, description="How many.")
    memory: MemoryField | None = Field(default=None, description="Least memory of each.")
    tier: Literal["", "gpu-small", "gpu-medium", "gpu-large", "gpu-xlarge"] = Field(
        default="", description="A rough size, for providers that sell by size."
    )


class ResourcesModel(Strict):
    """Limits of the environment; its requests are half of them."""

    memory: MemoryField = Field(default=Size(2 << 30), description="Memory, such as 4GB or 4Gi (both are 4Gi).")
    cpus: CpusField = Field(default=Cpus(1000), description="Processors, such as 2, 0.5 or 500m.")
    gpu: GpuModel = Field(default_factory=GpuModel, description="Accelerators.")


class WorkspaceModel(Strict):
    """The home volume."""

    size: SizeField = Field(default=Size(10 << 30), description="Size of the home volume.")
    path: Annotated[
        Text, Field(pattern=r"^/[^\x00-\x1f]*$"), "an absolute path, such as /alt/home/developer/workspace"
    ] = Field(default="/alt/home/developer/workspace", description="Folder of the work inside the environment.")


class VolumesModel(Strict):
    """Volumes."""

    workspace: WorkspaceModel = Field(default_factory=WorkspaceModel, description="The home volume.")


class ImageConfigModel(TermsModel):
    """The image by its parts, and what is demanded of it."""

    registry: Annotated[
        ImageText, Field(min_length=1), "registry and repository without tag, such as ghcr.io/my-org/app"
    ] = Field(description="Registry and repository, without tag: ghcr.io/my-org/app.")
    version: Text = Field(default="", description="Version or range, such as ^1.0.0; a class such as ^1.0.0-alpine.")
    tag_override: Annotated[
        str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]*)?$", max_length=128), "a tag, such as v1.0.0"
    ] = Field(default="", description="Exactly this tag.")
    digest: Digest = Field(default="", description="Exactly this digest: the safest.")
    resolution_strategy: Literal["semver", "latest-stable", "pin-to-cli", "explicit"] = Field(
        default="semver", description="How a version becomes a tag."
    )
    allow_prerelease: bool = Field(default=False, description="Whether a range may choose a prerelease.")
    verify_signature: bool = Field(default=False, description="Refuse the image unless its signature is verified.")
    verify_provenance: bool = Field(default=False, description="Refuse the image unless its provenance is verified.")
    pull_policy: Literal["", "Always", "IfNotPresent", "Never"] = Field(
        default="", description="When the node pulls the image."
    )

    @model_validator(mode="after")
    def one_way(self) -> ImageConfigModel:
        """Refuse a version that cannot be read, and parts that name no image."""
        if self.digest or self.tag_override:
            return self
        strategy = self.resolution_strategy
        if not self.version and strategy in {"semver", "explicit"}:
            raise ValueError("write version, tag_override or digest, or resolution_strategy: latest-stable")
        if self.version and strategy in {"semver", "latest-stable"}:
            from sindri_core.oci.choosing import check_range

            if message := check_range(self.version, strategy):
                raise ValueError(message)
        return self


class BuildFromSourceModel(Strict):
    """What the image builds at its first start."""

    enabled: Annotated[Literal[False], "false; build the image, push it and name it in deployment.image"] = Field(
        default=False, description="Images are built elsewhere; only false is possible."
    )
    gitRef: Annotated[  # noqa: N815 - as before
        str,
        Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_./-]*)?$", max_length=255),
        "a branch, tag or commit, such as main",
    ] = Field(default="", description="Reference handed to the image.")


class DeploymentModel(Strict):
    """What is deployed."""

    provider: PluginId = Field(default="kubernetes", description="Plugin that deploys.")
    distro: Literal["", "ubuntu", "fedora", "opensuse"] = Field(
        default="", description="Informative: the distribution is the image's."
    )
    image: ImageText = Field(default="", description="The image. Default: sindri:latest, on a local cluster.")
    image_config: ImageConfigModel | None = Field(default=None, description="The image by its parts.")
    resources: ResourcesModel = Field(default_factory=ResourcesModel, description="Limits.")
    volumes: VolumesModel = Field(default_factory=VolumesModel, description="Volumes.")
    buildFromSource: BuildFromSourceModel = Field(  # noqa: N815 - as before
        default_factory=BuildFromSourceModel, description="What the image builds at its first start."
    )

    @model_validator(mode="after")
    def one_image(self) -> DeploymentModel:
        """Refuse two ways to name the image at once."""
        if self.image and self.image_config:
            raise ValueError("image and image_config name the image twice: keep one of them")
        return self


class ExtensionsModel(Strict):
    """What the image installs at its first start."""

    profile: Literal[("", *PROFILES)] = Field(default="", description="A named set of extensions.")  # type: ignore[valid-type] # a Literal of a tuple
    active: list[Text] = Field(default_factory=list, max_length=128, description="Exactly these, without a profile.")
    additional: list[Text] = Field(default_factory=list, max_length=128, description="These on top of the profile.")
    auto_install: bool = Field(default=True, description="Whether they are installed at the first start.")

    @model_validator(mode="after")
    def profile_or_list(self) -> ExtensionsModel:
        """Refuse a profile beside a list, and additions to nothing."""
        if self.profile and self.active:
            raise ValueError("profile and active exclude each other: keep one, or use additional")
        if self.additional and not self.profile:
            raise ValueError("additional needs a profile to add to: use active for a list of your own")
        return self


class PluginsModel(Strict):
    """Which plugins take part."""

    disabled: list[PluginId] = Field(default_factory=list, max_length=128, description="Plugins that are left out.")


class FileModel(Strict):
    """A whole sindri.yaml. The sections below ``providers`` belong to the plugins."""

    version: Annotated[str, Field(pattern=r"^1\.[0-9]{1,3}$"), 'version: "1.0", the only format there is'] = Field(
        default="1.0", description="Version of this format."
    )
    name: Annotated[
        str, Field(pattern=f"{NAME}|^$", max_length=LONGEST_NAME), "a name of a-z, 0-9 and -, such as my-env"
    ] = Field(default="", description="Name of the environment. Default: the folder's.")
    deployment: DeploymentModel = Field(default_factory=DeploymentModel, description="What is deployed.")
    extensions: ExtensionsModel = Field(
        default_factory=ExtensionsModel, description="What the image installs at its first start."
    )
    plugins: PluginsModel = Field(default_factory=PluginsModel, description="Which plugins take part.")
    registries: Registries = Field(default_factory=dict, description="How registries are spoken to.")
    trust: TrustModel = Field(default_factory=TrustModel, description="Whose word about images counts.")
