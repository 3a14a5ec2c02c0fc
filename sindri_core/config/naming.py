"""Names of environments: what is one, and the nearest one to any other text."""

from __future__ import annotations

import re
import unicodedata

NAME = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
LONGEST_NAME = 54
"""A DNS label has 63 characters, and names such as NAME-home-pvc are made of this one."""


def fitted(text: str) -> str:
    """Make a name of any text, such as a folder's name. The result is always valid."""
    if len(text) <= LONGEST_NAME and re.fullmatch(NAME, text):
        return text
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    if words[:1].isdigit():
        words = f"env-{words}"
    return words[:LONGEST_NAME].rstrip("-") or "sindri"


def complaint(name: str) -> str:
    """Say what keeps a text from being a name, and propose one; empty when it is one."""
    if len(name) > LONGEST_NAME:
        return (
            f"a name of {len(name)} characters is too long: at most {LONGEST_NAME}, because others are made of it"
            f" (NAME-home-pvc); write e.g. {fitted(name)}"
        )
    if not re.fullmatch(NAME, name):
        return f"{name!a} is no name: only a-z, 0-9 and -, a letter first and no - last; write e.g. {fitted(name)}"
    return ""
