"""Snappy's raw format, as blocks of a table may have it; only the way back.

A size, then elements: bytes as they are, or copies of what came before.

https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from pytest_tfroundtrip.savedmodel.pieces import Damaged, varint

_LITERAL, _COPY_1, _COPY_2 = 0, 1, 2
_LONG = 60  # literals of that length and more have it in one to four bytes of their own


def uncompressed(content: bytes, most: int) -> bytes:
    """What was compressed.

    Raises:
        Damaged: it is not in form, or more than ``most`` bytes.
        IndexError: it ends in the middle of an element.
    """
    size, at = varint(content, 0)
    if size > most:
        msg = f"a block of it would have {size} bytes"
        raise Damaged(msg)
    found = bytearray()
    while at < len(content) and len(found) <= size:
        tag = content[at]
        at += 1
        kind, more = tag & 3, tag >> 2
        if kind == _LITERAL:
            length = more + 1
            if more >= _LONG:
                width = more - _LONG + 1
                length = _number(content, at, width) + 1
                at += width
            found += content[at : at + length]
            at += length
            continue
        if kind == _COPY_1:
            length, offset = (more & 7) + 4, more >> 3 << 8 | content[at]
            at += 1
        else:
            width = 2 if kind == _COPY_2 else 4
            length, offset = more + 1, _number(content, at, width)
            at += width
        _copy(found, offset, length)
    if len(found) != size:
        msg = f"a compressed block of it gives {len(found)} bytes in place of {size}"
        raise Damaged(msg)
    return bytes(found)


def _number(content: bytes, at: int, width: int) -> int:
    if at + width > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + width], "little")


def _copy(found: bytearray, offset: int, length: int) -> None:
    """Append what lies ``offset`` back; a copy may reach into itself, which repeats it."""
    if not 0 < offset <= len(found):
        msg = "a compressed block of it refers to what is before its beginning"
        raise Damaged(msg)
    start = len(found) - offset
    part = found[start : start + length]
    found += (part * (length // offset + 1))[:length]
