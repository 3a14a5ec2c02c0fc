"""Each thing is asked once in a run, however many threads want to know it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Answers by key. The first who asks finds out, the others wait; what it raised is raised to all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Hashable, _Answer] = {}

    def get(self, key: Hashable, find_out: Callable[[], Value]) -> Value:
        """Return the answer of the first ``find_out`` for this key, or raise what it raised."""
        with self._lock:
            answer = self._known.setdefault(key, _Answer())
        with answer.lock:
            if not answer.known:
                try:
                    answer.value = find_out()
                except Exception as error:  # noqa: BLE001 - it is raised again, to all who ask
                    answer.error = error
                answer.known = True
        if answer.error is not None:
            raise answer.error
        value: Value = answer.value
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Make an answer known that was found in passing."""
        with self._lock:
            answer = self._known.setdefault(key, _Answer())
        with answer.lock:
            if not answer.known:
                answer.value, answer.known = value, True


class _Answer:
    """What is known for one key; the lock is held while somebody finds out."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known = False
        self.value: Any = None
        self.error: Exception | None = None
