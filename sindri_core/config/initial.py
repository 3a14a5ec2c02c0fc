"""The first sindri.yaml of a project."""

from __future__ import annotations


def initial_document(name: str, provider: str, image: str = "") -> str:
    """Return a small commented configuration. ``image`` is left as a comment when it is empty."""
    written = f"  image: {image}" if image else "  # image: ghcr.io/my-org/sindri:v1.0.0   (default: sindri:latest)"
    section = f"\nproviders:\n  {provider}:\n    namespace: {name}\n" if provider == "kubernetes" else ""
    return (
        'version: "1.0"\n'
        f"name: {name}\n"
        "\n"
        "deployment:\n"
        f"  provider: {provider}\n"
        f"{written}\n"
        "  resources:\n"
        "    memory: 2GB\n"
        "    cpus: 1\n"
        "  volumes:\n"
        "    workspace:\n"
        "      size: 10Gi\n"
        f"{section}"
    )
