"""Snappy's raw format, on what its reference implementation compressed."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.savedmodel.pieces import Damaged
from pytest_tfroundtrip.savedmodel.snappy import uncompressed

MOST = 1 << 20
HUNDRED = bytes(range(100))
COMPRESSED = {
    "00": b"",
    "0308616263": b"abc",
    "640061fe01008a0100": b"a" * 100,
    "79247661726961626c65732ffe0a00b60a000078": b"variables/" * 12 + b"x",
    f"c801f065{HUNDRED.hex()}0001fe6400866400": HUNDRED * 2,
}


@pytest.mark.parametrize(("compressed", "plain"), COMPRESSED.items())
def test_what_was_compressed(compressed: str, plain: bytes) -> None:
    assert uncompressed(bytes.fromhex(compressed), MOST) == plain


def test_long_offsets_and_literals() -> None:
    plain = bytes(range(256)) * 4
    literal = b"\xf4" + (len(plain) - 1).to_bytes(2, "little") + plain
    near = bytes([(7 - 4) << 2 | 1024 >> 8 << 5 | 1, 1024 & 0xFF])  # one byte of offset, three bits
    far = bytes([(9 - 1) << 2 | 3]) + (1024).to_bytes(4, "little")
    size = len(plain) + 16
    content = bytes([size & 0x7F | 0x80, size >> 7]) + literal + near + far
    assert uncompressed(content, MOST) == plain + plain[:7] + plain[7:16]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xff\xff\x7f\x00a", "would have"),
        (b"\x05\x08abc", "gives 3 bytes in place of 5"),
        (b"\x02\x08abc", "gives 3 bytes in place of 2"),
        (b"\x08\x00a\x01\x05", "before its beginning"),
        (b"\x08\x00a\x01\x00", "before its beginning"),
    ],
)
def test_what_is_not_in_form(content: bytes, said: str) -> None:
    with pytest.raises(Damaged, match=said):
        uncompressed(content, MOST)


@pytest.mark.parametrize("content", [b"", b"\x08\xf4", b"\x08\x00a\x02\x01", b"\x08\x01"])
def test_what_ends_in_an_element(content: bytes) -> None:
    with pytest.raises(IndexError):
        uncompressed(content, MOST)
