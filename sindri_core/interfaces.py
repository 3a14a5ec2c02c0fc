"""The things that plugins hand to the core: what each method does, and what it must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sindri_core.types import (
        Applied,
        Changes,
        ClusterInfo,
        Manifest,
        Removal,
        Status,
    )


@runtime_checkable
class Target(Protocol):
    """The place of one environment. Made by ``sindri_open_target``, used by one run, closed by the core."""

    def diff(self, manifests: Sequence[Manifest]) -> Changes:
        """Compare the manifests with what is there. Must not write; must not hide what it could not find out."""

    def apply(self, manifests: Sequence[Manifest], changes: Changes) -> Applied:
        """Carry out the changes. Must not touch what is the same, must not delete in order to update.

        Interrupted at any point, a second run must finish the work.
        """

    def observe(self) -> Status:
        """Look once. Must not wait, must not write, must not raise when the environment is merely absent or broken."""

    def await_change(self, seconds: float) -> None:
        """Return when something may have changed, at the latest after this many seconds."""

    def scale(self, replicas: int) -> bool:
        """Set the power (0 or 1) and nothing else. Return False when it was so already."""

    def remove(self, *, delete_data: bool, dry_run: bool) -> Removal:
        """Take the environment away. Must not touch what is not ours, and keeps data unless ``delete_data``."""

    def environments(self) -> Sequence[Status]:
        """List all environments of ours at the destination, in every namespace that may be read."""

    def close(self) -> None:
        """Let go of connections. Must not raise."""


@runtime_checkable
class Connection(Protocol):
    """A way into a running environment."""

    def exec(self, command: Sequence[str], *, tty: bool) -> int:
        """Run a command with our standard streams; return its own exit code."""

    def forward(self, ports: Sequence[tuple[int, int]]) -> None:
        """Forward (local, remote) ports on loopback until cancelled."""

    def copy(self, source: str, target: str, *, upload: bool) -> None:
        """Copy files; must not write outside ``target``."""

    def logs(self, *, follow: bool, previous: bool) -> None:
        """Write the log to standard output."""

    def close(self) -> None:
        """Let go of it. Must not raise."""


@runtime_checkable
class ClusterProvisioner(Protocol):
    """Makes and removes local clusters with one tool."""

    id: str

    def create(self, name: str, options: Mapping[str, object]) -> ClusterInfo:
        """Make a cluster and wait until it is usable; leave nothing half-made behind."""

    def list(self) -> Sequence[ClusterInfo]:
        """List the tool's clusters. Must not contact their API servers."""

    def status(self, name: str) -> ClusterInfo:
        """Look at one cluster."""

    def delete(self, name: str) -> None:
        """Remove a cluster, also a half-made one. No such cluster is success."""

    def kubeconfig(self, name: str) -> str:
        """Return the credentials as a document. Must not write them anywhere."""

    def install(self, options: Mapping[str, object]) -> str:
        """Install the tool for this user; return its path. Must verify before it makes anything executable."""


@runtime_checkable
class SecretSource(Protocol):
    """Gives secret values by name."""

    def read(self, options: Mapping[str, object]) -> bytes:
        """Return the value. Must not log it, cache it on disk or put it into an exception."""
