"""The words of a command line before click sees them: shared options may stand before the command, too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

TAKING = frozenset(
    {"-c", "--config", "--name", "--context", "-n", "--namespace", "-o", "--output"}
    | {"--timeout", "--no-plugin", "--log-format"}
)
"""The shared options that have a value."""
FLAGS = frozenset({"--no-plugins", "-v", "--verbose", "--no-color"})
"""The shared options that have none."""


def reordered(arguments: Sequence[str]) -> list[str]:
    """Move shared options that stand before the command behind its name, where click looks for them.

    They come before the options that stand there already, so that the later one counts. A command that does not
    have such an option refuses it, as it does behind its name.
    """
    words, moved = list(arguments), 0
    while moved < len(words) and (width := _width(words[moved])):
        moved += width
    leading, rest = words[:moved], words[moved:]
    names = list(takewhile(lambda word: not word.startswith("-"), rest))
    return [*names, *leading, *rest[len(names) :]] if names else words


def form(arguments: Sequence[str]) -> str:
    """Find the form of the answer that was asked for, also where the rest of the words makes no sense."""
    found = "text"
    words = list(takewhile(lambda word: word != "--", arguments))
    for word, following in pairwise([*words, ""]):
        value = following if word in {"-o", "--output"} else word.removeprefix("--output=")
        if word.startswith("-o") and len(word) > len("-o"):
            value = word.removeprefix("-o")
        found = value if value in {"text", "json", "yaml"} and word.startswith(("-o", "--output")) else found
    return found


def verbose(arguments: Sequence[str]) -> bool:
    """Whether a traceback may be shown."""
    return bool({"-v", "--verbose"} & set(takewhile(lambda word: word != "--", arguments)))


def _width(word: str) -> int:
    """How many words a shared option takes: itself, and its value when that is a word of its own. 0 for others."""
    if word in FLAGS:
        return 1
    if word in TAKING:
        return 2
    name, equals, _ = word.partition("=")
    if equals and name in TAKING:
        return 1
    return int(word[:2] in TAKING and not word.startswith("--"))
