"""The inventory: a ConfigMap that lists what belongs to an environment, so that a cut-off run can be completed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sindri_core.types import Body
from sindri_kubernetes.manifests import names

VERSION = 1
KEY = "inventory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object. ``uid`` is empty until it was applied; ``intent`` is a SHA-256 of what was applied."""

    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    intent: str = ""

    @property
    def id(self) -> str:
        """How plans name it: ``Kind/name``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What is known about one environment. ``namespace_created`` is the namespace's UID when we made it."""

    name: str
    env_uid: str
    namespace_created: str = ""
    objects: tuple[Entry, ...] = ()
    intent: str = ""
    deployed_at: str = ""
    sindri_version: str = ""
    plugins: Mapping[str, str] = field(default_factory=dict)
    version: int = VERSION

    def entry(self, kind: str, name: str) -> Entry | None:
        """Find an object."""
        return next((entry for entry in self.objects if (entry.kind, entry.name) == (kind, name)), None)

    def differs(self, other: Inventory | None) -> bool:
        """Whether it says anything else than the other, apart from when."""
        return other is None or replace(self, deployed_at="") != replace(other, deployed_at="")


def parse(body: Body) -> Inventory | None:
    """Read the inventory out of its ConfigMap, or None when somebody damaged it."""
    try:
        data = json.loads((body.get("data") or {})[KEY])
        entries = tuple(Entry(**{k: str(v) for k, v in e.items() if k in _ENTRY}) for e in data["objects"])
        known = {key: value for key, value in data.items() if key in _INVENTORY}
        return Inventory(**known | {"objects": entries})
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def config_map(inventory: Inventory, namespace: str) -> dict[str, Any]:
    """Write the inventory as a ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.inventory(inventory.name),
            "namespace": namespace,
            "labels": names.labels(inventory.name) | {names.INVENTORY_LABEL: "true"},
            "annotations": {names.ENV_UID: inventory.env_uid},
        },
        "data": {KEY: json.dumps(asdict(inventory), sort_keys=True, ensure_ascii=False)},
    }


_ENTRY = frozenset(Entry.__dataclass_fields__)
_INVENTORY = frozenset(Inventory.__dataclass_fields__)
