"""The command line: parse, call ``Core``, render. No logic of its own."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Never raises, never exits the process."""
    from sindri_core.cli.app import run

    return run(args)
