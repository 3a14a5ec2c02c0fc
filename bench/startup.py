"""How long sindri takes to start, as ratios to the interpreter's own start.

    python bench/startup.py [--rounds N] [--check] [--kubeconfig FILE]

The commands run interleaved, round after round, so that a busy machine slows all of them alike; each figure is the
best of all rounds, because noise only ever adds. ``--check`` fails when a budget of docs/design is exceeded.
``--kubeconfig`` measures ``status`` on that cluster as well. Measure that in an environment without the development
tools: the Kubernetes client imports kubernetes-validate and all that it needs wherever it is installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

CONFIG = 'version: "1.0"\nname: bench\ndeployment:\n  provider: kubernetes\n  image: sindri@sha256:' + "5" * 64 + "\n"
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: bench
clusters: [{name: bench, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: bench, user: {token: none}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
"""


class Subject(NamedTuple):
    """A command line to measure, and the ratio that it may reach."""

    name: str
    arguments: tuple[str, ...]
    budget: float


SINDRI = ("-c", "import sys; from sindri_core.__main__ import main; sys.exit(main())")
"""What the installed script does."""
BASELINE = Subject("python -c pass", ("-c", "pass"), 1.0)
SUBJECTS = (
    Subject("--version", (*SINDRI, "--version"), 1.5),
    Subject("--help", (*SINDRI, "--help"), 5.0),
    Subject("plugins list", (*SINDRI, "plugins", "list"), 6.0),
    Subject("plan --offline", (*SINDRI, "plan", "--offline"), 16.0),
)
STATUS = Subject("status", (*SINDRI, "status"), 35.0)


def measure(subjects: tuple[Subject, ...], rounds: int, folder: Path, environ: Mapping[str, str]) -> list[float]:
    """Return the best time of each subject in seconds. The first round only warms the caches."""
    best = [float("inf")] * len(subjects)
    for number in range(rounds + 1):
        for index, subject in enumerate(subjects):
            taken = _once(subject, folder, environ)
            if number:
                best[index] = min(best[index], taken)
    return best


def _once(subject: Subject, folder: Path, environ: Mapping[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *subject.arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{subject.name} ended with {done.returncode}:\n{done.stderr}")
    return taken


def _environ(scratch: str, kubeconfig: Path) -> dict[str, str]:
    """The environment of a user whose modules are compiled, as every installer leaves them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "HOME": scratch,
        "KUBECONFIG": str(kubeconfig),
        "PYTHONPYCACHEPREFIX": f"{scratch}/bytecode",
        "SINDRI_CACHE_DIR": f"{scratch}/cache",
        "SINDRI_STATE_DIR": f"{scratch}/state",
    }


def table(subjects: tuple[Subject, ...], best: list[float]) -> tuple[list[str], bool]:
    """Write the figures as lines, and say whether every budget holds."""
    lines, kept = [f"{'':<16}{'ms':>8}{'ratio':>8}{'budget':>8}"], True
    for subject, seconds in zip(subjects, best, strict=True):
        ratio = seconds / best[0]
        over = ratio > subject.budget and subject is not BASELINE
        kept &= not over
        lines.append(
            f"{subject.name:<16}{seconds * 1000:8.1f}{ratio:8.2f}{subject.budget:8.1f}{'   over' if over else ''}"
        )
    return lines, kept


def main() -> int:
    """Measure, print the table, and judge it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="rounds to run (default: 20)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a budget is exceeded")
    parser.add_argument("--kubeconfig", type=Path, help="measure status on this cluster as well")
    chosen = parser.parse_args()
    subjects = (BASELINE, *SUBJECTS, *([STATUS] if chosen.kubeconfig else []))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "project")  # beside the cache: the current folder is on the path of ``python -c``
        folder.mkdir()
        (folder / "sindri.yaml").write_text(CONFIG, encoding="utf-8")
        (folder / "kubeconfig").write_text(KUBECONFIG, encoding="utf-8")
        kubeconfig = chosen.kubeconfig.resolve() if chosen.kubeconfig else folder / "kubeconfig"
        lines, kept = table(subjects, measure(subjects, chosen.rounds, folder, _environ(name, kubeconfig)))
    print("\n".join(lines))
    return 0 if kept or not chosen.check else 1


if __name__ == "__main__":
    sys.exit(main())
