"""Record what a real API server answers to the scenarios: ``python tests/contract/record.py KUBECONFIG [SCENARIO …]``.

The real server should be the test bed's: nodes named ``node-1`` …, a default class ``standard`` without expansion.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

from scenarios import SCENARIOS
from session import Session

RECORDED = Path(__file__).parent / "recorded"


def play(name: str, kubeconfig: Path) -> list[dict[str, object]]:
    """Play a scenario in a namespace of its own and return what was said."""
    session = Session(kubeconfig, f"contract-{secrets.token_hex(4)}")
    try:
        SCENARIOS[name](session)
        return session.transcript
    finally:
        session.close()


def written(transcript: list[dict[str, object]]) -> str:
    """Write a transcript as it is kept."""
    return json.dumps(transcript, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(kubeconfig: str, *names: str) -> None:
    """Write the recordings."""
    RECORDED.mkdir(exist_ok=True)
    for name in names or SCENARIOS:
        (RECORDED / f"{name}.json").write_text(written(play(name, Path(kubeconfig))))
        print(name)  # noqa: T201 - a program


if __name__ == "__main__":
    main(*sys.argv[1:])
