"""Quotas: how much is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_kubernetes.testing import admission

if TYPE_CHECKING:
    from sindri_kubernetes.testing.controllers.scene import Scene


def report(scene: Scene) -> None:
    """Write the status of every quota."""
    for quota in scene.store.list("ResourceQuota"):
        hard = quota["spec"].get("hard", {})
        used = admission.used_in(scene.store, quota["metadata"]["namespace"], hard)
        quota["status"] = {"hard": hard, "used": used}
        scene.store.update(quota, subresource="status")
