"""Make the reference pages from the code: ``generate.py`` writes them, ``generate.py --check`` says which are stale."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def pages() -> dict[Path, str]:
    """Make every generated page: its place in the repository, and what it should say."""
    sys.path.insert(0, str(DOCS))
    from generator import commands, configuration, errors, hooks, outputs

    parts = (configuration, commands, hooks, outputs, errors)
    return {DOCS / name: text for part in parts for name, text in part.pages().items()}


def stale(wanted: dict[Path, str]) -> list[Path]:
    """List the pages that are missing or say something else."""
    return [page for page, text in wanted.items() if not page.exists() or page.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write the stale pages, or only name them."""
    wanted = pages()
    old = stale(wanted)
    for page in old:
        print(f"{'out of date' if '--check' in arguments else 'written'}: docs/{page.relative_to(DOCS)}")
        if "--check" not in arguments:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(wanted[page], encoding="utf-8")
    if old and "--check" in arguments:
        print("make docs   writes them anew")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
