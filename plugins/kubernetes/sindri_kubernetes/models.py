"""The sections of sindri.yaml that belong to this plugin. Imported only when they are validated.

A plain text in an annotation says what the field takes; it is shown to people whose value does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DnsLabel = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63),
    "at most 63 of a-z, 0-9 and -, no - first or last, such as dev-user-a",
]
DnsName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", max_length=253),
    "a name of a-z, 0-9, - and ., such as fast-ssd",
]


class Strict(BaseModel):
    """Refuses what it does not know, and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Security(Strict):
    """How much the pod may do."""

    profile: Literal["baseline", "restricted"] = Field(
        default="baseline",
        description="Pod Security Standard that the pod satisfies; restricted runs without root and without sudo.",
    )


class ClusterPin(Strict):
    """Which cluster is meant; another one is refused."""

    uid: str = Field(default="", description="UID of the namespace kube-system.", max_length=64)
    server: str = Field(default="", description="Address of the API server.", max_length=2048)


class Toleration(Strict):
    """A taint that the pod may be scheduled beside."""

    key: str = Field(default="", description="Key of the taint; empty with Exists means every taint.", max_length=317)
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="How the value is compared.")
    value: str = Field(default="", description="Value of the taint.", max_length=63)
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        default="", description="Effect of the taint; empty means every effect."
    )


class KubernetesSection(Strict):
    """Where in Kubernetes the environment goes, and how it runs there."""

    namespace: DnsLabel | None = Field(
        default=None, description="Namespace; made if it is missing. Default: the context's own, else default."
    )
    context: str = Field(default="", description="Context of the kubeconfig. Default: the current one.", max_length=512)
    storageClass: DnsName | None = Field(  # noqa: N815 - the document's key
        default=None, description="StorageClass of the home volume. Default: the cluster's."
    )
    secrets: tuple[DnsName, ...] = Field(
        default=(), strict=False, description="Existing Secrets whose keys become environment variables.", max_length=64
    )
    security: Security = Field(default_factory=Security, description="How much the pod may do.")
    tolerations: tuple[Toleration, ...] = Field(
        default=(), strict=False, description="Taints that the pod may be scheduled beside.", max_length=32
    )
    cluster: ClusterPin = Field(default_factory=ClusterPin, description="Which cluster is meant.")


class KindOptions(Strict):
    """What only kind understands."""

    image: str = Field(default="", description="Node image.", max_length=512)
    configFile: str = Field(default="", description="A kind configuration file.", max_length=4096)  # noqa: N815 - as before


class K3dRegistry(Strict):
    """A registry beside the k3d cluster."""

    enabled: bool = Field(default=False, description="Whether to make one.")
    name: DnsLabel = Field(default="k3d-registry", description="Its name.")
    port: int = Field(default=5000, ge=1, le=65535, description="Its port on loopback.")


class K3dOptions(Strict):
    """What only k3d understands."""

    image: str = Field(default="", description="Node image.", max_length=512)
    registry: K3dRegistry = Field(default_factory=K3dRegistry, description="A registry beside the cluster.")


class LocalClusterSection(Strict):
    """The local cluster that ``providers.k8s`` describes. Read and checked; clusters are made with their own tools."""

    provider: Literal["kind", "k3d"] = Field(default="kind", description="The tool that makes the cluster.")
    clusterName: DnsLabel = Field(default="sindri-local", description="Name of the cluster.")  # noqa: N815 - as before
    version: Annotated[str, Field(pattern=r"^(v?[0-9]+\.[0-9]+\.[0-9]+)?$"), "a version, such as v1.34.0"] = Field(
        default="", description="Kubernetes version. Default: the tool's."
    )
    nodes: int = Field(default=1, ge=1, le=10, description="How many nodes.")
    kind: KindOptions = Field(default_factory=KindOptions, description="What only kind understands.")
    k3d: K3dOptions = Field(default_factory=K3dOptions, description="What only k3d understands.")
