"""Kubernetes quantities: ``500m``, ``2Gi``, ``1.5``."""

from __future__ import annotations

import re
from fractions import Fraction

SUFFIXES = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12), "P": Fraction(10**15),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40), "Pi": Fraction(2**50),
}  # fmt: skip


def parse(written: str | float) -> Fraction:
    """Read a quantity. Raises ``ValueError`` for anything else."""
    found = re.fullmatch(r"([+-]?[0-9.]+)([a-zA-Z]*)", str(written))
    if not found or found[2] not in SUFFIXES:
        raise ValueError(f"{written} is not a quantity")
    return Fraction(found[1]) * SUFFIXES[found[2]]


def canonical(written: str | float) -> str:
    """Write a quantity as the server stores it: whole numbers in the largest unit of its own family."""
    amount = parse(written)
    suffix = re.sub(r"[0-9.+-]", "", str(written))
    if amount == 0:
        return "0"
    units = ["Pi", "Ti", "Gi", "Mi", "Ki", ""] if suffix.endswith("i") else ["P", "T", "G", "M", "k", "", "m", "u", "n"]
    return next(f"{amount / SUFFIXES[unit]}{unit}" for unit in units if (amount / SUFFIXES[unit]).denominator == 1)


def total(amounts: list[str]) -> str:
    """Add up quantities, written in the family of the last one that is not zero."""
    whole = sum((parse(amount) for amount in amounts), Fraction(0))
    binary = any(amount.endswith("i") for amount in amounts)
    if binary and whole.denominator == 1:
        return canonical(f"{whole // 1024}Ki") if whole % 1024 == 0 else str(whole)
    return canonical(f"{whole * 1000}m") if (whole * 1000).denominator == 1 else canonical(str(whole))
