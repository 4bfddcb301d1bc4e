"""LevelDB's table format, as TensorFlow writes it to ``variables.index``: sorted keys and values.

A file is blocks, each followed by its compression (one byte) and checksum (four), then an index
block that says where the blocks are, then a footer that says where the index is.

https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.pieces import Bytes, Damaged, varint
from pytest_tfroundtrip.savedmodel.snappy import uncompressed

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOOTER = 48
_MAGIC = bytes.fromhex("57fb808b247547db")
_TRAILER = 5
_PLAIN, _SNAPPY = 0, 1
_RESTART = 4
_CHECKSUM_MASK = 0xA282EAD8
#: Checksums are taken in Python, some ten MB a second: of no more than this much of a file.
_CHECKED = 1 << 20
#: TensorFlow's writer begins a new block at 256 KB.
_BLOCK_MOST = 1 << 26


def entries(source: Bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys of a table with their values, in order.

    Raises:
        Damaged: the file is no table, or a block is not as it was written.
    """
    if source.size < _FOOTER:
        msg = f"it has {source.size} bytes, fewer than its footer alone"
        raise Damaged(msg)
    footer = source.read(source.size - _FOOTER, source.size)
    if not footer.endswith(_MAGIC):
        msg = "it does not end as a checkpoint's index ends"
        raise Damaged(msg)
    left = _CHECKED
    try:
        _, at = _handle(footer, 0)  # of the metaindex, which has nothing
        index, _ = _handle(footer, at)
        for _, place in _block(_content(source, index, check=True)):
            handle, _ = _handle(place, 0)
            left -= handle[1]
            yield from _block(_content(source, handle, check=left >= 0))
    except IndexError as error:
        msg = "a block of it ends in the middle of an entry"
        raise Damaged(msg) from error


def _handle(content: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Where a block is and its size, and where what follows begins."""
    start, at = varint(content, at)
    size, at = varint(content, at)
    return (start, size), at


def _content(source: Bytes, handle: tuple[int, int], *, check: bool) -> bytes:
    start, size = handle
    if size > _BLOCK_MOST or start + size + _TRAILER > source.size:
        msg = f"a block of {size} bytes at byte {start} is not in the file's {source.size}"
        raise Damaged(msg)
    content = source.read(start, start + size + _TRAILER)
    if check and _checksum(content[: size + 1]) != int.from_bytes(content[size + 1 :], "little"):
        msg = f"the checksum of the block at byte {start} does not hold: it was changed"
        raise Damaged(msg)
    if content[size] == _SNAPPY:  # as Google's own TensorFlow writes; the packages write _PLAIN
        return uncompressed(content[:size], _BLOCK_MOST)
    if content[size] != _PLAIN:
        msg = f"a block of it is compressed in a way ({content[size]}) that TensorFlow has not"
        raise Damaged(msg)
    return content[:size]


def _block(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A block's entries; each key has only what differs from the one before."""
    restarts = int.from_bytes(content[-_RESTART:], "little")
    end = len(content) - _RESTART * (restarts + 1)
    if end < 0:
        raise IndexError
    at, key = 0, b""
    while at < end:
        shared, at = varint(content, at)
        more, at = varint(content, at)
        size, at = varint(content, at)
        value = at + more
        if shared > len(key) or value + size > end:
            raise IndexError
        key = key[:shared] + content[at:value]
        at = value + size
        yield key, content[value:at]


def _checksum(content: bytes) -> int:
    """CRC-32C, rotated and moved as LevelDB stores it."""
    table = _castagnoli()
    crc = 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _CHECKSUM_MASK) & 0xFFFFFFFF


@cache
def _castagnoli() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)
