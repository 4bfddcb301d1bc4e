"""Strings in TensorFlow's tensors: written and read as TensorFlow's own header lays them out."""

from __future__ import annotations

import ctypes
import struct

import pytest

from pytest_tfroundtrip.agent import tstring

SHORT = b"\xff\0" * 11
LONG = b"x\0" * 1000


def memory(content: bytes = b"") -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(content, max(tstring.SIZE, len(content)))


@pytest.mark.parametrize("text", [b"", b"a\0", SHORT, SHORT + b"!", LONG])
def test_a_string_comes_back(text: bytes) -> None:
    block = memory()
    tstring.write(ctypes.addressof(block), text)
    assert tstring.read(ctypes.addressof(block)) == text
    tstring.free(ctypes.addressof(block))


def test_what_fits_lies_inside() -> None:
    block = memory()
    tstring.write(ctypes.addressof(block), SHORT)
    assert block.raw == bytes([22 << 2]) + SHORT + b"\0"


def test_what_does_not_fit_lies_elsewhere_with_a_final_zero() -> None:
    block = memory()
    tstring.write(ctypes.addressof(block), LONG)
    size, capacity, pointer = struct.unpack("=QQQ", block.raw)
    assert (size, capacity) == (len(LONG) << 2 | 1, len(LONG))
    assert ctypes.string_at(pointer, len(LONG) + 1) == LONG + b"\0"
    tstring.free(ctypes.addressof(block))


def test_a_view_is_read_and_not_freed() -> None:
    viewed = memory(LONG)
    block = memory(struct.pack("=QQ", len(LONG) << 2 | 3, ctypes.addressof(viewed)))
    assert tstring.read(ctypes.addressof(block)) == LONG
    tstring.free(ctypes.addressof(block))


def test_an_offset_counts_from_the_string_itself() -> None:
    block = memory(struct.pack("=III", 3 << 2 | 2, 32, 1).ljust(32, b"\0") + b"abc!")
    assert tstring.read(ctypes.addressof(block)) == b"abc"
    tstring.free(ctypes.addressof(block))
