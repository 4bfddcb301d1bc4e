"""A place in a grid: what the rows of it say together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_tfroundtrip.vocabulary import Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.report.rows import Row

FAILED, CONTRADICTION = "!", "*"


@dataclass(frozen=True)
class Piece:
    """A place in a grid: what all its rows say together."""

    text: str = ""
    mark: str = " "
    markup: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column of pieces, under its heading and, with its neighbours, under a group's heading."""

    heading: str
    pieces: Sequence[Piece]
    group: str = ""

    @property
    def width(self) -> int:
        """Without the mark and the space in front of it."""
        return max(len(self.heading), *(len(piece.text) for piece in self.pieces))


def piece_of(rows: Sequence[Row]) -> Piece:
    """What several models' rows say together: a verdict all share, else of how many it is true.

    How many are ``same``; where none is, how many are what most of them are: ``refused 2/3``.
    """
    there = [row for row in rows if row.verdict is not Verdict.ABSENT]
    if not there:
        return Piece("-" if rows else "")
    verdicts = {row.verdict for row in there}
    same = sum(row.verdict is Verdict.SAME for row in there)
    if len(verdicts) > 1:
        most = Counter(row.verdict for row in there).most_common(1)[0]
        verdict, number = (Verdict.SAME, same) if same else most
        text = f"{verdict or 'not run'} {number}/{len(there)}"
    else:
        text = "not run" if None in verdicts else str(there[0].verdict)
    return Piece(text, *stress(there, all_same=same == len(there)))


def stress(rows: Sequence[Row], *, all_same: bool) -> tuple[str, dict[str, bool]]:
    """The mark in front of a place, and its colour."""
    if any(row.failed for row in rows):
        return FAILED, {"red": True}
    if any(row.contradiction for row in rows):
        return CONTRADICTION, {"yellow": True}
    return " ", {"green": True} if all_same else {}


def asked(row: Row) -> bool:
    """Whether the row answers if this pair of runtimes goes together."""
    excluded = row.promise is Promise.UNSUPPORTED and row.outcome == "xfailed"
    silent = row.verdict in (Verdict.ABSENT, Verdict.UNSAVED) and not row.failed
    return not (excluded or silent)
