"""Several kubeconfig files as one, by kubectl's rules: the first file that says something about a name is right.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ . Relative paths are
relative to the file that holds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sindri_core.errors import ClusterError

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
LARGEST = 4 * 1024 * 1024


@dataclass(slots=True)
class Merged:
    """The entries of all files by name."""

    current: str = ""
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def files_of(environ: Mapping[str, str]) -> list[Path]:
    """The files to read: those of ``KUBECONFIG``, else ``~/.kube/config``."""
    named = environ.get("KUBECONFIG", "")
    if named:
        unique = dict.fromkeys(part for part in named.split(":") if part)
        return [Path(part) for part in unique]
    home = environ.get("HOME", "")
    return [Path(home) / ".kube" / "config"] if home else []


def merge(files: Sequence[Path]) -> Merged:
    """Read the files that exist. Raises ``ClusterError`` ``SND-K8S-005`` for one that is broken."""
    merged = Merged()
    for file in files:
        content = _read(file)
        if content is None:
            continue
        merged.files.append(file)
        merged.current = merged.current or str(content.get("current-context") or "")
        for key, entries, inner in (
            ("clusters", merged.clusters, "cluster"),
            ("users", merged.users, "user"),
            ("contexts", merged.contexts, "context"),
        ):
            for name, entry in _named(content.get(key), inner, file):
                entries.setdefault(name, _absolute(entry, file.parent))
    return merged


def _read(file: Path) -> dict[str, Any] | None:
    import yaml

    try:
        if file.stat().st_size > LARGEST:
            raise _broken(file, "it is larger than 4 MiB")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(file, str(error)) from None
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise _broken(file, f"{where}{getattr(error, 'problem', None) or 'this is not YAML'}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _broken(file, "it is not a mapping")
    return content


def _named(entries: Any, inner: str, file: Path) -> list[tuple[str, dict[str, Any]]]:
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _broken(file, f"{inner}s is not a list of entries")
    return [(str(entry.get("name", "")), dict(entry.get(inner) or {})) for entry in entries]


def _absolute(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {
        key: str(folder / value) if key in _PATHS and isinstance(value, str) and value else value
        for key, value in entry.items()
    }


def _broken(file: Path, what: str) -> ClusterError:
    return ClusterError(
        "SND-K8S-005",
        f"the kubeconfig {file} cannot be used: {what}",
        hint=f"kubectl --kubeconfig {file} config view   shows what kubectl makes of it",
    )
