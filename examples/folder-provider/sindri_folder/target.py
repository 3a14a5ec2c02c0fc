"""The folder of one environment: ``Environment.json`` and ``Home.json`` as applied, ``stopped``, and ``home/``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sindri_core.errors import ClusterError, Foreign
from sindri_core.types import (
    Action,
    Applied,
    Change,
    Changes,
    Destination,
    FieldChange,
    Home,
    Kept,
    Manifest,
    Removal,
    State,
    Status,
)
from sindri_folder.manifests import OWNER

if TYPE_CHECKING:
    from sindri_core import Context


@dataclass
class FolderTarget:
    """One environment below ``root``. Only ``apply``, ``scale`` and ``remove`` write."""

    ctx: Context
    destination: Destination
    root: Path
    adopt: frozenset[str] = frozenset()
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.root / self.ctx.config.name

    def diff(self, manifests: Sequence[Manifest]) -> Changes:
        with _disk(f"reading {self.folder}"):
            items = tuple(self._change(manifest) for manifest in manifests)
        return Changes(items=items, identity=f"folder:{self.root}", data="The home folder is not touched.")

    def apply(self, manifests: Sequence[Manifest], changes: Changes) -> Applied:
        refused = [change for change in changes.items if change.action is Action.REFUSED]
        if refused:
            raise Foreign("FOLDER-003", refused[0].reason, hint=refused[0].hint)
        wanted = {manifest.id: manifest for manifest in manifests}
        todo = tuple(change for change in changes.items if change.action is not Action.SAME)
        with _disk(f"writing {self.folder}"):
            for change in todo:
                self.ctx.cancel.check()
                self._write(wanted[f"{change.kind}/{change.name}"])
        return Applied(written=todo, unchanged=len(changes.items) - len(todo))

    def observe(self) -> Status:
        with _disk(f"reading {self.folder}"):
            return self._status(self.folder)

    def await_change(self, seconds: float) -> None:
        self.ctx.cancel.wait(min(seconds, 0.2))

    def scale(self, replicas: int) -> bool:
        if not self._file("Environment").exists():
            name = self.ctx.config.name
            raise ClusterError("FOLDER-004", f"there is no environment {name} in {self.root}", hint="sindri deploy")
        stopped = self.folder / "stopped"
        if stopped.exists() is (replicas == 0):
            return False
        with _disk(f"writing {stopped}"):
            if replicas:
                stopped.unlink()
            else:
                stopped.touch()
        return True

    def remove(self, *, delete_data: bool, dry_run: bool) -> Removal:
        removed: list[str] = []
        kept: list[Kept] = []
        with _disk(f"removing {self.folder}"):
            if self._owned("Environment"):
                removed.append(f"Environment/{self.folder.name}")
            if self._owned("Home") and delete_data:
                removed.append(f"Home/{self.folder.name}")
            elif self._owned("Home"):
                kept.append(Kept(object=f"Home/{self.folder.name}", reason="it is data", hint="--delete-data"))
            if not dry_run:
                self._remove([name.partition("/")[0] for name in removed])
            left = {path.name for path in _entries(self.folder)} - {"Home.json", "home", "Environment.json", "stopped"}
            kept += [Kept(object=str(self.folder / name), reason="sindri did not make it") for name in sorted(left)]
        return Removal(removed=tuple(removed), kept=tuple(kept))

    def environments(self) -> Sequence[Status]:
        with _disk(f"reading {self.root}"):
            return [self._status(folder) for folder in _entries(self.root) if (folder / "Environment.json").exists()]

    def close(self) -> None:
        """Nothing is held open."""

    def _file(self, kind: str) -> Path:
        return self.folder / f"{kind}.json"

    def _owned(self, kind: str) -> bool:
        body = _read(self._file(kind))
        return body is not None and _owner(body) == OWNER

    def _change(self, manifest: Manifest) -> Change:
        file = self._file(manifest.kind)
        change = Change(action=Action.CREATE, kind=manifest.kind, name=manifest.name)
        live = _read(file)
        if live is None:
            return change
        change = replace(change, version=sha256(file.read_bytes()).hexdigest())
        if _owner(live) != OWNER and not {manifest.id, "all"} & self.adopt:
            return replace(
                change,
                action=Action.REFUSED,
                error="FOLDER-003",
                reason=f"{file} exists and is not ours",
                hint=f"sindri deploy --adopt {manifest.id}   takes it over",
            )
        if live == manifest.body:
            return replace(change, action=Action.SAME)
        keys = sorted({*live, *manifest.body})
        fields = tuple(
            FieldChange(path=key, before=live.get(key), after=manifest.body.get(key))
            for key in keys
            if live.get(key) != manifest.body.get(key)
        )
        return replace(change, action=Action.CHANGE, fields=fields, restarts=manifest.kind == "Environment")

    def _write(self, manifest: Manifest) -> None:
        """Replace the file in one step, so that a run cut at any point is completed by the next."""
        if manifest.kind == "Home":
            (self.folder / "home").mkdir(parents=True, exist_ok=True)
        file = self._file(manifest.kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(manifest.body, indent=2, ensure_ascii=False), encoding="utf-8")
        part.replace(file)

    def _remove(self, kinds: Sequence[str]) -> None:
        if "Home" in kinds:
            shutil.rmtree(self.folder / "home", ignore_errors=False)
        if "Environment" in kinds:
            (self.folder / "stopped").unlink(missing_ok=True)
        for kind in kinds:
            self._file(kind).unlink()
        if self.folder.is_dir() and not _entries(self.folder):
            self.folder.rmdir()

    def _status(self, folder: Path) -> Status:
        body = _read(folder / "Environment.json")
        home = _read(folder / "Home.json")
        status = Status(name=folder.name, state=State.NOT_DEPLOYED, destination=self.destination)
        if home is not None:
            status = replace(status, home=Home(name=folder.name, phase="Bound", size=str(home.get("size", ""))))
        if body is None:
            return status
        changed = datetime.fromtimestamp((folder / "Environment.json").stat().st_mtime, UTC)
        return replace(
            status,
            state=State.STOPPED if (folder / "stopped").exists() else State.RUNNING,
            image=str(body.get("image", "")),
            instance=str(folder),
            last_deploy=changed.isoformat(timespec="seconds"),
        )


def _read(file: Path) -> dict[str, Any] | None:
    """Read an object as it was applied; one that is no object of ours has no owner, and None is none."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _owner(body: Mapping[str, Any]) -> object:
    metadata = body.get("metadata")
    return metadata.get("owner") if isinstance(metadata, Mapping) else None


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _disk(doing: str) -> Iterator[None]:
    """Turn what the disk says into an error that people can act on."""
    try:
        yield
    except OSError as error:
        raise ClusterError(
            "FOLDER-002", f"{doing} failed: {error.strerror or error}", hint="check the folder's permissions and space"
        ) from error
