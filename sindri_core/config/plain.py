"""What counts as plain data in a configuration, and how a mapping that was made in memory is taken over."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from sindri_core.errors import ConfigError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and positions."""
MOST_VALUES = 10_000
DEEPEST = 32
LONGEST_KEY = 256
BEYOND = 10**18
"""No number in a configuration has more digits; Python refuses to print one of thousands."""
CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML calls not printable: control characters and lone surrogates."""


def height(value: Any) -> int:
    """How many levels of mappings and lists the value is nested."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(height, inner), default=0)


def taken(data: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a mapping, so that later changes of it mean nothing. Raises ``ConfigError`` for other than plain data."""
    left = [MOST_VALUES]
    copied = {_key(key, ()): _copied(value, (str(key),), left) for key, value in data.items()}
    return dict(copied)


def _copied(value: Any, path: tuple[str, ...], left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise _broken(path, f"holds more than {MOST_VALUES} values")
    if len(path) > DEEPEST:
        raise _broken(path[:3], f"is nested deeper than {DEEPEST} levels")
    if isinstance(value, Mapping):
        return {_key(key, path): _copied(inner, (*path, str(key)), left) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(inner, (*path, str(index)), left) for index, inner in enumerate(value)]
    if isinstance(value, str):
        if CONTROL.search(value):
            raise _broken(path, "has a control character in it")
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _broken(path, f"is {value}, which is no amount")
    if isinstance(value, int) and abs(value) >= BEYOND:
        raise _broken(path, "is a number of more than 18 digits")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise _broken(path, f"is a {type(value).__name__}: only text, numbers, true, false, None, lists and mappings")


def _key(key: object, path: tuple[str, ...]) -> str:
    if isinstance(key, str) and key.isprintable() and len(key) <= LONGEST_KEY:
        return str(key)
    raise _broken((*path, repr(key)[:LONGEST_KEY]), f"a key is a printable text of at most {LONGEST_KEY} characters")


def _broken(path: tuple[str, ...], message: str) -> ConfigError:
    where = ".".join(path)
    return ConfigError("SND-CFG-003", f"{where}: {message}", hint="give plain data, as a sindri.yaml would hold it")
