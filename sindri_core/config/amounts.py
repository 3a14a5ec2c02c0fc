"""Amounts of memory, storage and processor time, as people write them."""

from __future__ import annotations

import re

from sindri_core.config.wording import short
from sindri_core.settings import Cpus, Size

_UNITS = {
    "Ki": 10,
    "Mi": 20,
    "Gi": 30,
    "Ti": 40,
    "Pi": 50,
    "KB": 10,
    "MB": 20,
    "GB": 30,
    "TB": 40,
    "PB": 50,
    "K": 10,
    "M": 20,
    "G": 30,
    "T": 40,
    "P": 50,
}
_SIZE = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,3}))?([KMGTP](?:i|B)?)", re.ASCII)
_NEARLY = re.compile(r"\s*([0-9]{1,7}(?:\.[0-9]{1,3})?)\s*([kmgtp])(i?)(?:b|bytes?)?\s*", re.ASCII | re.IGNORECASE)
_NO_UNIT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?", re.ASCII)
_KIBIBYTE = 10
_CPUS = re.compile(r"(0|[1-9][0-9]{0,4})(?:\.([0-9]{1,3}))?|([1-9][0-9]{0,7})m", re.ASCII)
_LONGEST = 40
LARGEST = Size(1 << 50)
MOST_CPUS = Cpus(1_024_000)


def parse_size(text: object, noun: str = "size") -> Size:
    """Read ``4GB``, ``4Gi``, ``512MB`` or ``512Mi``: all of them are powers of two. Raises ``ValueError``.

    A fraction is rounded down to whole kibibytes, so that what it prints as can be read again.
    """
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(_no_size(text, noun))
    digits = match[2] or ""
    kibibytes = (int(match[1] + digits) << (_UNITS[match[3]] - _KIBIBYTE)) // 10 ** len(digits)
    size = Size(kibibytes << _KIBIBYTE)
    if not 0 < size.bytes <= LARGEST.bytes:
        message = f"{text} is out of bounds: write more than 0 and at most {LARGEST}"
        raise ValueError(message)
    return size


def parse_memory(text: object) -> Size:
    """Read an amount of memory. Raises ``ValueError``."""
    return parse_size(text, "amount of memory")


def _no_size(text: object, noun: str) -> str:
    """Say what is wrong with an amount, and what may be meant."""
    if text is None:
        return "is empty: write e.g. 4GB, or leave the key out"
    if not isinstance(text, bool) and _NO_UNIT.fullmatch(str(text)[:_LONGEST]):
        return f"{short(text)} has no unit: write {text}GB or {text}MB"
    if isinstance(text, str) and (near := _NEARLY.fullmatch(text[:_LONGEST])):
        return f"{short(text)} is no {noun}: write {near[1]}{near[2].upper()}{'i' if near[3] else 'B'}"
    return f"{short(text)} is no {noun}: write e.g. 4GB, 4Gi or 512MB"


def parse_cpus(value: object) -> Cpus:
    """Read ``2``, ``0.5``, ``"1.5"`` or ``500m``. Raises ``ValueError``."""
    match = _CPUS.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if not match or isinstance(value, bool):
        seen = "is empty" if value is None else f"{short(value)} is no number of processors"
        message = f"{seen}: write e.g. 2, 0.5 or 500m"
        raise ValueError(message)
    millis = int(match[3]) if match[3] else int(match[1] + (match[2] or "").ljust(3, "0"))
    if not 0 < millis <= MOST_CPUS.millis:
        message = f"{value} is out of bounds: write more than 0 and at most {MOST_CPUS}"
        raise ValueError(message)
    return Cpus(millis)
