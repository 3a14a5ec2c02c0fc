"""Several kubeconfig files as one, by kubectl's rules: the first file that says something about a name is right.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ . Relative paths are
relative to the file that holds them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError
from sindri_kubernetes.kubeconfig import entries

if TYPE_CHECKING:
    from sindri_kubernetes.kubeconfig.entries import Check

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
LARGEST = 4 * 1024 * 1024


@dataclass(slots=True)
class Merged:
    """The entries of all files by name. ``files`` are those that exist."""

    current: str = ""
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def files_of(environ: Mapping[str, str]) -> list[Path]:
    """The files to read: those of ``KUBECONFIG``, else ``~/.kube/config``."""
    named = environ.get("KUBECONFIG", "")
    if named:
        unique = dict.fromkeys(part for part in named.split(os.pathsep) if part)
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
        current = content.get("current-context")
        if current is not None and not entries.text(current):
            raise _broken(file, f"current-context is not {entries.WANTED[entries.text]}")
        merged.current = merged.current or current or ""
        for kind, into, fields in (
            ("cluster", merged.clusters, entries.CLUSTER),
            ("user", merged.users, entries.USER),
            ("context", merged.contexts, entries.CONTEXT),
        ):
            for name, entry in _named(content.get(f"{kind}s"), kind, fields, file):
                into.setdefault(name, _located(entry, file.parent.absolute()))
    return merged


def _read(file: Path) -> dict[str, Any] | None:
    import yaml

    try:
        if file.stat().st_size > LARGEST:
            raise _broken(file, "it is larger than 4 MiB")
        written = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _broken(file, getattr(error, "strerror", None) or str(error)) from None
    try:
        content = next(yaml.load_all(written, Loader=_loader()), None)
    except yaml.reader.ReaderError as error:
        raise _broken(file, f"it is not a text: {error.reason}") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise _broken(file, f"{where}{getattr(error, 'problem', None) or 'this is not YAML'}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _broken(file, "it is not a mapping")
    if (content.get("kind") or "Config", content.get("apiVersion") or "v1") != ("Config", "v1"):
        raise _broken(file, "its kind is not Config of v1")
    return content


def _loader() -> Any:
    """A safe loader that, as kubectl's, knows no dates: a context may be called 2026-01-31."""
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    known = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return type("Loader", (base,), {"yaml_implicit_resolvers": known})


def _named(listed: Any, kind: str, fields: Mapping[str, Check], file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if listed is None:
        return
    if not isinstance(listed, list):
        raise _broken(file, f"{kind}s is not a list")
    seen: set[str] = set()
    for number, item in enumerate(listed):
        where = f"{kind}s[{number}]"
        if not isinstance(item, dict):
            raise _broken(file, f"{where} is not a mapping")
        name, entry = item.get("name"), item.get(kind)
        if name is not None and not entries.text(name):
            raise _broken(file, f"{where}.name is not {entries.WANTED[entries.text]}")
        if (name or "") in seen:
            raise _broken(file, f"{kind}s has two entries with the name {name!r}")
        seen.add(name or "")
        if entry is not None and not isinstance(entry, dict):
            raise _broken(file, f"{where}.{kind} is not a mapping")
        if problem := entries.wrong(entry or {}, fields):
            raise _broken(file, f"{where}.{kind}.{problem}")
        yield name or "", {key: value for key, value in (entry or {}).items() if value is not None}


def _located(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the paths of an entry absolute; a plugin's command only where it is a path and no name."""
    located = dict(entry)
    for key in _PATHS:
        if located.get(key):
            located[key] = _absolute(located[key], folder)
    plugin = located.get("exec")
    if plugin and "/" in str(plugin.get("command") or ""):
        located["exec"] = {**plugin, "command": _absolute(plugin["command"], folder)}
    return located


def _absolute(path: str, folder: Path) -> str:
    """Join and tidy a relative path; an absolute one stays as it is, for ``..`` after a link means another folder."""
    return path if Path(path).is_absolute() else os.path.normpath(folder / path)


def _broken(file: Path, what: str) -> ClusterError:
    return ClusterError(
        "SND-K8S-005",
        f"the kubeconfig {file} cannot be used: {what}",
        hint=f"kubectl --kubeconfig {file} config view   shows what kubectl makes of it",
    )
