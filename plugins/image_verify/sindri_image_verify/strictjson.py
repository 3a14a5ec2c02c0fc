"""JSON of strangers, taken apart so that it can mean one thing only. Everything raises ``ValueError``.

As in the JSON form of protocol buffers a member that is null is one that is absent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from sindri_core.oci.documents import strict_json


def mapping(content: bytes, name: str) -> Mapping[str, Any]:
    """Read a document that is a mapping in which no key stands twice."""
    try:
        data = strict_json(content)
    except RecursionError:
        raise ValueError(f"the {name} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the {name} is not strict JSON: {error}") from None
    return within(data, name)


def within(data: Any, name: str) -> Mapping[str, Any]:
    """Take a value for a mapping."""
    if not isinstance(data, dict):
        raise ValueError(f"{name} is no mapping")
    return data


def part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Take a member for a mapping; one that is absent is empty."""
    value = data.get(key)
    return {} if value is None else within(value, key)


def text(data: Mapping[str, Any], key: str) -> str:
    """Take a member for a text; one that is absent is empty."""
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def listed(data: Mapping[str, Any], key: str, most: int) -> Sequence[Any]:
    """Take a member for a list of at most ``most``; one that is absent is empty."""
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{key} is no list of at most {most}")
    return value


def only(data: Mapping[str, Any], allowed: set[str], name: str) -> None:
    """Refuse members that nobody knows, which another reader might understand."""
    if unknown := sorted(data.keys() - allowed):
        raise ValueError(f"the {name} has the unknown member {unknown[0][:80]!r}")


def decoded(value: str, name: str) -> bytes:
    """Decode base64 that is written in the one canonical way, and not empty."""
    try:
        content = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise ValueError(f"{name} is not base64") from None
    if not content or base64.b64encode(content).decode() != value:
        raise ValueError(f"{name} is empty or not canonical base64")
    return content
