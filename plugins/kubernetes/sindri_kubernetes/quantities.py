"""Kubernetes quantities (``500m``, ``4Gi``, ``1e3``) as exact numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

SUFFIXES = {
    "": Fraction(1),
    **{unit: Fraction(1000) ** power for power, unit in enumerate(("n", "u", "m"), start=-3)},
    **{unit: Fraction(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{unit: Fraction(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}
NOTHING = Fraction(0)
QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,2}))?([a-zA-Z]*)")


def parse(text: object) -> Fraction:
    """Read a quantity. Raises ``ValueError`` when it is none."""
    match = QUANTITY.fullmatch(str(text).strip())
    if match is None or match[3] not in SUFFIXES:
        raise ValueError(f"{text!r} is no quantity")
    return Fraction(match[1].rstrip(".")) * Fraction(10) ** int(match[2] or 0) * SUFFIXES[match[3]]


def write(value: Fraction, resource: str) -> str:
    """Write an amount of a resource: bytes in the largest exact binary unit, everything else in thousandths."""
    if resource.endswith(("memory", "storage")) and value.denominator == 1:
        for unit in ("Ti", "Gi", "Mi", "Ki"):
            if value and value % SUFFIXES[unit] == 0:
                return f"{value / SUFFIXES[unit]}{unit}"
        return str(value)
    return str(value) if value.denominator == 1 else f"{int(value * 1000)}m"


def total(parts: Mapping[str, object], times: int = 1) -> dict[str, Fraction]:
    """Read a mapping of quantities, each ``times`` over."""
    return {name: parse(value) * times for name, value in parts.items()}
