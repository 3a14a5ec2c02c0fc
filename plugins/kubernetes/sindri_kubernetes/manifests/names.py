"""How the objects of an environment are called and marked."""

from __future__ import annotations

from sindri_core.types import Body

ENV_UID = "sindri.dev/env-uid"
INVENTORY_LABEL = "sindri.dev/inventory"
MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
CONTAINER = "sindri"
HOME = "/alt/home/developer"
SSH_PORT = 2222


def home_claim(name: str) -> str:
    """Name the claim of the home volume."""
    return f"{name}-home-pvc"


def inventory(name: str) -> str:
    """Name the ConfigMap that lists the environment's objects."""
    return f"sindri-{name}"


def labels(name: str) -> dict[str, str]:
    """Return the labels that all objects of the environment carry."""
    return {
        "instance": name,
        "app.kubernetes.io/name": "sindri-env",
        INSTANCE: name,
        MANAGED_BY: "sindri",
        "app.kubernetes.io/part-of": "sindri",
    }


def metadata(body: Body) -> Body:
    """Return the metadata of an object, empty where it has none."""
    found = body.get("metadata")
    return found if isinstance(found, dict) else {}


def annotation(body: Body, key: str) -> str:
    """Return one annotation of an object, or nothing."""
    return str((metadata(body).get("annotations") or {}).get(key, ""))


def label(body: Body, key: str) -> str:
    """Return one label of an object, or nothing."""
    return str((metadata(body).get("labels") or {}).get(key, ""))
