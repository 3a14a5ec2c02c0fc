"""Every image that the objects can run: in pods, in whatever holds a pod template, and mounted as a volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sindri_core.types import ImageUse, Manifest

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def find_images(manifests: Sequence[Manifest]) -> tuple[ImageUse, ...]:
    """List the image references with the JSON pointers to them."""
    return tuple(
        ImageUse(manifest=manifest.id, path=pointer, reference=reference)
        for manifest in manifests
        for pointer, reference in _in(manifest.body, "")
    )


def _in(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Find pod specs at any depth: also those in kinds that we have never heard of."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            here = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key in CONTAINERS and isinstance(child, list):
                yield from _named(child, here, ("image",))
            if key == "volumes" and isinstance(child, list):
                yield from _named(child, here, ("image", "reference"))
            yield from _in(child, here)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _in(child, f"{pointer}/{index}")


def _named(items: list[Any], pointer: str, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for index, item in enumerate(items):
        at: Any = item
        for key in keys:
            at = at.get(key) if isinstance(at, Mapping) else None
        if isinstance(at, str):
            yield f"{pointer}/{index}/{'/'.join(keys)}", at
