"""What is accepted as broken, and why: the file of ``--tf-baseline``.

A list of entries, each with its reason. It is strict: what works after all, breaks otherwise, has
outlived its date or matches nothing any more is told and fails, so that nothing stays in the file
that nobody needs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.report.rows import Row


@dataclass(frozen=True)
class Entry:
    """Cells that are accepted as broken in one way."""

    cells: tuple[str, ...]  # ids of cells, or globs of them
    verdict: Verdict
    cause: str | None  # id in causes.toml
    message: str | None  # else a regular expression, found in the message
    reason: str
    until: date | None = None  # the last day on which it holds
    thread: str = ""
    where: str = ""  # for people: "baseline.toml, entry 3"

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and today > self.until

    def covers(self, cell_id: str) -> bool:
        """Whether it speaks of a cell."""
        return any(fnmatchcase(cell_id, cells) for cells in self.cells)

    def describes(self, verdict: Verdict | None, cause: str | None, message: str) -> bool:
        """Whether a cell is broken in the way that is accepted."""
        if verdict is not self.verdict:
            return False
        if self.cause is not None:
            return cause == self.cause
        return self.message is None or re.search(self.message, message) is not None

    @property
    def way(self) -> str:
        """How its cells are broken, for people."""
        why = self.cause or (f"message {self.message!r}" if self.message else "")
        return f"{self.verdict} ({why})" if why else str(self.verdict)


@dataclass(frozen=True)
class Baseline:
    """The entries of a file."""

    entries: tuple[Entry, ...] = ()

    def of(self, cell_id: str) -> Entry | None:
        """The first entry that speaks of a cell."""
        return next((entry for entry in self.entries if entry.covers(cell_id)), None)

    def unused(self, cell_ids: Iterable[str], gone: Callable[[str], bool]) -> list[Entry]:
        """The entries that speak of none of the cells, though they would if they could.

        Args:
            cell_ids: of a run.
            gone: whether that run would have had the cells that a glob matches, if there were any.
        """
        ids = list(cell_ids)
        return [
            entry
            for entry in self.entries
            if not any(map(entry.covers, ids)) and all(map(gone, entry.cells))
        ]


def objection(entry: Entry, seen: Observation, cause: str | None, today: date) -> str | None:
    """Why what was seen of a cell is not what an entry accepts, and what to do; None where it is.

    Args:
        entry: the one that speaks of the cell.
        seen: what was seen.
        cause: the id of its cause, if it is known.
        today: whether the entry still holds.
    """
    accepted = f"{entry.where} accepts it as {entry.way}: {entry.reason}"
    if seen.verdict is Verdict.SAME:
        return f"{accepted}. But it is the same: take the cell out of the entry{_OR_UPDATE}"
    if not entry.describes(seen.verdict, cause, seen.message):
        now = f"{seen.verdict} ({cause})" if cause else str(seen.verdict)
        return f"{accepted}. But it is {now}: that is another failure{_OR_UPDATE}"
    if entry.expired(today):
        return (
            f"{accepted}. That held until {entry.until}: mend it, or give the entry a later date"
            " and say why"
        )
    return None


_OR_UPDATE = ", or have the file written anew by --tf-baseline-update"


def updated(
    before: Baseline,
    rows: Sequence[Row],
    broken: Sequence[Row],
    gone: Callable[[str], bool] = lambda _: False,
) -> Baseline:
    """The baseline after a run.

    An entry keeps the cells that are broken as it says, and those that the run was not asked for;
    what no entry accepts gets one without a reason, for a person to fill in.

    Args:
        before: as it was.
        rows: all cells of the run.
        broken: those of them that are to be accepted.
        gone: of a glob that matches none of them, whether there is no such cell any more.
    """
    there = [row.id for row in rows]
    left = {row.id: row for row in broken}
    kept = []
    for entry in before.entries:
        cells = tuple(_still(entry, there, left, gone))
        if cells:
            kept.append(_with_cells(entry, cells))
    new: dict[tuple[Verdict, str | None, str | None], list[str]] = defaultdict(list)
    for row in left.values():
        if row.verdict is not None:
            pattern = None if row.cause else _first_line(row.message)
            new[row.verdict, row.cause, pattern].append(row.id)
    added = [
        Entry(tuple(sorted(ids)), verdict, cause, pattern, "")
        for (verdict, cause, pattern), ids in new.items()
    ]
    return Baseline((*kept, *added))


def _still(
    entry: Entry, there: Sequence[str], left: dict[str, Row], gone: Callable[[str], bool]
) -> Iterator[str]:
    """The globs of an entry that are needed; what they accept is taken out of ``left``."""
    for glob in entry.cells:
        covered = [cell for cell in there if fnmatchcase(cell, glob)]
        if not covered and gone(glob):
            continue
        accepted = [
            cell
            for cell in covered
            if cell in left
            and entry.describes(left[cell].verdict, left[cell].cause, left[cell].message)
        ]
        for cell in accepted:
            del left[cell]
        if len(accepted) == len(covered):  # none at all, too: the run did not have them
            yield glob
        else:
            yield from accepted


def _with_cells(entry: Entry, cells: tuple[str, ...]) -> Entry:
    words = {**vars(entry), "cells": cells}
    return Entry(**words)


def _first_line(message: str) -> str | None:
    first = message.strip().partition("\n")[0][:120]
    return re.escape(first) if first else None
