"""The objects of the simulated cluster, their history for watchers, and the clock."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sindri_kubernetes.testing import managed_fields, schema
from sindri_kubernetes.testing.managed_fields import Entry

Body = dict[str, Any]
Address = tuple[str, str, str]
"""Kind, namespace (empty where there is none), name."""


def timestamp() -> str:
    """Write the present as the API does."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def address(body: Body) -> Address:
    """Say where an object is kept."""
    metadata = body["metadata"]
    return (body["kind"], metadata.get("namespace", ""), metadata["name"])


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the history: ``ADDED``, ``MODIFIED`` or ``DELETED``, and the object as it was then."""

    version: int
    type: str
    kind: str
    body: Body


@dataclass(slots=True)
class Store:
    """All objects under one lock. What goes in and comes out is a copy."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    moved: threading.Condition = field(init=False)
    version: int = 0
    history: list[Change] = field(default_factory=list)
    closed: bool = False
    _objects: dict[Address, Body] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.moved = threading.Condition(self.lock)

    def get(self, kind: str, namespace: str, name: str) -> Body | None:
        """Return an object, or None."""
        with self.lock:
            return copy.deepcopy(self._objects.get((kind, namespace, name)))

    def list(self, kind: str, namespace: str = "") -> list[Body]:
        """Return the objects of a kind in one namespace, or in all, in the order of their addresses."""
        with self.lock:
            found = [key for key in self._objects if key[0] == kind and namespace in {"", key[1]}]
            return [copy.deepcopy(self._objects[key]) for key in sorted(found)]

    def everything(self, namespace: str = "") -> Iterator[Body]:
        """Return all objects, or those in one namespace."""
        with self.lock:
            found = [body for key, body in self._objects.items() if namespace in {"", key[1]}]
            return iter(copy.deepcopy(found))

    def add(self, body: Body) -> Body:
        """Keep a new object: it gets its uid, its creation time and its version."""
        with self.lock:
            metadata = body["metadata"]
            metadata["uid"] = str(uuid.uuid4())
            metadata["creationTimestamp"] = timestamp()
            self._keep(body, "ADDED")
            return copy.deepcopy(body)

    def replace(self, body: Body) -> Body:
        """Keep an object's new state; the same state again is no change and gets no version."""
        with self.lock:
            if self._objects.get(address(body)) != body:
                self._keep(body, "MODIFIED")
            return copy.deepcopy(self._objects[address(body)])

    def remove(self, body: Body) -> None:
        """Drop an object."""
        with self.lock:
            gone = self._objects.pop(address(body), None)
            if gone is not None:
                self._note("DELETED", copy.deepcopy(gone))

    def update(self, body: Body, manager: str = "kube-controller-manager", subresource: str = "") -> Body:
        """Keep what a controller wrote, with the account of who owns the fields."""
        with self.lock:
            before = self._objects[address(body)]
            if before == body:
                return copy.deepcopy(before)
            claim(before, body, manager, subresource)
            return self.replace(body)

    def wait(self, seconds: float, seen: int) -> None:
        """Wait until there is something newer than the version ``seen``."""
        with self.moved:
            self.moved.wait_for(lambda: self.closed or self.version > seen, timeout=seconds)

    def close(self) -> None:
        """Let everybody go who waits."""
        with self.moved:
            self.closed = True
            self.moved.notify_all()

    def _keep(self, body: Body, change: str) -> None:
        self._objects[address(body)] = copy.deepcopy(body)
        self._note(change, self._objects[address(body)])
        body["metadata"]["resourceVersion"] = str(self.version)

    def _note(self, change: str, body: Body) -> None:
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        self.history.append(Change(self.version, change, body["kind"], copy.deepcopy(body)))
        self.moved.notify_all()


def claim(before: Body, after: Body, manager: str, subresource: str = "") -> None:
    """Write into ``after`` who owns its fields now that the manager has updated it."""
    spec = schema.of_kind(after["kind"])
    touched, gone = managed_fields.changed(before, after, spec)
    version = "autoscaling/v1" if subresource == "scale" else after["apiVersion"]
    writer = Entry(manager, "Update", version, frozenset(), subresource, timestamp())
    entries = managed_fields.parse(after["metadata"].get("managedFields", []))
    after["metadata"]["managedFields"] = managed_fields.write(managed_fields.updated(entries, writer, touched, gone))


def monotonic() -> float:
    """The clock that delays are counted by."""
    return time.monotonic()
