"""The documents' sentences that were tried."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.prose import code, fenced, prose
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.markdown.blocks import (
    MARKS,
    Block,
    shortened,
    table_of,
)
from pytest_tfroundtrip.report.places import CONTRADICTION, FAILED
from pytest_tfroundtrip.report.statements import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.statements import StatementRow


def statements_of(rows: Sequence[StatementRow]) -> Iterator[Block]:
    """A line for each case, a column for each runtime; then those that failed."""
    if not rows:
        return
    names = sorted({row.runtime for row in rows}, key=runtime_order)
    cases: dict[str, dict[str, StatementRow]] = defaultdict(dict)
    for row in rows:
        cases[row.case][row.runtime] = row
    lines = [["sentence", "case", *map(code, names)]]
    for case, under in cases.items():
        first = next(iter(under.values()))
        quoted = "<br>".join(prose(sentence) for sentence in first.sentences)
        stand = [_standing(under[name].standing) if name in under else "" for name in names]
        lines.append([quoted, code(case), *stand])
    title = f"## The documents' sentences ({count(len(cases), 'case')})"
    yield Block(f"{title}\n\n{table_of(lines)}", "table", 2)
    for row in rows:
        if row.standing not in (Standing.KEPT, Standing.NOT_RUN):
            yield _statement(row)


def _statement(row: StatementRow) -> Block:
    """Why a sentence does not stand as it is written."""
    head = f"**{code(row.case)} under {prose(row.runtime)}**: {prose(str(row.standing))}"
    if row.standing is Standing.KNOWN:
        return Block(f"{head}: {prose(row.why or row.message)}", "sentence", 3)
    parts = [head, *(f"> {prose(quote)}" for quote in row.quotes)]
    if row.note:
        parts.append(f"But: {prose(row.note)}")
    if row.message:
        parts.append(fenced(shortened(row.message)))
    if row.command:
        parts.append(fenced(row.command, "console"))
    return Block("\n\n".join(parts), "sentence", 1)


def _standing(standing: Standing) -> str:
    if standing is Standing.KNOWN:
        return f"{MARKS[CONTRADICTION]}contradicted"
    if standing in (Standing.KEPT, Standing.NOT_RUN):
        return str(standing)
    return f"{MARKS[FAILED]}{standing}"
