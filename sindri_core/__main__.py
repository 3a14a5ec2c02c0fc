"""The command ``sindri``. A lone ``--version`` is answered before anything is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from sindri_core import __version__

        sys.stdout.write(f"sindri {__version__}\n")
        return 0
    from sindri_core.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
