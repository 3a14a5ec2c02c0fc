"""Keys of the earlier program that mean nothing here, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RETIRED: Mapping[tuple[str, ...], str] = {
    ("secrets",): "make a Secret and name it: providers.kubernetes.secrets: [my-secret]",
    ("providers", "docker"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "docker-compose"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "fly"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "devpod"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "e2b"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "runpod"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "northflank"): "this program deploys by plugins; sindri plugins list shows which are there",
    ("providers", "kubernetes", "ingress"): "forward a port instead: kubectl port-forward service/NAME 2222",
}
