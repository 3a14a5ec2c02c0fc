"""Whether the image runs on the nodes: the platforms of one against those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sindri_core.errors import ImageNotFound
from sindri_core.types import Issue, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sindri_core.types import ClusterCandidate, ResolvedImage


def mismatches(image: ResolvedImage, cluster: ClusterCandidate) -> list[Issue]:
    """Warn of nodes that cannot run the image. Raises ``ImageNotFound`` ``SND-IMG-016`` when none can.

    What is not known of either is no mismatch.
    """
    if not image.platforms or not cluster.platforms:
        return []
    lacking = [node for node in cluster.platforms if not _runs_on(image.platforms, node)]
    if not lacking:
        return []
    has, are = ", ".join(image.platforms), ", ".join(cluster.platforms)
    if len(lacking) == len(cluster.platforms):
        raise ImageNotFound(
            "SND-IMG-016",
            f"{image.deployed} is for {has}, and the nodes are {are}",
            hint=f"name an image that is built for {are}: deployment.image",
        )
    return [
        Issue(
            code="SND-IMG-016",
            severity=Severity.WARNING,
            path="deployment.image",
            message=f"{image.deployed} is for {has}: it cannot run on the nodes that are {', '.join(lacking)}",
            hint="build it for these nodes too",
        )
    ]


def _runs_on(platforms: Sequence[str], node: str) -> bool:
    """A node is named by system and architecture; a variant of the image (``linux/arm64/v8``) counts as it."""
    return any(platform == node or platform.startswith(f"{node}/") for platform in platforms)
