"""``providers.kubernetes`` as values: what the section means once the core has validated it.

The pydantic models that read it are in ``sindri_kubernetes.models``; nothing else needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sindri_core.context import Context

SECTION = "providers.kubernetes"


class KubernetesSettings(NamedTuple):
    """Where in Kubernetes the environment goes, and how it runs there. Empty texts mean the cluster's own choice.

    ``tolerations`` have the keys of the API, without those that say nothing. ``pinned_uid`` and ``pinned_server``
    name the one cluster that is meant.
    """

    namespace: str = ""
    context: str = ""
    storage_class: str | None = None
    secrets: tuple[str, ...] = ()
    restricted: bool = False
    tolerations: tuple[dict[str, str], ...] = ()
    pinned_uid: str = ""
    pinned_server: str = ""

    @classmethod
    def of(cls, ctx: Context) -> KubernetesSettings:
        """Take them from the run."""
        return cls.read(ctx.section(SECTION))

    @classmethod
    def read(cls, section: Mapping[str, Any]) -> KubernetesSettings:
        """Take them from the validated section."""
        return cls(
            namespace=section["namespace"] or "",
            context=section["context"],
            storage_class=section["storageClass"],
            secrets=tuple(section["secrets"]),
            restricted=section["security"]["profile"] == "restricted",
            tolerations=tuple({key: text for key, text in one.items() if text} for one in section["tolerations"]),
            pinned_uid=section["cluster"]["uid"],
            pinned_server=section["cluster"]["server"],
        )
