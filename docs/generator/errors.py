"""The index of all error codes: from their own pages."""

from __future__ import annotations

from pathlib import Path

from generator import markdown

PAGES = Path(__file__).resolve().parents[1] / "errors"
GROUPS = {
    "SND-CFG": "sindri.yaml (exit 2)",
    "SND-USE": "Usage (exit 2)",
    "SND-PLN": "Plan files (exit 2 or 5)",
    "SND-PLG": "Plugins (exit 3)",
    "SND-IMG": "Images (exit 4, or 2 where what was written is at fault)",
    "SND-VER": "Trust settings (exit 2)",
    "SND-LOC": "Local clusters (exit 5)",
    "SND-K8S": "Kubernetes (exit 5)",
    "SND-RUN": "The run itself (exit 1, 5 or 130)",
}
INTRODUCTION = """
Every error has a code that stays the same between versions. The last line of an error says what to type next; its page
says the rest.
"""


def pages() -> dict[str, str]:
    """Make the index."""
    titles = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in sorted(PAGES.glob("SND-*.md"))}
    blocks = []
    for group, name in GROUPS.items():
        rows = [
            (f"[{code}]({code}.md)", text.partition(": ")[2]) for code, text in titles.items() if code.startswith(group)
        ]
        if rows:
            blocks.append(f"## {name}\n\n{markdown.table(('Code', 'Meaning'), rows)}")
    return {"errors/README.md": markdown.page("Errors", INTRODUCTION, *blocks)}
