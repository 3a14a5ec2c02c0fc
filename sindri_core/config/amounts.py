"""Amounts of memory, storage and processor time, as people write them."""

from __future__ import annotations

import re

from sindri_core.settings import Cpus, Size

_UNITS = {
    "Ki": 10,
    "Mi": 20,
    "Gi": 30,
    "Ti": 40,
    "KB": 10,
    "MB": 20,
    "GB": 30,
    "TB": 40,
    "K": 10,
    "M": 20,
    "G": 30,
    "T": 40,
}
_SIZE = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,3}))?(Ki|Mi|Gi|Ti|KB|MB|GB|TB|K|M|G|T)", re.ASCII)
_CPUS = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?|([0-9]{1,8})m", re.ASCII)
LARGEST = Size(1 << 50)
MOST_CPUS = Cpus(1_024_000)


def parse_size(text: object) -> Size:
    """Read ``4GB``, ``4Gi``, ``512MB`` or ``512Mi``: all of them are powers of two. Raises ``ValueError``."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if not match:
        message = f"{text!r} is not a size: write 10Gi, 500Mi or 10GB"
        raise ValueError(message)
    digits = match[2] or ""
    scaled = int(match[1] + digits) << _UNITS[match[3]]
    size = Size(scaled // 10 ** len(digits))
    if not 0 < size.bytes <= LARGEST.bytes:
        message = f"{text} is out of bounds: more than 0 and at most {LARGEST}"
        raise ValueError(message)
    return size


def parse_cpus(value: object) -> Cpus:
    """Read ``2``, ``0.5``, ``"1.5"`` or ``500m``. Raises ``ValueError``."""
    match = None if isinstance(value, bool) else _CPUS.fullmatch(str(value))
    if not match:
        message = f"{value!r} is not a number of processors: write 2, 0.5 or 500m"
        raise ValueError(message)
    millis = int(match[3]) if match[3] else int(match[1] + (match[2] or "").ljust(3, "0"))
    if not 0 < millis <= MOST_CPUS.millis:
        message = f"{value} is out of bounds: more than 0 and at most {MOST_CPUS}"
        raise ValueError(message)
    return Cpus(millis)
