"""What failed, by cause, and what contradicts the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_tfroundtrip.prose import code, fenced, prose, prose_with_code
from pytest_tfroundtrip.report import groups
from pytest_tfroundtrip.report.groups import grouped
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.markdown.blocks import (
    Block,
    shortened,
    where,
)
from pytest_tfroundtrip.report.predictions import apology, said_wrongly
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row

NOTES = 10  # of a loader on one cell
EXAMPLES = 25  # of failures that no cause explains; the rest are counted


def mispredicted(rows: Sequence[Row]) -> Iterator[Block]:
    """Loads that were said to fail and did not."""
    wrong = [row for row in rows if row.mispredicted]
    if not wrong:
        return
    yield Block(f"## Wrong predictions\n\n{prose(apology(len(wrong)))}", "", 0)
    for row in wrong:
        parts = [f"- {prose(said_wrongly(row))}", f"  {code(row.command)}"]
        yield Block("\n".join(parts), "wrong prediction", 1)


def unavailable(rows: Sequence[Row]) -> Iterator[Block]:
    """Runtimes that could not be had, each reason once."""
    broken = [row for row in rows if row.verdict is Verdict.ENV_ERROR]
    if not broken:
        return
    title = f"## Runtimes that could not be had ({count(len(broken), 'cell')})"
    yield Block(title, "", 0)
    for message, members in grouped(broken, "message"):
        parts = [where(members), fenced(shortened(message or "no message"))]
        if members[0].remedy:
            parts.append(f"What to do: {prose_with_code(members[0].remedy)}")
        yield Block("\n\n".join(parts), "unavailable runtime", 1)


def same(rows: Sequence[Row]) -> Iterator[Block]:
    """What failed and came back the same."""
    for title, members in groups.same_but_failed(rows):
        yield Block(f"## {title.capitalize()} ({count(len(members), 'cell')})", "", 0)
        yield from _each(members)


def failures(rows: Sequence[Row]) -> Iterator[Block]:
    """What failed, by cause, with what to do."""
    failed = groups.lost(rows)
    if not failed:
        return
    yield Block(f"## Failures by cause ({count(len(failed), 'cell')})", "", 0)
    for cause, members in grouped(failed, "cause"):
        if cause is None:
            said = f"### No known cause\n\n{where(members)}"
            yield Block(said, "cause", 1)
            yield from _each(members)
            continue
        first = members[0]
        parts = [f"### {code(cause)}", where(members)]
        parts += [
            f"{head}: {prose_with_code(text)}"
            for head, text in (("Why", first.why), ("What to do", first.remedy))
            if text
        ]
        parts += [
            f"But: {prose(note)} ({count(len(noted), 'cell')})"
            for note, noted in grouped(members, "note")
            if note
        ]
        parts.append(f"Rerun one:\n\n{fenced(first.command, 'console')}")
        yield Block("\n\n".join(parts), "cause", 1)


def _each(rows: Sequence[Row]) -> Iterator[Block]:
    for row in rows[:EXAMPLES]:
        said = row.note or row.message
        parts = [f"**{prose(row.sentence)}**: {code(str(row.verdict or 'not run'))}"]
        if said:
            parts.append(fenced(shortened(said)))
        if row.notes:
            parts.append("\n".join(f"- note: {prose(note)}" for note in row.notes[:NOTES]))
        parts.append(fenced(row.command, "console"))
        yield Block("\n\n".join(parts), "failing cell", 2)
    if len(rows) > EXAMPLES:
        more = count(len(rows) - EXAMPLES, "more cell")
        yield Block(f"... and {more}: the JSON report has them.", "", 1)


def contradictions(rows: Sequence[Row]) -> Iterator[Block]:
    """What contradicts the documents, either way, with what they say."""
    for title, group in groups.contradictions(rows):
        head = f"## Contradictions: {title} ({count(len(group), 'cell')})"
        yield Block(head, "", 0)
        for cause, members in grouped(group, "cause"):
            first = members[0]
            parts = [f"### {code(cause) if cause else 'Not in the causes'}", where(members)]
            if first.why:
                parts.append(f"Why: {prose(first.why)}")
            for statement, quoted in grouped(members, "statement"):
                if statement:
                    source = f" ({prose(quoted[0].document)})" if quoted[0].document else ""
                    parts.append(f"> {prose(statement)}{source}")
            if first.remedy:
                parts.append(f"What to do: {prose_with_code(first.remedy)}")
            yield Block("\n\n".join(parts), "contradiction", 3)
