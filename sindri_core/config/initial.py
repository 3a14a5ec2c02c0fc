"""The first sindri.yaml of a project."""

from __future__ import annotations

import json
import re

from sindri_core.config.document import Document


def initial_document(name: str, provider: str, image: str = "") -> str:
    """Return a small commented configuration. ``image`` is left as a comment when it is empty.

    Raises ``ConfigError`` when one of the three could not stand in a configuration.
    """
    from sindri_core.config.validation import validate

    validate(Document(data={"name": name, "deployment": {"provider": provider, "image": image}}), (), name=name)
    written = f"  image: {image}" if image else "  # image: ghcr.io/my-org/sindri:v1.0.0   (default: sindri:latest)"
    section = f"\nproviders:\n  {provider}:\n    namespace: {_namespace(name)}\n" if provider == "kubernetes" else ""
    return (
        'version: "1.0"\n'
        f"name: {_scalar(name)}\n"
        "\n"
        "deployment:\n"
        f"  provider: {_scalar(provider)}\n"
        f"{written}\n"
        "  resources:\n"
        "    memory: 2GB\n"
        "    cpus: 1\n"
        "  volumes:\n"
        "    workspace:\n"
        "      size: 10Gi\n"
        f"{section}"
    )


def _scalar(word: str) -> str:
    """Quote a word that some readers of YAML take for something else."""
    return json.dumps(word) if word in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"} else word


def _namespace(name: str) -> str:
    """Name the namespace as the environment, unless the cluster keeps such names for itself."""
    return f"dev-{name}" if re.match(r"(kube|openshift)(-|$)", name) else _scalar(name)
