"""Which rows stand together, and under what title, in the terminal, in Markdown and on the page."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_tfroundtrip.report.rows import Row

#: Of what came back the same, and should not have.
UNEXPECTED = "that was not expected"


def grouped(rows: Iterable[Row], name: str) -> list[tuple[str | None, list[Row]]]:
    """The rows grouped by a field, the largest group first."""
    groups: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0] or ""))


def same_but_failed(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """What failed and came back the same: by its own test, or for that."""
    rows = list(rows)
    return _there(
        ("the same, but the test itself failed", [row for row in rows if row.asserted]),
        (f"the same: {UNEXPECTED}", [row for row in rows if row.unexpected]),
    )


def lost(rows: Iterable[Row]) -> list[Row]:
    """What failed otherwise, and says something of the model."""
    return [row for row in rows if row.lost and row.verdict is not Verdict.ENV_ERROR]


def contradictions(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """What contradicts the documents, either way."""
    found = [row for row in rows if row.contradiction]
    return _there(
        (
            "the documents promise it, TensorFlow breaks it",
            [row for row in found if row.verdict is not Verdict.SAME],
        ),
        (
            "the documents deny it, TensorFlow does it",
            [row for row in found if row.verdict is Verdict.SAME],
        ),
    )


def _there(*groups: tuple[str, list[Row]]) -> list[tuple[str, list[Row]]]:
    return [(title, rows) for title, rows in groups if rows]
