"""What is there of an environment: its namespace, its inventory, its objects, and the mark that they carry."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sindri_core.errors import Forbidden
from sindri_core.types import Body
from sindri_kubernetes import inventory, ownership, resources
from sindri_kubernetes.manifests import names
from sindri_kubernetes.manifests.names import annotation, label, metadata

if TYPE_CHECKING:
    from sindri_kubernetes.api import Api
    from sindri_kubernetes.inventory import Inventory

PARALLEL = 6
Id: TypeAlias = tuple[str, str, str]
"""Kind, name and namespace of an object; no namespace for an object of the whole cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The live objects by id, None where there is none. ``hidden``: the namespace itself may not be read."""

    where: str
    namespace: Body | None
    hidden: bool
    inventory: Body | None
    recorded: Inventory | None
    objects: dict[Id, Body | None]
    env_uid: str

    @property
    def exists(self) -> bool:
        """Whether the namespace is there, or may be."""
        return self.namespace is not None or self.hidden

    @property
    def created(self) -> str:
        """The namespace's UID if it was made for this environment, else nothing."""
        if self.namespace is None:
            return ""
        uid = str(metadata(self.namespace)["uid"])
        if self.recorded and self.recorded.namespace_created:
            return uid if self.recorded.namespace_created == uid else ""
        return uid if self.env_uid and annotation(self.namespace, names.ENV_UID) == self.env_uid else ""


def usual(name: str, where: str) -> tuple[Id, ...]:
    """Name the objects that every environment has, for when nothing is recorded."""
    return (
        ("PersistentVolumeClaim", names.home_claim(name), where),
        ("Deployment", name, where),
        ("Service", name, where),
        ("ServiceAccount", name, where),
    )


def look(api: Api, where: str, name: str, ids: Iterable[Id]) -> Seen:
    """Read everything at once, and the rest of what is recorded after it."""
    wanted = dict.fromkeys((*ids, *usual(name, where)))
    kept = ("ConfigMap", names.inventory(name), where)
    with ThreadPoolExecutor(PARALLEL) as pool:
        space = pool.submit(_namespace, api, where)
        found = dict(zip((kept, *wanted), pool.map(lambda i: _get(api, i), (kept, *wanted)), strict=True))
        namespace, hidden = space.result()
        config_map = found.pop(kept)
        ours = config_map is not None and label(config_map, names.MANAGED_BY) == "sindri"
        recorded = inventory.parse(config_map) if ours and config_map else None
        if recorded and recorded.name != name:
            recorded = None
        more = [(e.kind, e.name, e.namespace) for e in recorded.objects] if recorded else []
        more = [i for i in more if i not in found]
        found |= dict(zip(more, pool.map(lambda i: _get(api, i), more), strict=True))
    marks = (config_map if ours else None, *found.values(), namespace)
    return Seen(
        where=where,
        namespace=namespace,
        hidden=hidden,
        inventory=config_map,
        recorded=recorded,
        objects=found,
        env_uid=recorded.env_uid if recorded else ownership.env_uid_of(marks, name),
    )


def _get(api: Api, wanted: Id) -> Body | None:
    kind, name, where = wanted
    return api.get(resources.path(kind, name, where))


def _namespace(api: Api, where: str) -> tuple[Body | None, bool]:
    try:
        return api.get(resources.path("Namespace", where)), False
    except Forbidden:
        return None, True
