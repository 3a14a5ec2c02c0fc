"""Regular expressions about identities: always of the whole text, and only what Go's engine understands the same."""

from __future__ import annotations

import re

FLAGS = re.ASCII
STRANGERS = ("", "x", "mallory@evil.example", "https://evil.example/a/b/.github/workflows/c.yml@refs/heads/d")
"""What a useful expression matches at most one of."""
_FORBIDDEN = re.compile(
    r"\\[1-9]|\\[gkZzGKRXCQEpPbB]|\(\?(?!:|i:)|[*+?}]\+|\\[AZz]",
    re.ASCII,
)
_LOOSE_DOT = re.compile(r"(?<!\\)\.(?=(?:com|org|net|io|dev|example)\b)", re.ASCII)


def problem(text: str) -> str:
    """Say why an expression cannot be used; empty when it can."""
    if _FORBIDDEN.search(text.replace(r"\\", "")):
        return "it uses what not every engine understands: only literals, ., [], (?:…), (?i:…), |, *, +, ?, {}, ^ and $"
    try:
        compiled = re.compile(text, FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        return f"it is no regular expression: {error}"
    if sum(compiled.fullmatch(stranger) is not None for stranger in STRANGERS) > 1:
        return "it matches everybody: say whose identity counts"
    return ""


def warning(text: str) -> str:
    """Say what is probably not meant; empty for nothing."""
    if _LOOSE_DOT.search(text):
        return r"a dot stands for any character: write \. in the name of a host"
    return ""


def matches(text: str, whole: str) -> bool:
    """Whether the expression matches all of a text."""
    return re.fullmatch(text, whole, FLAGS) is not None


def anchored(text: str) -> str:
    """The expression as cosign takes it, which would otherwise be satisfied by a part."""
    return rf"\A(?:{text})\z"
