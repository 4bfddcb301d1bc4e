"""What changed from one run to another, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.messages import headline
from pytest_tfroundtrip.report.lines import count, listed, wrapped
from pytest_tfroundtrip.report.merge import SEVERITY
from pytest_tfroundtrip.report.rows import in_order
from pytest_tfroundtrip.vocabulary import Verdict, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.report.lines import Line
    from pytest_tfroundtrip.report.rows import Row

SHOWN = 20  # of a kind; the rest are counted
#: Says nothing of the model: an API that is not there, a runtime that could not be had.
_SILENT = frozenset({None, Verdict.ABSENT, Verdict.ENV_ERROR})


class Kind(Word):
    """What became of a cell."""

    BROKEN = "newly broken"
    WORSE = "broken, and worse now"
    NEW = "new, and broken"
    OTHER = "broken otherwise"
    FIXED = "newly fixed"
    NUMBERS = "other numbers"  # within tolerance
    GONE = "not answered any more"


#: For these a CI job fails.
ALARMS = frozenset({Kind.BROKEN, Kind.WORSE, Kind.NEW})


@dataclass(frozen=True)
class Change:
    """A cell that is not as it was."""

    kind: Kind
    cell: Row  # as it is, or as it was where it is gone
    old: Row | None
    new: Row | None

    @property
    def way(self) -> str:
        """The APIs, which cells of other runtimes share."""
        cell = self.cell
        loaded = f", loaded by {cell.load}" if cell.load else ""
        return f"{cell.named} saved by {cell.save}{loaded}, {cell.operation}"

    @property
    def text(self) -> str:
        """How it changed."""
        if self.kind is Kind.NUMBERS:
            return f"the largest error was {_error(self.old)}, is {_error(self.new)}"
        return f"was {_said(self.old)}; is {_said(self.new)}"

    @property
    def runtimes(self) -> str:
        """``1.15 -> 2.15``, with who saved again what was saved in between."""
        cell = self.cell
        return " -> ".join(
            filter(None, (cell.save_runtime, cell.resave_runtime, cell.load_runtime))
        )


def diff(old: Iterable[Row], new: Iterable[Row]) -> list[Change]:
    """The cells that are not as they were, the worst first, each kind in the order of cells.

    Args:
        old: the rows of one report.
        new: those of a later one.
    """
    before, after = {row.id: row for row in old}, {row.id: row for row in new}
    cells = in_order((before | after).values())
    changes = [
        Change(kind, cell, before.get(cell.id), after.get(cell.id))
        for cell in cells
        if (kind := _kind(before.get(cell.id), after.get(cell.id))) is not None
    ]
    return sorted(changes, key=lambda change: list(Kind).index(change.kind))


def told(changes: Sequence[Change], width: int) -> Iterator[Line]:
    """The changes for a terminal, by kind; what changed alike under several runtimes is one."""
    for kind in Kind:
        alike: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in changes:
            if change.kind is kind:
                alike[change.way, change.text].append(change)
        if not alike:
            continue
        yield from wrapped(f"{kind}: {count(sum(map(len, alike.values())), 'cell')}", width)
        for (way, text), those in list(alike.items())[:SHOWN]:
            yield from wrapped(f"{way}: {text}", width, 2, "- ")
            yield from wrapped(f"under {listed([each.runtimes for each in those])}", width, 4)
            remedy = those[0].new.remedy if those[0].new and kind is not Kind.FIXED else None
            if remedy:
                yield from wrapped(remedy, width, 4)
        if len(alike) > SHOWN:
            yield from wrapped(f"... and {len(alike) - SHOWN} more of the kind", width, 2)


def _kind(old: Row | None, new: Row | None) -> Kind | None:  # noqa: PLR0911 - a table of cases
    if new is None or new.verdict in _SILENT:
        return None if old is None or old.verdict in _SILENT else Kind.GONE
    if old is None or old.verdict in _SILENT:
        return None if _good(new) else Kind.NEW
    if _good(old) and _good(new):
        return None if _error(old) == _error(new) else Kind.NUMBERS
    if _good(new):
        return Kind.FIXED
    if _good(old):
        return Kind.BROKEN
    if SEVERITY.index(new.verdict) < SEVERITY.index(old.verdict):
        return Kind.WORSE
    return None if _why(old) == _why(new) else Kind.OTHER


def _good(row: Row) -> bool:
    return row.verdict is Verdict.SAME and not row.asserted


def _why(row: Row) -> tuple[object, ...]:
    """What makes two broken cells broken in the same way: messages hold paths and times."""
    return row.verdict, row.cause, row.cause or headline(row.message)


def _said(row: Row | None) -> str:
    if row is None:
        return "not there"
    if row.asserted:
        return "same, but the test failed"
    verdict = str(row.verdict or "not run")
    first = headline(row.message)
    why = row.cause or ("" if row.verdict is Verdict.SAME else first)
    return f"{verdict} ({why})" if why else verdict


def _error(row: Row | None) -> str:
    error = row.max_abs_error if row else None
    return "none" if error is None else f"{error:.2g}"
