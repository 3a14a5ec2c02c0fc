"""npm's own package ``semver`` as the judge of versions and ranges, and the texts that it judges.

One Node process judges all of them. The texts come from a seed, so that a disagreement is found again.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "semver@7.8.6"
PROGRAM = """
const semver = require('semver');
const {ranges, versions} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const read = (text, loose) => {
  const found = semver.parse(text, {loose});
  return found && found.version + (found.build.length ? '+' + found.build.join('.') : '');
};
const judge = (text, includePrerelease) => {
  let range;
  try { range = new semver.Range(text, {includePrerelease}) } catch { return null }
  return versions.map(version => range.test(version) ? '1' : '0').join('');
};
const whole = versions.filter(text => semver.valid(text));
process.stdout.write(JSON.stringify({
  ranges: ranges.map(text => [judge(text, false), judge(text, true)]),
  strict: versions.map(text => read(text, false)),
  loose: versions.map(text => read(text, true)),
  order: whole.map(a => whole.map(b => semver.compare(a, b))),
}));
"""
NUMBERS = ("0", "0", "0", "1", "1", "1", "2", "3", "10")
LARGE = ("9007199254740990", "9007199254740991", "9007199254740992", "1" + "0" * 30)
WORDS = ("alpha", "beta", "rc", "rc1", "0", "1", "11", "x", "v", "-", "a-b", "1a", "9007199254740991")
BAD_WORDS = ("", "01", "00", "é", "_", "*")
BEFORE = ("", "", "", "", "", "v", "=", "v=", " v", "vv", "= ", "V")
SIGNS = (
    "",
    "",
    "^",
    "~",
    "~>",
    ">",
    ">=",
    "<",
    "<=",
    "=",
    "^ ",
    "> ",
    ">= ",
    "<  ",
    "==",
    "=>",
    "~ ",
    "~> ",
    "!=",
    ">>",
)
HYPHENS = (" - ", " - ", "  -  ", " -", "- ", "-", " - +b ", "\t-\n", " \u2013 ")
GAPS = (" ", " ", "  ", " +b ", "", ", ", " && ", "\t", "\u00a0")
BARS = ("||", " || ", "|| ", "|", "||||")
BLANKS = (" ", "\t", "\n", "\u00a0", "\ufeff", "\u2003", "\x85", "\x1c", "\u180e", "\u200b")
LONG = ("a" * 251, "1.2.3-" + "a" * 250, "1.2.3-" + "a" * 251, "9" * 258, "9" * 256, "1.2.3-" + "1" * 250)
SOUP = (
    *("1", "2", "0", "3", "10", "x", "X", "*", ".", ".", ".", "-", "-", "+", " ", " ", "||", ">", "<", "=", ">=", "<="),
    *("~", "^", "~>", "v", "V", "rc", "alpha", "beta.1", "1.2.3", "1.2", "1.2.3-rc.1", "0.0.0", "0.0.0-0", "2.0.0-0"),
    *(" - ", " || ", ">=0.0.0", "+build", "+b.1-2", ".x", "1.x.3", "x.1", "-0", "-rc", "v1.2.3", "=1.2.3", "^0.0", ","),
    *("*1.2.3", "1.2.3*", "<*", "00", "01", "٣", *LARGE, *BLANKS, *LONG),
)


class Unavailable(Exception):
    """There is no Node, or the package cannot be installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What npm says.

    ``ranges`` has for each range, without and with prereleases, None where it is none, else a ``1`` or ``0`` for each
    version. ``strict`` and ``loose`` are the versions as npm writes them, None for none; ``order`` compares each of
    those that are strictly versions with each.
    """

    ranges: list[tuple[str | None, str | None]]
    strict: list[str | None]
    loose: list[str | None]
    order: list[list[int]]


def judge(folder: Path, ranges: Sequence[str], versions: Sequence[str]) -> Verdicts:
    """Install npm's package into an empty folder, and have all ranges and versions judged. Raises ``Unavailable``."""
    options = ["--prefix", str(folder), "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    try:
        done = subprocess.run(
            ["npm", "install", *options, PACKAGE],  # noqa: S607 - whichever npm the tester has
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"npm cannot be run: {error}") from None
    if done.returncode:
        raise Unavailable(f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}")
    answer = subprocess.run(
        ["node", "-e", PROGRAM],  # noqa: S607 - whichever node the tester has
        cwd=folder,
        input=json.dumps({"ranges": ranges, "versions": versions}),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Verdicts(**json.loads(answer.stdout))


def versions(count: int, seed: int) -> list[str]:
    """Texts of which most are versions, and the corners."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    corners = [
        "0.0.0",
        "0.0.0-0",
        "1.0.0-0",
        "1.0.0-rc",
        "1.2.3-rc.1",
        "2.0.0-0",
        "0.0.1-0",
        "1.2.3+a",
        "1.2.3+b",
        "V1.2.3",
    ]
    spoilt = [_spoilt(dice, _version(dice)) for _ in range(count // 3)]
    soup = [_soup(dice, 4) for _ in range(count // 6)]
    return [*corners, *(_version(dice) for _ in range(count // 2)), *spoilt, *soup, *LONG]


def ranges(count: int, seed: int) -> list[str]:
    """Ranges as people write them, and as nobody should."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    return [_range(dice) for _ in range(count)]


def _range(dice: random.Random) -> str:
    if (kind := dice.random()) < 0.2:
        return _soup(dice, 8)
    if kind < 0.5:
        return " || ".join(_tidy(dice) for _ in range(dice.choice((1, 1, 2))))
    text = dice.choice(BARS).join(_set(dice) for _ in range(dice.choice((1, 1, 1, 2, 3))))
    return _spoilt(dice, text) if dice.random() < 0.25 else text


def _tidy(dice: random.Random) -> str:
    signs = ("^", "~", ">=", "<", "<=", ">", "")
    return " ".join(dice.choice(signs) + _version(dice) for _ in range(dice.choice((1, 2))))


def _set(dice: random.Random) -> str:
    if dice.random() < 0.25:
        return _partial(dice) + dice.choice(HYPHENS) + _partial(dice)
    return dice.choice(GAPS).join(dice.choice(SIGNS) + _partial(dice) for _ in range(dice.choice((1, 1, 2, 3))))


def _partial(dice: random.Random) -> str:
    parts = (*NUMBERS, *LARGE, "x", "X", "*") if dice.random() < 0.3 else (*NUMBERS, "x")
    text = ".".join(dice.choice(parts) for _ in range(dice.choice((1, 2, 3, 3, 3))))
    if dice.random() < 0.35:
        text += f"-{_prerelease(dice)}"
    return dice.choice(BEFORE) + text + ("+b.5" if dice.random() < 0.1 else "")


def _version(dice: random.Random) -> str:
    text = ".".join(dice.choice(NUMBERS) for _ in range(3))
    if dice.random() < 0.5:
        text += f"-{_prerelease(dice)}"
    return dice.choice(("", "", "", "v")) + text + dice.choice(("", "", "", "", "+b.1", "+b"))


def _prerelease(dice: random.Random) -> str:
    words = (*WORDS, *BAD_WORDS) if dice.random() < 0.1 else WORDS
    return ".".join(dice.choice(words) for _ in range(dice.randint(1, 3)))


def _soup(dice: random.Random, most: int) -> str:
    return "".join(dice.choice(SOUP) for _ in range(dice.randint(0, most)))


def _spoilt(dice: random.Random, text: str) -> str:
    """Put something where it does not belong, or in the place of something."""
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(SOUP) + text[at + dice.choice((0, 1)) :]
