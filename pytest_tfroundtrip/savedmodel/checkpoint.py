"""The variables' values on disk: what ``variables.index`` says, and whether the shards hold it.

The shards themselves are not read, so this costs the same for a kilobyte and for a terabyte.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.file import parsed
from pytest_tfroundtrip.savedmodel.model import Checkpoint, Shard, Stored
from pytest_tfroundtrip.savedmodel.pieces import Bytes, Damaged
from pytest_tfroundtrip.savedmodel.table import entries

if TYPE_CHECKING:
    from pathlib import Path

#: Where SavedModels have their checkpoint.
PREFIX = ("variables", "variables")
#: A slice of a partitioned variable has a binary key that starts so; its variable has one as well.
_SLICE = b"\0"
_SHARDS_MOST = 100_000  # as many as five digits of a file's name can tell apart


@dataclass
class _Ends:
    """How far each shard has to reach, by what lies last in it."""

    shards: int
    ends: dict[int, int]

    def see(self, entry: Any) -> None:
        if not 0 <= entry.shard_id < self.shards or entry.offset < 0 or entry.size < 0:
            msg = f"a value lies in shard {entry.shard_id} of {self.shards}, which cannot be"
            raise Damaged(msg)
        end = entry.offset + entry.size
        self.ends[entry.shard_id] = max(end, self.ends.get(entry.shard_id, 0))


def read_checkpoint(index: Path) -> Checkpoint:
    """What a checkpoint's index says, and the sizes of its shards.

    Raises:
        Damaged: the index is not in form.
        OSError: it cannot be read.
    """
    stored: list[Stored] = []
    seen: _Ends | None = None
    with Bytes(index) as source:
        for key, value in entries(source):
            if seen is None:
                if key:
                    msg = "its first entry is not the header"
                    raise Damaged(msg)
                seen = _Ends(_shards(parsed("BundleHeaderProto", value)), {})
                continue
            entry = parsed("BundleEntryProto", value)
            if not entry.slices:  # else the slices' own entries say where they are
                seen.see(entry)
            if not key.startswith(_SLICE):
                stored.append(_stored(key, entry))
    if seen is None:
        msg = "it has no entries, not even a header"
        raise Damaged(msg)
    return Checkpoint(tuple(stored), _shard_files(index, seen))


def _shards(header: Any) -> int:
    number = int(header.num_shards)
    if not 0 < number < _SHARDS_MOST:
        msg = f"it says that there are {number} shards"
        raise Damaged(msg)
    return number


def _stored(key: bytes, entry: Any) -> Stored:
    return Stored(
        name=key.decode("utf-8", "backslashreplace"),
        dtype=dtype_name(entry.dtype),
        shape=shape_of(entry.shape),
        shard=entry.shard_id,
        offset=entry.offset,
        size=entry.size,
        slices=len(entry.slices),
    )


def _shard_files(index: Path, seen: _Ends) -> tuple[Shard, ...]:
    prefix = index.name.removesuffix(".index")
    found = []
    for number in range(seen.shards):
        path = index.with_name(f"{prefix}.data-{number:05d}-of-{seen.shards:05d}")
        size = path.stat().st_size if path.is_file() else None
        found.append(Shard(path.name, size, seen.ends.get(number, 0)))
    return tuple(found)
