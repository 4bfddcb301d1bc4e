"""What the page is put together from, and how it is kept from being too large."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.prose import prose
from pytest_tfroundtrip.report import folders
from pytest_tfroundtrip.report.lines import count, runtimes
from pytest_tfroundtrip.report.places import CONTRADICTION, FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.report.places import Piece
    from pytest_tfroundtrip.report.rows import Row

MESSAGE_LINES = 20
MESSAGE_WIDTH = 300  # a graph's text is one line of a megabyte

MARKS = {FAILED: "❌ ", CONTRADICTION: "⚠️ "}


@dataclass(frozen=True)
class Block:
    """A part of the page that is left out as a whole, if at all."""

    text: str
    kind: str  # what the last sentence counts it as: "table"; empty: nothing is missed
    rank: int  # the lowest have their place first


def bounded(blocks: Sequence[Block], limit: int) -> str:
    """The blocks that fit, in their order, and a sentence on those that do not."""
    room = limit - _RESERVED
    kept = set()
    for place in sorted(range(len(blocks)), key=lambda place: (blocks[place].rank, place)):
        size = _size(blocks[place])
        if size <= room:
            room -= size
            kept.add(place)
    parts = [block.text for place, block in enumerate(blocks) if place in kept]
    left = Counter(
        block.kind for place, block in enumerate(blocks) if place not in kept and block.kind
    )
    if left:
        what = ", ".join(count(number, kind) for kind, number in sorted(left.items()))
        parts.append(
            f"Left out, because this page may have {limit:,} bytes: {what}. The JSON report has"
            " every cell."
        )
    return "\n\n".join(parts) + "\n"


def _size(block: Block) -> int:
    return len(block.text.encode("utf-8", "backslashreplace")) + 2


_RESERVED = 400  # bytes of the sentence that says what was left out


def table_of(lines: Sequence[Sequence[str]]) -> str:
    """A table; the first line is its head. Cells are Markdown already."""
    head, *rest = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([head, "|" + " --- |" * len(lines[0]), *rest])


def shown(piece: Piece) -> str:
    """A place of a matrix."""
    return f"{MARKS.get(piece.mark, '')}{piece.text}"


def where(rows: Sequence[Row]) -> str:
    """How many cells, and between which runtimes."""
    cells = f"{count(len(rows), 'cell')}{folders.of_which(rows)}"
    said = f"{cells}, saved by {runtimes(row.save_runtime for row in rows)}"
    loads = [row.load_runtime for row in rows if row.load_runtime]
    return prose(f"{said}, loaded by {runtimes(loads)}" if loads else said)


def shortened(text: str) -> str:
    """The first lines of a message, and of each its beginning."""
    lines = text.splitlines()
    kept = [
        line if len(line) <= MESSAGE_WIDTH else f"{line[:MESSAGE_WIDTH]} ..."
        for line in lines[:MESSAGE_LINES]
    ]
    if len(lines) > MESSAGE_LINES:
        kept.append(f"... {count(len(lines) - MESSAGE_LINES, 'more line')}")
    return "\n".join(kept)
