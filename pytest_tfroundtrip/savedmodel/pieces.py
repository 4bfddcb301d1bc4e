"""A protobuf file read in pieces, so that neither its size nor its constants have to be held.

A run of fields of a message is, as bytes, itself a message of that type: protobuf's wire format has
no outer frame. So a graph of any size is read as a stream of small graphs, and what is large is
either opened (a function, a node) or left out (a constant's bytes).

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

#: What is below this is read with what is around it; above it is opened, or left out.
SMALL = 1 << 16
_WINDOW = 1 << 16
_HEADER = 20  # the most that a tag and a length take
_DEEPEST = 32  # messages in messages that are each larger than SMALL

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


class Damaged(Exception):  # noqa: N818 - a state of the file, said to whoever knows its name
    """The bytes are not in form."""


class Field(NamedTuple):
    """Where a field is in the file."""

    number: int
    start: int
    body: int  # where its payload starts, after tag and length
    end: int


class Bytes:
    """The bytes of a file by their positions, read when they are asked for.

    Not memory-mapped: a file that gets shorter meanwhile would end the process.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def read(self, start: int, end: int) -> bytes:
        """What is between two positions.

        Raises:
            Damaged: the file ends before.
        """
        self._file.seek(start)
        content = self._file.read(end - start)
        while content and len(content) < end - start:  # one call gives 2 GB at most
            more = self._file.read(end - start - len(content))
            if not more:
                break
            content += more
        if len(content) < end - start:
            msg = f"it ends at byte {start + len(content)}, in the middle of something"
            raise Damaged(msg)
        return content


def fields(source: Bytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two positions, without their contents.

    Raises:
        Damaged: where that is no message.
    """
    window, base, position = b"", start, start
    while position < end:
        at = position - base
        held = len(window) - at  # behind the window's end, or of the next header only a part
        if held <= 0 or (held < _HEADER and base + len(window) < end):
            window, base, at = source.read(position, min(end, position + _WINDOW)), position, 0
        try:
            tag = window[at]
            at += 1
            if tag & 0x80:
                tag, at = varint(window, at - 1)
            kind = tag & 7
            if kind == _BYTES:
                size = window[at]
                at += 1
                if size & 0x80:
                    size, at = varint(window, at - 1)
            elif kind == _VARINT:
                _, after = varint(window, at)
                size = after - at
            else:
                size = _FIXED[kind]
        except (IndexError, KeyError):
            raise _no_message(position) from None
        body = base + at
        after = body + size
        if after > end or tag < 8:  # noqa: PLR2004  field numbers begin with 1
            raise _no_message(position)
        yield Field(tag >> 3, position, body, after)
        position = after


def varint(window: bytes, at: int) -> tuple[int, int]:
    """The number that stands at ``at``, and where it ends.

    Raises:
        IndexError: there is none.
    """
    value = shift = 0
    while shift < 70:  # noqa: PLR2004  ten bytes of seven bits
        byte = window[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
    raise IndexError


def pieces(
    source: Bytes, start: int, end: int, message: Any, *, most: int, depth: int = 0
) -> Iterator[bytes]:
    """The message between two positions as serialized messages of its type, one or more.

    Together they hold all its fields but those that are larger than :data:`SMALL` and are bytes,
    text or of no interest. What is repeated is whole in one piece unless it is larger than a piece.

    Args:
        source: the file.
        start: where the message begins.
        end: where it ends.
        message: the descriptor of its type.
        most: about how many bytes a piece may have.
        depth: in how many messages it lies.

    Raises:
        Damaged: where that is no message.
    """
    parts: list[bytes] = []
    held = 0
    run = upto = start  # fields that lie beside each other and are taken as they are
    for field in fields(source, start, end):
        if field.end - field.body <= SMALL:
            upto = field.end
            if held + upto - run < most:
                continue
            parts.append(source.read(run, upto))
            yield b"".join(parts)
            parts, held, run = [], 0, upto
            continue
        if upto > run:
            parts.append(source.read(run, upto))
            held += upto - run
        run = upto = field.end
        inner = message.fields_by_number.get(field.number)
        inner = inner and inner.message_type
        if inner is None or depth >= _DEEPEST:
            continue
        tag = source.read(field.start, field.start + _HEADER)
        tag = tag[: varint(tag, 0)[1]]
        for piece in pieces(source, field.body, field.end, inner, most=most, depth=depth + 1):
            parts.append(tag + _varint(len(piece)) + piece)
            held += len(piece)
            if held >= most:
                yield b"".join(parts)
                parts, held = [], 0
    if upto > run:
        parts.append(source.read(run, upto))
    yield b"".join(parts)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _no_message(position: int) -> Damaged:
    return Damaged(f"byte {position} is where a field should begin or end, and none does")
