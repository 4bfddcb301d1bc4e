"""The picture: who saved, down, crossed with who loads, across.

The page has it without scripts too; with them it is drawn again for what is chosen, by the same
rules (``js/picture.js``; tests/browser holds the two against each other).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.report.folders import BY_RELEASE
from pytest_tfroundtrip.report.grid import FULL_PAIRS, pairs_of
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.places import asked
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.report.rows import Row

#: Where savers and loaders are crossed too: more places would be no picture.
MANY_PLACES = 6_000
MIXED = "mixed"


@dataclass(frozen=True)
class Head:
    """A row or column: a runtime and, where they are crossed too, one of its APIs."""

    runtime: str = ""  # empty: the column of the saves themselves
    api: str = ""


@dataclass(frozen=True)
class Place:
    """What all cells of a place say together.

    ``look`` is the verdict that all have who were asked, "mixed", or empty where there is no cell;
    ``text`` how many, or how many are the same of how many; empty for the only one.
    """

    look: str = ""
    text: str = ""
    failed: bool = False
    contradiction: bool = False
    said: str = ""


@dataclass(frozen=True)
class Picture:
    """Its heads and, for each row's, a place under each column's."""

    by_api: bool
    rows: tuple[Head, ...]
    columns: tuple[Head, ...]
    places: tuple[tuple[Place, ...], ...]


def picture(rows: Sequence[Row]) -> Picture:
    """The picture of all cells.

    Few pairs of runtimes are crossed with their APIs, as in the terminal; else a place is a pair.
    A SavedModel that came as a folder has a line of its own in either.
    """
    loads = [row for row in rows if row.load]
    pairs = len(pairs_of(row for row in loads if not row.writers))
    releases = len({row.load_runtime for row in loads if row.writers})
    few = bool(loads) and pairs <= FULL_PAIRS and releases <= BY_RELEASE
    detailed = _picture(rows, by_api=True) if few else None
    if detailed and len(detailed.rows) * len(detailed.columns) <= MANY_PLACES:
        return detailed
    return _picture(rows, by_api=False)


def _picture(rows: Sequence[Row], *, by_api: bool) -> Picture:
    at: dict[tuple[Head, Head], list[Row]] = defaultdict(list)
    for row in rows:
        saved = Head(row.save_runtime, row.down if by_api or row.writers else "")
        loaded = Head(row.load_runtime, row.load if by_api else "")
        at[saved, loaded].append(row)
    downs = tuple(sorted({down for down, _ in at}, key=_order))
    acrosses = tuple(sorted({across for _, across in at}, key=_order))
    places = tuple(tuple(place_of(at[down, across]) for across in acrosses) for down in downs)
    return Picture(by_api, downs, acrosses, places)


def _order(head: Head) -> tuple[object, ...]:
    # The column of the saves comes before those of the loads.
    return (bool(head.runtime), runtime_order(head.runtime), api_order(head.api))


def place_of(rows: Sequence[Row]) -> Place:
    """What these cells say together.

    What is absent says nothing. What the documents exclude, and loads of what was known not to be
    saved, speak only where nobody else does: a pair of runtimes is not worse for them.
    """
    there = [row for row in rows if row.verdict is not Verdict.ABSENT]
    of = [row for row in there if asked(row)] or there or rows
    if not of:
        return Place()
    verdicts = Counter(str(row.verdict or "not run") for row in of)
    same = verdicts[Verdict.SAME]
    if len(verdicts) == 1:
        look, text = next(iter(verdicts)), str(len(of)) if len(of) > 1 else ""
    else:
        look, text = MIXED, f"{same}/{len(of)}"
    failed = sum(row.failed for row in rows)
    contradicting = sum(row.contradiction for row in rows)
    told = [f"{number} {verdict}" for verdict, number in verdicts.most_common()]
    if len(rows) > len(of):
        told.append(f"{len(rows) - len(of)} not asked")
    told += [f"{failed} failed"] if failed else []
    told += [count(contradicting, "contradiction")] if contradicting else []
    return Place(look, text, bool(failed), bool(contradicting), ", ".join(told))
