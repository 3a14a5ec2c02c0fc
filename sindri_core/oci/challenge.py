"""``WWW-Authenticate``: how a registry wants to be told who asks. Source: RFC 9110, section 11."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word for a word
_SCHEME = re.compile(rf"\s*,*\s*({_TOKEN})(?:\s+|$)")
_PARAMETER = re.compile(rf'\s*,*\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way to prove who asks: ``scheme`` in lower case, with its parameters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse(header: str) -> tuple[Challenge, ...]:
    """Read all challenges of a header; what is not understood ends the list."""
    text, found = header[:LONGEST], list[Challenge]()
    at = 0
    while match := _SCHEME.match(text, at):
        at, parameters = match.end(), dict[str, str]()
        while part := _PARAMETER.match(text, at):
            value = part[3] if part[2] is None else re.sub(r"\\(.)", r"\1", part[2])
            parameters.setdefault(part[1].lower(), value)
            at = part.end()
        found.append(Challenge(scheme=match[1].lower(), parameters=parameters))
    return tuple(found)
