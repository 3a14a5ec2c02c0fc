"""Which word was meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of the known words that may be meant; empty when none is near."""
    from difflib import get_close_matches  # only those who misspell pay for it

    spelled = {each.lower(): each for each in sorted(known)}
    close = get_close_matches(word.lower(), list(spelled), n=1)
    return spelled[close[0]] if close else ""
