r"""Regular expressions that mean the same to Python and to cosign (RE2), and always all of a text.

Both engines get the expression between ``\A(?:`` and ``)\z``. Source: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_GROUP = re.compile(r"\(\?(?::|i\)|i:|P<[A-Za-z_][A-Za-z0-9_]*>)")
_ESCAPE = re.compile(r"\\(?:[dDwWsSbBA]|[^\w\s]|[nrt]|x[0-9A-Fa-f]{2})", re.ASCII)
_REPEAT = re.compile(r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??")
_CLASS = re.compile(r"\[\^?\]?(?:\\(?:[dDwWsS]|[^\w\s]|[nrt])|[^\]\\\[])*\]", re.ASCII)
_SET_OPERATION = re.compile(r"--|&&|\|\||~~")
_PLAIN_DOT = re.compile(r"(?<!\\)(?:[a-z0-9-]{2,})\.(?:[a-z]{2,})", re.IGNORECASE)
_STRANGERS = (
    "x",
    "somebody@7d1f.invalid",
    "https://7d1f.invalid",
    "https://7d1f.invalid/nobody/nothing/.github/workflows/any.yml@refs/heads/any",
)


def compiled(text: str) -> re.Pattern[str]:
    """Compile an expression for ``fullmatch``. Raises ``ValueError`` for one that the engines read differently."""
    _require_common(text)
    try:
        pattern = re.compile(text, re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"it is no regular expression: {error}") from None
    if stranger := next((s for s in _STRANGERS if pattern.fullmatch(s)), ""):
        raise ValueError(f"it matches anybody, for example {stranger}")
    return pattern


def anchored(text: str) -> str:
    """Write the expression for cosign, which would otherwise look for it anywhere in a text."""
    return rf"\A(?:{text})\z"


def unescaped(text: str) -> str:
    r"""Find a part that looks like a host name whose dot stands for any character; empty where there is none."""
    bare = re.sub(r"\[[^\]]*\]|\(\?[^:)]*[:)]", " ", text)
    found = _PLAIN_DOT.search(bare)
    return found.group() if found else ""


def _require_common(text: str) -> None:
    """Walk over the expression and refuse what RE2 does not have or reads in another way."""
    opened: list[bool] = []
    looping = False  # whether the group at hand repeats something without a limit
    for part, repeat in _parts(text):
        endless = repeat.startswith(("*", "+")) or repeat.rstrip("?").endswith(",}")
        if part == "(?i)":
            continue
        if part.startswith("("):
            opened.append(looping)
            looping = False
        elif part == ")":
            if not opened:
                raise ValueError("it closes a group that is not open")
            if looping and endless:
                raise ValueError("it repeats what is repeated already, which can take for ever")
            looping = opened.pop() or looping or endless
        else:
            looping = looping or endless


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield each part of the expression with the repetition after it."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("it has characters that are not printable ASCII")
    at = 0
    while at < len(text):
        part = _part(text, at)
        at += len(part)
        repeat = _REPEAT.match(text, at) if not part.startswith("(") and part not in {"|", "^"} else None
        if repeat:
            at = repeat.end()
        if _REPEAT.match(text, at) and not part.startswith("("):
            raise ValueError(f"it has a repetition at character {at + 1} that RE2 does not know")
        yield part, repeat.group() if repeat else ""


def _part(text: str, at: int) -> str:
    character = text[at]
    if character == "(" and text.startswith("(?", at):
        match = _GROUP.match(text, at)
        if match and match.group() == "(?i)" and at:
            raise ValueError("(?i) stands only at its beginning")
    elif character == "\\":
        match = _ESCAPE.match(text, at)
    elif character == "[":
        match = _CLASS.match(text, at)
        if match and _SET_OPERATION.search(match.group()[1:-1]):
            match = None
    elif character in "*+?{":
        match = None
    else:
        return character
    if not match:
        raise ValueError(f"it has at character {at + 1} what not every engine reads alike: {text[at : at + 6]}")
    return match.group()
