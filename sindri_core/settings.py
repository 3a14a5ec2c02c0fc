"""sindri.yaml as values: what the configuration means once it is validated, every default filled in.

The pydantic models that read the file are in ``sindri_core.config``; nothing else needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sindri_core.types import Claim

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_core.types import Issue


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """An amount of memory or storage in bytes; prints as the largest exact binary unit (``4Gi``)."""

    bytes: int

    def __str__(self) -> str:
        """Write the amount as a Kubernetes quantity."""
        for power, unit in ((60, "Ei"), (50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")):
            if self.bytes and self.bytes % (1 << power) == 0:
                return f"{self.bytes >> power}{unit}"
        return str(self.bytes)

    def half(self) -> Size:
        """Half of it, rounded down to a whole byte, never less than one."""
        return Size(max(1, self.bytes // 2))


@dataclass(frozen=True, slots=True, order=True)
class Cpus:
    """An amount of processor time in thousandths of a core; prints as ``2`` or ``500m``."""

    millis: int

    def __str__(self) -> str:
        """Write the amount as a Kubernetes quantity."""
        return f"{self.millis}m" if self.millis % 1000 else str(self.millis // 1000)

    def half(self) -> Cpus:
        """Half of it, never less than one thousandth."""
        return Cpus(max(1, self.millis // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """The accelerators that the environment asks for. ``type`` is nvidia, amd or intel."""

    type: str = "nvidia"
    count: int = 1
    memory: Size | None = None
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The limits of the environment. Requests are half of them."""

    memory: Size
    cpus: Cpus
    gpu: Gpu | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """The image as it was written: ``reference``, or ``registry`` with a version, tag or digest. Any may be empty."""

    reference: str = ""
    registry: str = ""
    version: str = ""
    tag_override: str = ""
    digest: str = ""
    strategy: str = "semver"
    allow_prerelease: bool = False
    pull_policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What the image installs at its first start."""

    profile: str = ""
    active: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    auto_install: bool = True


KEY_SERVICES = ("k8s://", "awskms://", "gcpkms://", "azurekms://", "hashivault://", "pkcs11:")
"""How the address of a key in a service begins, as cosign knows them; any other key is a file or a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What one source demands of an image, and whose word satisfies it.

    ``source`` names the file and ``path`` the place in it, for messages; ``rank`` tells the files apart: 0 is
    sindri.yaml, each trust file has a number of its own. ``images`` are patterns of repositories (``ghcr.io/acme/*``);
    empty means the image of the environment itself. ``claims`` are demanded together, and ``verifiers`` are the ids
    of the plugins whose word counts.

    Whose word: either ``public_keys`` (absolute paths, PEM texts or key URIs of cosign), any one of which is enough, or
    a certificate whose identity and issuer both match, each given as exact text or as a regular expression that must
    match all of it. The fields from ``source_repository`` to ``parameters`` are what provenance must say; empty means
    that nothing is demanded. ``source_ref`` may hold ``{tag}``, the tag that was chosen. ``triggers`` and
    ``parameters`` list what is allowed.
    """

    source: str = "sindri.yaml"
    path: str = ""
    rank: int = 0
    images: tuple[str, ...] = ()
    claims: frozenset[Claim] = frozenset()
    verifiers: tuple[str, ...] = ("image-verify",)
    engine: str = "auto"
    public_keys: tuple[str, ...] = ()
    certificate_identity: str = ""
    certificate_identity_regexp: str = ""
    certificate_oidc_issuer: str = ""
    certificate_oidc_issuer_regexp: str = ""
    source_repository: str = ""
    source_ref: str = ""
    source_commit: str = ""
    workflow: str = ""
    builder_id: str = ""
    build_type: str = ""
    provenance_types: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    runner: str = ""
    parameters: tuple[str, ...] = ()
    trusted_root: str = ""
    ignore_tlog: bool = False
    ignore_sct: bool = False
    use_signed_timestamps: bool = False
    allowed_repositories: tuple[str, ...] = ()
    match_reference: bool = False
    provenance_as_signature: bool = False

    @property
    def names_somebody(self) -> bool:
        """Whether it says whose word counts, be it only in part."""
        return bool(
            self.public_keys
            or self.certificate_identity
            or self.certificate_identity_regexp
            or self.certificate_oidc_issuer
            or self.certificate_oidc_issuer_regexp
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """How one registry is spoken to. ``host`` is as in references (``ghcr.io``, ``localhost:5000``).

    ``insecure`` means plain HTTP; ``ca_file`` is an absolute path to PEM certificates that are trusted for this host
    and its token service alone; ``realm_hosts`` are the hosts beside its own to which the latter may lie. ``vouched``
    says that the settings are the user's or the machine's, and did not come along with a project.
    """

    host: str
    insecure: bool = False
    ca_file: str = ""
    realm_hosts: tuple[str, ...] = ()
    vouched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The policies of sindri.yaml and of every trust file, and how registries are spoken to.

    ``own`` is what sindri.yaml demands of the environment's image. Which policies an image must satisfy is found by
    ``sindri_core.trust``.
    """

    own: TrustPolicy = field(default_factory=TrustPolicy)
    policies: tuple[TrustPolicy, ...] = ()
    registries: tuple[RegistrySettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """sindri.yaml, validated: every default filled in, every amount in its unit.

    ``sections`` maps the path of each plugin section to its values: validated by the plugin's model, every default
    filled in, as plain data. ``digest`` is a SHA-256 of the meaning, so that a comment or another order of keys does
    not change it. ``effective`` is that meaning as plain data in the keys of the file, ``written`` the dotted paths
    that stand in the file itself. ``file`` is None for a configuration made in memory.
    """

    name: str
    provider: str
    resources: Resources
    workspace_size: Size
    workspace_path: str
    image: ImageSettings = field(default_factory=ImageSettings)
    extensions: Extensions = field(default_factory=Extensions)
    source_ref: str = ""
    trust: Trust = field(default_factory=Trust)
    disabled_plugins: tuple[str, ...] = ()
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    file: Path | None = None
    digest: str = ""
    effective: Mapping[str, Any] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    warnings: tuple[Issue, ...] = ()
