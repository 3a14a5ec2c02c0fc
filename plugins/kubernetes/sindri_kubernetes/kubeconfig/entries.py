"""What may stand in a kubeconfig, so that a wrong type is refused and not guessed.

kubectl refuses ``token: 0123`` and ``insecure-skip-tls-verify: "false"`` too. Fields that are not listed are left
alone, as kubectl leaves them. Messages name the field, never its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]


def text(value: Any) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def texts(value: Any) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def mapping(value: Any) -> bool:
    """Whether it is a mapping."""
    return isinstance(value, dict)


def variables(value: Any) -> bool:
    """Whether it is a list of names with values."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("value") or "", str)
        for item in value
    )


def lists_of_texts(value: Any) -> bool:
    """Whether it maps names to lists of texts."""
    return isinstance(value, dict) and all(isinstance(key, str) and texts(item) for key, item in value.items())


WANTED: Mapping[Check, str] = {
    text: "a text (put it in quotes)",
    flag: "true or false",
    texts: "a list of texts",
    mapping: "a mapping",
    variables: "a list of entries with a name and a value",
    lists_of_texts: "a mapping of names to lists of texts",
}
CLUSTER: Mapping[str, Check] = {
    "server": text,
    "certificate-authority": text,
    "certificate-authority-data": text,
    "insecure-skip-tls-verify": flag,
    "tls-server-name": text,
    "proxy-url": text,
    "disable-compression": flag,
}
USER: Mapping[str, Check] = {
    "client-certificate": text,
    "client-certificate-data": text,
    "client-key": text,
    "client-key-data": text,
    "token": text,
    "tokenFile": text,
    "username": text,
    "password": text,
    "as": text,
    "as-uid": text,
    "as-groups": texts,
    "as-user-extra": lists_of_texts,
    "auth-provider": mapping,
    "exec": mapping,
}
CONTEXT: Mapping[str, Check] = {"cluster": text, "user": text, "namespace": text}
EXEC: Mapping[str, Check] = {
    "command": text,
    "args": texts,
    "env": variables,
    "apiVersion": text,
    "installHint": text,
    "interactiveMode": text,
    "provideClusterInfo": flag,
}


def wrong(entry: Mapping[str, Any], fields: Mapping[str, Check]) -> str:
    """Say which field has the wrong type; empty when none has."""
    for name, check in fields.items():
        value = entry.get(name)
        if value is not None and not check(value):
            return f"{name} is not {WANTED[check]}"
    if fields is USER and isinstance(entry.get("exec"), dict):
        inner = wrong(entry["exec"], EXEC)
        return inner and f"exec.{inner}"
    return ""
