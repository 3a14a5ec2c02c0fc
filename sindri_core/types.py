"""The values that flow through a run, each frozen once it is made.

``Config → Destination → ClusterCandidate → ResolvedImage → Verification → Manifests → Changes = Plan``, then
``LoadOutcome → Applied → Status``. They hold plain data only: no pydantic model, no client object
of any provider except in ``Destination.handle``, which only its own provider may touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Body: TypeAlias = Mapping[str, Any]
"""An object as plain JSON data: mappings with string keys, sequences, strings, numbers, booleans, None."""


class Severity(StrEnum):
    """Whether an issue stops the run."""

    ERROR = "error"
    WARNING = "warning"


class Capability(StrEnum):
    """What a plugin can do, in the words that ``sindri plugins list`` prints."""

    PROVIDER = "provider"
    CONNECTION = "connection"
    DETECTION = "detection"
    CLUSTERS = "clusters"
    IMAGE_RESOLUTION = "image resolution"
    IMAGE_VERIFICATION = "image verification"
    IMAGE_LOADING = "image loading"
    SECRETS = "secrets"
    CHECKS = "checks"
    COMMANDS = "commands"


class Claim(StrEnum):
    """What can be demanded of an image before it is deployed."""

    SIGNATURE = "signature"
    PROVENANCE = "provenance"


class Verdict(StrEnum):
    """A verifier's answer about one claim. There is no third: what cannot be checked is refused."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Origin(StrEnum):
    """Where a digest comes from, and so who can run it."""

    REGISTRY = "registry"
    ENGINE = "local engine"
    AS_WRITTEN = "as written"


class Action(StrEnum):
    """What deploying would do with one object."""

    CREATE = "create"
    CHANGE = "change"
    RECREATE = "recreate"
    DELETE = "delete"
    SAME = "same"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class State(StrEnum):
    """The one word that says how an environment is."""

    NOT_DEPLOYED = "not deployed"
    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DELETING = "deleting"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """Who a plugin is. ``api`` is the (major, minor) of the plugin API that it was made for."""

    id: str
    version: str
    summary: str
    api: tuple[int, int] = (1, 0)
    capabilities: tuple[Capability, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSection:
    """A part of sindri.yaml that a plugin owns.

    ``path`` is dotted (``providers.kubernetes``); ``model`` names a pydantic model as ``package.module:Class``,
    imported only when the section is validated or its schema is printed.
    """

    path: str
    model: str
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One problem, where it is, and what to do. ``line`` and ``column`` count from 1; 0 means not known."""

    code: str
    severity: Severity
    path: str
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the environment goes, resolved once and passed to every later step.

    ``context``, ``namespace`` and ``server`` are for people and for child processes. ``handle`` belongs to the
    provider that made the value and is opaque to everybody else.
    """

    provider: str
    context: str = ""
    namespace: str = ""
    server: str = ""
    handle: object = None

    def summary(self) -> dict[str, str]:
        """What may be shown and stored."""
        return {
            "provider": self.provider,
            "context": self.context,
            "namespace": self.namespace,
            "server": self.server,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCandidate:
    """A plugin's opinion of what kind of place the destination is.

    ``rank``: 100 the API said so, 50 a name matched, 10 a guess. ``local`` says that images can be loaded into it.
    ``platforms`` are those of its nodes (``linux/amd64``); empty means not known.
    """

    kind: str
    name: str
    rank: int
    evidence: tuple[str, ...] = ()
    local: bool = False
    version: str = ""
    nodes: int | None = None
    plugin: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedTag:
    """A tag that was not chosen, and why, in a few words."""

    tag: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedImage:
    """An image that can no longer change: what is verified, loaded and deployed.

    ``reference`` is what the user wrote, ``digest`` what it meant when it was resolved (``sha256:`` and 64
    lower-case hex digits), or empty with ``Origin.AS_WRITTEN`` when nobody could pin it. ``deployed`` is the exact
    text that goes into the manifests. ``tag`` is the tag that led to the digest, if one did; ``platforms`` are those
    that the image has, ``rejected`` the tags that were not chosen, newest first.
    """

    reference: str
    deployed: str
    digest: str = ""
    origin: Origin = Origin.AS_WRITTEN
    why: str = ""
    pull_policy: str = ""
    tag: str = ""
    platforms: tuple[str, ...] = ()
    rejected: tuple[RejectedTag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What one verifier found out about one claim of one digest. ``evidence`` is for people and holds no secret.

    A refusal says beside its ``reason`` what was ``found``, what is ``wanted``, and the setting that would ``accept``
    it: lines for people, each ``label: text``. ``policy`` names the source of the demand, filled in by the core.
    """

    claim: Claim
    verdict: Verdict
    digest: str
    evidence: tuple[str, ...] = ()
    reason: str = ""
    verifier: str = ""
    found: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something that is attached to an image in its registry, as it describes itself: nothing of it was checked.

    ``kind`` is signature, attestation or other; ``claims`` are lines ``label: text`` for people.
    """

    kind: str
    format: str
    digest: str
    predicate_type: str = ""
    claims: tuple[str, ...] = ()
    problem: str = ""
    plugin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object to be, as plain data. ``scope`` is its namespace, or empty for an object of the whole cluster."""

    kind: str
    name: str
    body: Body
    scope: str = ""

    @property
    def id(self) -> str:
        """How plans and patches name it: ``Kind/name``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change that a plugin makes to the provider's manifests, in the words of RFC 6902.

    ``manifest`` is a ``Manifest.id``; ``op`` is add, replace or remove; ``path`` a JSON pointer. ``op="add"`` with
    the empty path adds a whole object, whose body is ``value``. ``reason`` shows in the plan; ``plugin`` is filled
    in by the core.
    """

    manifest: str
    op: str
    path: str
    value: Any = None
    reason: str = ""
    plugin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUse:
    """An image reference found in a manifest: which manifest, and the JSON pointer to the text."""

    manifest: str
    path: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that would change; secret values are ``***``. ``before`` is None if new, ``after`` if removed."""

    path: str
    before: Any = None
    after: Any = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldConflict:
    """A field that another manager owns with another value."""

    path: str
    manager: str
    live: Any = None
    wanted: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What deploying does with one object, and what that means for people and data.

    ``reason`` says why it is refused, recreated or unknown; ``error`` is the code of what deploy would stop with.
    ``version`` is the live object's version when it was read; ``restarts`` that the environment restarts.
    """

    action: Action
    kind: str
    name: str
    scope: str = ""
    fields: tuple[FieldChange, ...] = ()
    conflicts: tuple[FieldConflict, ...] = ()
    drift: tuple[FieldChange, ...] = ()
    reason: str = ""
    hint: str = ""
    error: str = ""
    note: str = ""
    restarts: bool = False
    version: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The answer of ``Target.diff``. ``identity`` names the cluster itself: a plan cannot be applied to another."""

    items: tuple[Change, ...]
    identity: str = ""
    issues: tuple[Issue, ...] = ()
    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What deploying would do. Made without writing anything; holds no secret.

    ``others`` are the images that plugins brought along, each pinned and verified like ``image``. ``manifests`` is what
    would be applied; it is left out of the plan file, because a plan file is only compared.
    ``intent`` is a SHA-256 of the manifests, ``plugins`` maps each loaded plugin to its version.
    """

    name: str
    destination: Destination
    cluster: ClusterCandidate
    image: ResolvedImage
    verifications: tuple[Verification, ...]
    changes: Changes
    manifests: tuple[Manifest, ...] = field(repr=False)
    adjustments: tuple[Patch, ...] = ()
    others: tuple[ResolvedImage, ...] = ()
    issues: tuple[Issue, ...] = ()
    intent: str = ""
    plugins: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False

    def pending(self) -> bool:
        """Whether deploying would change anything."""
        return any(change.action is not Action.SAME for change in self.changes.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOutcome:
    """How an image got into a local cluster. ``bytes`` is what was really sent."""

    method: str
    bytes: int = 0
    seconds: float = 0.0
    skipped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was written: the changes that were carried out, in order, and how many objects were already as wanted."""

    written: tuple[Change, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Why an environment is not ready: what was seen, the cause in plain words, and the commands that fix it.

    ``heals`` tells a passing state from one that waiting cannot mend.
    """

    code: str
    message: str
    object: str = ""
    seen: tuple[str, ...] = ()
    cause: str = ""
    fix: tuple[str, ...] = ()
    heals: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The volume that outlives the environment. ``phase`` is the provider's word (Bound, Pending, Lost)."""

    name: str
    phase: str
    size: str = ""
    storage_class: str = ""
    volume: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How one environment is now. Times are RFC 3339 in UTC; ``step`` says in a few words what is going on."""

    name: str
    state: State
    destination: Destination
    cluster: str = ""
    image: str = ""
    instance: str = ""
    node: str = ""
    since: str = ""
    restarts: int = 0
    replicas: int | None = None
    home: Home | None = None
    last_deploy: str = ""
    step: str = ""
    finding: Finding | None = None
    others: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An object that destroy left where it is, and why."""

    object: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What destroy took away (or would), and what stayed."""

    removed: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterInfo:
    """A local cluster as its tool knows it. ``state`` is running, stopped or broken."""

    name: str
    provisioner: str
    state: str
    context: str = ""
    version: str = ""
    nodes: int = 0
    registry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of ``doctor``. ``ok`` is None when it does not apply."""

    title: str
    ok: bool | None
    detail: str = ""
    fix: str = ""
    plugin: str = ""


Manifests: TypeAlias = Sequence[Manifest]
