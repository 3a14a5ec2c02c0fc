"""DER, as far as certificates and timestamps of tests need it (ITU-T X.690)."""

from __future__ import annotations

LONG_LENGTH = 0x80
SEQUENCE, SET, INTEGER, OCTET_STRING, IDENTIFIER, UTF8_STRING, TIME, BOOLEAN = 0x30, 0x31, 2, 4, 6, 0x0C, 0x18, 1


def tagged(tag: int, *contents: bytes) -> bytes:
    """Write a value with its tag and length; several contents stand one after the other."""
    content = b"".join(contents)
    size = len(content)
    if size < LONG_LENGTH:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, LONG_LENGTH | len(digits)]) + digits + content


def sequence(*contents: bytes) -> bytes:
    """Write a SEQUENCE of values that are written already."""
    return tagged(SEQUENCE, *contents)


def octets(content: bytes) -> bytes:
    """Write an OCTET STRING."""
    return tagged(OCTET_STRING, content)


def integer(value: int) -> bytes:
    """Write an INTEGER that is not negative."""
    return tagged(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tagged(IDENTIFIER, *(base128(arc) for arc in (40 * first + second, *rest)))


def base128(arc: int) -> bytes:
    """Write one arc of an identifier: seven bits a byte, all but the last byte marked."""
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(arc & 0x7F | 0x80)
    return bytes(reversed(digits))
