"""What hooks are asked: one frozen value per hook. Fields may be added with defaults; none goes within a major."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sindri_core.oci.client import RegistryClient
    from sindri_core.settings import ImageSettings, Trust, TrustPolicy
    from sindri_core.types import Body, Claim, ClusterCandidate, Destination, Manifest, ResolvedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateRequest:
    """Check the configuration for what no schema can say. ``document`` is the file as plain data.

    ``demands`` are the policies that will be asked of verifiers, each with the repository that it is about (empty for
    an entry that is about several): settings that cannot be used are best said here, where they have a line.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    demands: Sequence[tuple[str, TrustPolicy]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocateRequest:
    """Find out where the environment goes. ``ctx.context`` and ``ctx.namespace`` come before the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Read one document of the destination by its path (``/version``)."""

    destination: Destination
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectRequest:
    """Say what kind of cluster the destination is.

    ``api`` asks the destination for one document by its path (``/version``) and gives it as plain data; it raises
    ``ClusterError`` when there is no answer. It is None when the run is offline.
    """

    destination: Destination
    api: Callable[[str], Body] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerRequest:
    """Ask for the provisioner of this id (``kind``); empty asks for whichever the plugin has."""

    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRequest:
    """Turn what the user wrote into one image that can no longer change.

    ``registry`` is the run's own client: everything that asks a registry goes through it, so that nothing is asked
    twice. It is None offline. ``explain`` asks for every tag that was not chosen, which may be thousands.
    """

    image: ImageSettings
    cluster: ClusterCandidate
    registry: RegistryClient | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """Check the claims of exactly this digest against one policy. ``registry`` is None offline."""

    image: ResolvedImage
    claims: frozenset[Claim]
    trust: Trust
    settings: ImageSettings
    policy: TrustPolicy
    registry: RegistryClient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectRequest:
    """Look at what is attached to exactly this digest, without believing any of it."""

    image: ResolvedImage
    registry: RegistryClient


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """Bring the image to the nodes of a local cluster."""

    image: ResolvedImage
    cluster: ClusterCandidate
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """Make the objects of the environment."""

    destination: Destination
    cluster: ClusterCandidate
    image: ResolvedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class FindImagesRequest:
    """List every image reference in these manifests."""

    manifests: Sequence[Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustRequest:
    """Change the provider's manifests by patches that show in the plan."""

    manifests: Sequence[Manifest]
    destination: Destination
    cluster: ClusterCandidate
    image: ResolvedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRequest:
    """Open the place where the environment lives.

    ``accept_cluster`` takes another cluster than the recorded one as the right one from now on; ``adopt`` names foreign
    objects to take over (``Kind/name``, or ``all``); ``force_conflicts`` takes fields from other managers.
    """

    destination: Destination
    cluster: ClusterCandidate
    accept_cluster: bool = False
    adopt: tuple[str, ...] = ()
    force_conflicts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """Open a connection to the running environment."""

    destination: Destination
    cluster: ClusterCandidate


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSourceRequest:
    """Ask for the source of this name (the ``source:`` of a secret)."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """Check the plugin's tools and services for ``doctor``. ``destination`` is None when none could be found."""

    destination: Destination | None = None
