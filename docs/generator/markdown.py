"""The little Markdown that the generated pages need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Made by `make docs` from the code: change it there. -->"


def page(title: str, *blocks: str) -> str:
    """Join the blocks into a page under one title."""
    return "\n\n".join([NOTICE, f"# {title}", *(block.strip("\n") for block in blocks if block)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """Set text as code, or nothing when there is nothing."""
    return f"`{text}`" if str(text) else ""


def block(text: str, language: str = "") -> str:
    """Set text as a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def prose(docstring: str | None) -> str:
    """Turn a docstring into Markdown: our only markup is double backquotes and paragraphs."""
    from inspect import cleandoc

    paragraphs = cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).replace("``", "`")
