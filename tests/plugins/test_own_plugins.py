"""The plugins of this repository pass the suite that every plugin should pass."""

from __future__ import annotations

from sindri_core.testing.contract import PluginContract


class TestKubernetes(PluginContract):
    """sindri-kubernetes keeps the promises of a plugin."""

    plugin_id = "kubernetes"


class TestKind(PluginContract):
    """sindri-kind keeps the promises of a plugin."""

    plugin_id = "kind"


class TestK3d(PluginContract):
    """sindri-k3d keeps the promises of a plugin."""

    plugin_id = "k3d"


class TestImageVerify(PluginContract):
    """sindri-image-verify keeps the promises of a plugin."""

    plugin_id = "image-verify"
