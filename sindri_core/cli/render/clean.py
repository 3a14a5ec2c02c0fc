"""Text from elsewhere (a cluster, a plugin, a file) must not steer the terminal that it is shown on."""

from __future__ import annotations

_CONTROL = [*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A)]
_CONTROL += [0xFEFF]
_HARMLESS = dict.fromkeys((c for c in _CONTROL if chr(c) not in "\n\t"), "\N{REPLACEMENT CHARACTER}")


def clean(text: str) -> str:
    """Replace control characters, among them those of escape sequences and of writing direction."""
    return text.translate(_HARMLESS)
