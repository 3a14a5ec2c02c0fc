"""npm's own package ``semver`` as the judge of ranges, and the questions that it is asked."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "semver@7.8.6"
PROGRAM = """
const semver = require('semver');
const {pairs, orders, versions} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const valid = range => { try { new semver.Range(range); return true } catch { return false } };
const answer = ([range, version, includePrerelease]) => {
  try { return new semver.Range(range, {includePrerelease}).test(version) } catch { return null }
};
process.stdout.write(JSON.stringify({
  pairs: pairs.map(answer),
  orders: orders.map(([a, b]) => semver.compare(a, b)),
  versions: versions.map(text => semver.valid(text) !== null),
}));
"""
NUMBERS = ("0", "0", "1", "1", "2", "3", "10", "9007199254740991")
WILD = (*NUMBERS, "x", "X", "*", "01", "9007199254740992", "")
WORDS = ("alpha", "beta", "rc1", "0", "1", "11", "x", "-", "a-b", "00", "alpha1")
OPERATORS = ("", "", "^", "^", "~", "~>", ">", ">=", "<", "<=", "=", "==", "=>", "><")


class Unavailable(Exception):
    """There is no Node, or the package cannot be installed."""


def install(folder: Path) -> Path:
    """Install npm's package; return the folder that it is in. Raises ``Unavailable``."""
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"npm cannot be run: {error}") from None
    if done.returncode:
        raise Unavailable(f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}")
    return folder


def ask(folder: Path, **questions: Any) -> dict[str, Any]:
    """Ask about pairs (range, version, includePrerelease), orders (version, version) and versions at once."""
    everything = {"pairs": [], "orders": [], "versions": [], **questions}
    done = subprocess.run(
        ["node", "-e", PROGRAM],  # noqa: S607 - whichever node the tester has
        cwd=folder,
        input=json.dumps(everything),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def version(dice: random.Random) -> str:
    """A whole version, sometimes a prerelease, sometimes with build metadata."""
    text = ".".join(dice.choice(NUMBERS[:-1]) for _ in range(3))
    if dice.random() < 0.4:
        text += "-" + ".".join(dice.choice(WORDS[:9]) for _ in range(dice.randint(1, 2)))
    return text + ("+b.1" if dice.random() < 0.1 else "")


def _partial(dice: random.Random) -> str:
    text = ".".join(dice.choice(WILD if dice.random() < 0.3 else NUMBERS) for _ in range(dice.randint(1, 3)))
    if dice.random() < 0.3:
        text += "-" + ".".join(dice.choice(WORDS) for _ in range(dice.randint(1, 2)))
    if dice.random() < 0.1:
        text += "+build.5"
    return ("v" if dice.random() < 0.1 else "") + text


def _comparator(dice: random.Random) -> str:
    return dice.choice(OPERATORS) + (" " * dice.choice((0, 0, 0, 1, 2))) + _partial(dice)


def _set(dice: random.Random) -> str:
    if dice.random() < 0.2:
        return f"{_partial(dice)}{dice.choice((' - ', '  -  ', ' -', '-'))}{_partial(dice)}"
    return dice.choice((" ", " ", "  ", ", ")).join(_comparator(dice) for _ in range(dice.choice((1, 1, 1, 2, 3))))


def range_(dice: random.Random) -> str:
    """A range as people write it, and as they should not."""
    text = dice.choice(("||", " || ", "|| ")).join(_set(dice) for _ in range(dice.choice((1, 1, 1, 2, 3))))
    return dice.choice((text, text, text, text, f" {text}\t", f"{text} ||", "", "*", "latest"))


def pairs(count: int, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Questions about ranges, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(count):
        yield range_(dice), version(dice), dice.random() < 0.4
