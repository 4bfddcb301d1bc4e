"""What ``variables.index`` says, and shards that do not hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.savedmodel import table
from pytest_tfroundtrip.savedmodel.checkpoint import read_checkpoint
from pytest_tfroundtrip.savedmodel.pieces import Bytes, Damaged
from tests.saved_models import NAMES, copied, found, truth

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "variables/variables.index"


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_tensorflows_reader_says(name: str) -> None:
    seen = read_checkpoint(found(name).path / INDEX)
    told = {each.name: [each.dtype, list(each.shape or ())] for each in seen.stored}
    assert told == truth(name)["checkpoint"]
    assert all(shard.size == shard.expected for shard in seen.shards)
    assert seen.size == sum(shard.size or 0 for shard in seen.shards)


def test_shards_are_held_against_the_index(tmp_path: Path) -> None:
    variables = copied("odd-1.15", tmp_path / "m") / "variables"
    one, two = sorted(variables.glob("*.data-*"))
    one.write_bytes(one.read_bytes()[:50])
    two.unlink()
    shards = read_checkpoint(variables / "variables.index").shards
    assert [(shard.filename, shard.size, shard.expected) for shard in shards] == [
        ("variables.data-00000-of-00002", 50, 104),
        ("variables.data-00001-of-00002", None, 8),
    ]


def test_no_shard_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    kept = Bytes.__init__

    def note(self: Bytes, path: Path) -> None:
        opened.append(path.name)
        kept(self, path)

    monkeypatch.setattr(Bytes, "__init__", note)
    read_checkpoint(copied("odd-1.15", tmp_path / "m") / INDEX)
    assert opened == ["variables.index"]


def blocks(index: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the unused metaindex block and the index block are, and their sizes."""
    footer = index.read_bytes()[-48:]
    unused, at = table._handle(footer, 0)
    return unused, table._handle(footer, at)[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_flipped_bit_is_seen(name: str, tmp_path: Path) -> None:
    index = copied(name, tmp_path / "m") / INDEX
    content = index.read_bytes()
    (values_end, _), (start, size) = blocks(index)
    for at in [*range(values_end), *range(start, start + size + 5)][::3]:
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        index.write_bytes(changed)
        with pytest.raises(Damaged):
            read_checkpoint(index)


@pytest.mark.parametrize("name", NAMES)
def test_wherever_it_is_cut_it_is_no_index(name: str, tmp_path: Path) -> None:
    index = copied(name, tmp_path / "m") / INDEX
    content = index.read_bytes()
    for size in range(1, len(content), max(1, len(content) // 200)):
        index.write_bytes(content[:size])
        with pytest.raises(Damaged):
            read_checkpoint(index)


def test_a_large_index_is_read_without_its_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = copied("keras-2.8", tmp_path / "m") / INDEX
    content = bytearray(index.read_bytes())
    at = content.index(b"VARIABLE_VALUE")
    content[at] ^= 1
    index.write_bytes(content)
    with pytest.raises(Damaged, match="checksum of the block at byte 0 does not hold"):
        read_checkpoint(index)
    monkeypatch.setattr(table, "_CHECKED", 10)
    assert read_checkpoint(index).stored


def rewritten(index: Path, compression: int) -> bytes:
    """The same entries in one block, compressed with literals only, as another writer may have."""

    def block(content: bytes, kind: int = 0) -> bytes:
        content += bytes([kind])
        return content + table._checksum(content).to_bytes(4, "little")

    def entry(key: bytes, value: bytes) -> bytes:
        return bytes([0, len(key), len(value)]) + key + value

    restarts = (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    with Bytes(index) as source:
        plain = b"".join(entry(key, value) for key, value in table.entries(source)) + restarts
    assert 128 <= len(plain) < 1 << 14
    size, literal = len(plain), (len(plain) - 1).to_bytes(2, "little")
    values = two(size) + bytes([61 << 2]) + literal + plain
    first, unused = block(values, compression), block(restarts)
    where = entry(b"z", b"\0" + two(len(values))) + restarts
    places = (len(first), len(restarts), len(first) + len(unused), len(where))
    footer = b"".join(map(two, places)).ljust(40, b"\0") + table._MAGIC
    return first + unused + block(where) + footer


def two(number: int) -> bytes:
    """A varint of two bytes, which a smaller number may have as well."""
    return bytes([number & 0x7F | 0x80, number >> 7])


def test_an_index_compressed_with_snappy(tmp_path: Path) -> None:
    index = copied("odd-1.15", tmp_path / "m") / INDEX
    read = read_checkpoint(index)
    plain = rewritten(index, 1)
    other = rewritten(index, 7)
    index.write_bytes(plain)
    assert read_checkpoint(index) == read
    index.write_bytes(other)
    with pytest.raises(Damaged, match=r"compressed in a way \(7\)"):
        read_checkpoint(index)
