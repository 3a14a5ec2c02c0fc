"""Logins as docker and its helpers store them, with a secret that must turn up nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CANARY = "canary-51de90"
LOGIN = f"user:{CANARY}"


def encoded(login: str = LOGIN) -> str:
    """A login as ``docker login`` writes it."""
    return base64.b64encode(login.encode()).decode()


def auths(host: str, login: str = LOGIN) -> dict[str, Any]:
    """An entry as ``docker login`` writes it."""
    return {"auths": {host: {"auth": encoded(login)}}}


def docker(folder: Path, content: Mapping[str, Any]) -> dict[str, str]:
    """Write docker's configuration; return the environment in which it counts."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content))
    return {"DOCKER_CONFIG": str(folder), "HOME": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}


def helper(folder: Path, name: str, script: str) -> None:
    """Make a credential helper."""
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
