"""The real kubectl as the judge: what it makes of kubeconfigs, and what we make of them, in the same shape."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import apiserver
import pytest

from sindri_kubernetes.kubeconfig import Access, entries
from sindri_kubernetes.kubeconfig.material import CA, CERTIFICATE, KEY, material

KNOWN = {*entries.CLUSTER, *entries.USER}


class Oracle:
    """One kubectl."""

    def __init__(self) -> None:
        path = f"{apiserver.tools()}{os.pathsep}{os.environ['PATH']}"
        found = shutil.which("kubectl", path=path)
        if found is None:
            reason = "the contract test needs kubectl on PATH"
            if os.environ.get("SINDRI_TEST_REQUIRE") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        self.program = found

    def run(
        self, environ: Mapping[str, str], *arguments: str, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it in an environment that holds nothing else."""
        return subprocess.run(
            [self.program, *arguments],
            env={"PATH": os.environ["PATH"], **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=cwd,
        )

    def view(self, environ: Mapping[str, str], context: str = "", cwd: Path | None = None) -> dict[str, Any] | None:
        """Return what kubectl would use, or None when it refuses."""
        wish = ["--context", context] if context else []
        done = self.run(environ, *wish, "config", "view", "--minify", "--raw", "--flatten", "-o", "json", cwd=cwd)
        if done.returncode:
            return None
        seen = json.loads(done.stdout)
        chosen = seen["contexts"][0]
        users = seen["users"] or [{"user": {}}]
        clusters = seen["clusters"] or [{"cluster": {}}]
        return {
            "context": chosen["name"],
            "namespace": chosen["context"].get("namespace") or "default",
            "cluster": comparable(clusters[0]["cluster"]),
            "user": comparable(users[0]["user"]),
        }


def ours(access: Access) -> dict[str, Any]:
    """Return what we would use, with files read as kubectl's ``--flatten`` does."""
    return {
        "context": access.context,
        "namespace": access.namespace,
        "cluster": comparable(_flat(access.cluster_entry, CA)),
        "user": comparable(_flat(access.user_entry, CERTIFICATE, KEY)),
    }


def comparable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what says nothing and what nobody knows, and say a default that kubectl writes out.

    ``--flatten`` leaves the paths of plugins and token files as they are written, unlike a request: other tests try
    that.
    """
    kept = {name: value for name, value in entry.items() if value and name in KNOWN}
    if extra := kept.get("as-user-extra"):
        kept["as-user-extra"] = {name: values or [] for name, values in extra.items()}
    if "server" in kept:
        kept["server"] = kept["server"].removeprefix("http://").rstrip("/")
    if plugin := kept.get("exec"):
        plugin = {name: value for name, value in plugin.items() if value}
        if "/" in plugin.get("command", ""):
            plugin["command"] = PurePath(plugin["command"]).name
        if plugin.get("apiVersion", "").endswith("beta1"):
            plugin.setdefault("interactiveMode", "IfAvailable")
        if variables := plugin.get("env"):
            plugin["env"] = [{"name": one["name"], "value": one.get("value") or ""} for one in variables]
        kept["exec"] = plugin
    if file := kept.get("tokenFile"):
        kept["tokenFile"] = PurePath(file).name
    return kept


def _flat(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    flat = dict(entry)
    for name in names:
        if content := material(entry, name, "test"):
            flat.pop(name, None)
            flat[f"{name}-data"] = base64.b64encode(content).decode()
    return flat
