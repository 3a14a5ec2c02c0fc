"""The command ``sindri``. A lone ``--version`` is answered before anything is imported."""

from __future__ import annotations

import sys

YOUNG = 100_000
"""New objects after which garbage is looked for. The usual 700 looks hundreds of times at what imports make."""


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from sindri_core import __version__

        sys.stdout.write(f"sindri {__version__}\n")
        return 0
    import gc

    from sindri_core.cli import main as run

    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    try:
        return run(sys.argv[1:])
    finally:
        gc.freeze()  # the process ends: its last collection need not visit every module


if __name__ == "__main__":
    sys.exit(main())
