"""Scratch virtual environments with real wheels in them, as somebody else's machine has them.

Only the distributions that take part are built and installed; what they need from elsewhere is linked from the
environment that runs the tests, without anything of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
OURS = {
    "sindri-core": ROOT,
    "sindri-kubernetes": ROOT / "plugins/kubernetes",
    "sindri-kind": ROOT / "plugins/kind",
    "sindri-k3d": ROOT / "plugins/k3d",
    "sindri-image-verify": ROOT / "plugins/image_verify",
    "sindri-folder": ROOT / "examples/folder-provider",
}

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "{version}"
[project.entry-points."sindri.plugins"]
{id} = "{module}:plugin"
[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    """A virtual environment and a folder to work in."""

    folder: Path
    work: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    def run(self, *command: str, environ: Mapping[str, str] | None = None) -> Done:
        """Run a command of the environment with an empty home."""
        given = {"PATH": f"{self.folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(self.work / "home")}
        done = subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            cwd=self.work,
            env=given | dict(environ or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def sindri(self, *arguments: str, **environ: str) -> Done:
        """Run sindri."""
        return self.run("sindri", *arguments, environ=environ)

    def configure(self, document: Mapping[str, Any]) -> None:
        """Write sindri.yaml."""
        (self.work / "sindri.yaml").write_text(yaml.safe_dump(dict(document)), encoding="utf-8")


def third_party(folder: Path, name: str, plugin_id: str, source: str, *, version: str = "0.3.1") -> Path:
    """Write the project of a distribution of one module; give its folder."""
    module = name.replace("-", "_")
    project = folder / name
    project.mkdir(parents=True)
    text = PROJECT.format(name=name, version=version, id=plugin_id, module=module)
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    (project / f"{module}.py").write_text(source, encoding="utf-8")
    return project


def build(project: Path, into: Path) -> Path:
    """Build a wheel; give its file."""
    _checked(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into), cwd=project)
    return next(into.glob("*.whl"))


def create(folder: Path, wheels: Sequence[Path]) -> None:
    """Make a virtual environment with exactly these wheels, and what they depend on."""
    _checked(sys.executable, "-m", "venv", "--without-pip", str(folder))
    others = folder / "others"
    others.mkdir()
    for kind in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(kind).iterdir():
            if entry.suffix != ".pth" and "sindri" not in entry.name and not (others / entry.name).exists():
                (others / entry.name).symlink_to(entry)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "others.pth").write_text(f"{others}\n", encoding="utf-8")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--python",
        str(folder / "bin/python"),
    ]
    _checked(*pip, "install", "--no-index", "--no-deps", *map(str, wheels))


def _checked(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
