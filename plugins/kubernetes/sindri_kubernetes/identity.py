"""Which cluster is it really? Recorded at the first deploy in the user's own folder, checked ever after."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError, Forbidden, WrongCluster
from sindri_kubernetes import resources

if TYPE_CHECKING:
    from pathlib import Path

    from sindri_kubernetes.api import Api
    from sindri_kubernetes.settings import KubernetesSettings

FILE = "clusters.json"
LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A cluster: the UID of its namespace kube-system (empty where it may not be read), its CA and address."""

    uid: str
    fingerprint: str

    def __str__(self) -> str:
        """Write the strongest that is known."""
        return self.uid or f"ca:{self.fingerprint}"

    def is_same(self, recorded: Mapping[str, Any]) -> bool:
        """Compare by UID where both sides know it, else by CA and address."""
        uid = recorded.get("uid")
        if self.uid and uid:
            return bool(self.uid == uid)
        return bool(self.fingerprint == recorded.get("fingerprint"))


def identify(api: Api, fingerprint: str) -> Identity:
    """Ask the cluster who it is."""
    try:
        found = api.get(resources.path("Namespace", "kube-system"))
    except Forbidden:
        found = None
    return Identity(uid=str(found["metadata"]["uid"]) if found else "", fingerprint=fingerprint)


def check_pin(settings: KubernetesSettings, identity: Identity, server: str) -> None:
    """Raise ``WrongCluster`` unless the cluster is the one that sindri.yaml names."""
    pinned = (
        ("uid", settings.pinned_uid, str(identity)),
        ("server", settings.pinned_server.rstrip("/"), server.rstrip("/")),
    )
    for what, wanted, seen in pinned:
        if wanted and wanted != seen:
            raise WrongCluster(
                "SND-K8S-103",
                f"sindri.yaml pins the cluster's {what} and this is another cluster",
                hint="use the right context (--context NAME), or change providers.kubernetes.cluster in sindri.yaml",
                details=[("pinned", wanted), ("seen", seen)],
            )


def check(folder: Path | None, key: str, identity: Identity) -> None:
    """Raise ``WrongCluster`` when another cluster is recorded for this environment."""
    recorded = _load(folder).get(key) if folder else None
    if recorded is None or identity.is_same(recorded):
        return
    raise WrongCluster(
        "SND-K8S-103",
        f"{key} was deployed to another cluster than the one that answers now",
        hint="use the right context (--context NAME); if the cluster was really replaced: --accept-cluster",
        details=[
            ("recorded", recorded.get("uid") or f"ca:{recorded.get('fingerprint')}"),
            ("seen", str(identity)),
        ],
    )


def record(folder: Path | None, key: str, identity: Identity) -> None:
    """Remember the cluster of this environment. Writes only what is new, in one step, under a lock."""
    entry = {"uid": identity.uid, "fingerprint": identity.fingerprint}
    if folder is None or _load(folder).get(key) == entry:
        return
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder / f"{FILE}.lock", timeout=LOCK_SECONDS):
            known = _load(folder)
            before = known.get(key) or {}
            if before.get("fingerprint") == entry["fingerprint"] and not entry["uid"]:
                entry["uid"] = str(before.get("uid") or "")
            known[key] = entry
            temporary = folder / f".{FILE}.{os.getpid()}"
            temporary.write_text(json.dumps({"version": 1, "clusters": known}, indent=1, sort_keys=True) + "\n")
            temporary.replace(folder / FILE)
    except (OSError, Timeout) as error:
        raise ClusterError(
            "SND-K8S-116",
            f"the identity of the cluster cannot be recorded in {folder}: {error}",
            hint="make the folder writable, or choose another: SINDRI_STATE_DIR=DIR",
        ) from error


def _load(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {}
    try:
        clusters = json.loads((folder / FILE).read_text())["clusters"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(
            "SND-K8S-116",
            f"{folder / FILE} cannot be read: {error}",
            hint="repair the file or move it away; without it, no cluster is known",
        ) from error
    return dict(clusters)
