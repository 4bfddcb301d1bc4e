"""What files foretold, held against what was seen of their loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.vocabulary import Foreseen, Operation, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.report.rows import Row

_FAILED = (Verdict.REFUSED, Verdict.CRASHED)
_READS = "saved_model"


@dataclass(frozen=True)
class Tally:
    """Of the loads of SavedModels by loaders that something can be foretold of."""

    failed: int  # refused or crashed
    foreseen: int  # of those: said to fail for certain
    possible: int  # of those: said to be possible
    wrong: int  # said to fail for certain, and loaded


def tally(rows: Sequence[Row]) -> Tally:
    """How good the predictions of a run were."""
    failed = [row for row in rows if row.verdict in _FAILED and _foretold(row)]
    return Tally(
        failed=len(failed),
        foreseen=sum(row.predicted is Foreseen.WILL_FAIL for row in failed),
        possible=sum(row.predicted is Foreseen.MAY_FAIL for row in failed),
        wrong=sum(row.mispredicted for row in rows),
    )


def line_of(rows: Sequence[Row]) -> str:
    """The tally in words; empty where nothing was foretold."""
    found = tally(rows)
    if all(row.predicted is None for row in rows):
        return ""
    failures = count(found.failed, "failed load")
    possible = f", {found.possible} said to be possible" if found.possible else ""
    return (
        f"predictions: {found.foreseen} of {failures} foreseen from the files{possible},"
        f" {found.wrong} wrong"
    )


def said_wrongly(row: Row) -> str:
    """What was foretold of a load that worked."""
    return f"{row.sentence}: said to fail, and it is {row.verdict}: {row.predicted_reason}"


def apology(wrong: int) -> str:
    """What a wrong prediction means for who reads it."""
    was = "1 prediction was" if wrong == 1 else f"{wrong} predictions were"
    return f"{was} wrong: an error of pytest-tfroundtrip, not of the model. Please report it."


def _foretold(row: Row) -> bool:
    loader = apis().loaders.get(row.load)
    return (
        loader is not None
        and _READS in loader.reads
        and row.operation in (Operation.INFERENCE, Operation.FINE_TUNING)
    )
