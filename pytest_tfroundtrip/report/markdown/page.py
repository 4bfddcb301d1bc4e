"""The rows as GitHub-flavoured Markdown: a CI job's summary, or a page to keep.

What people or TensorFlow wrote (names, messages, commands) never becomes markup, and the page is
never larger than GitHub takes: what does not fit is left out, and counted in its last sentence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.prose import code, prose
from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.markdown.blocks import (
    Block,
    bounded,
    table_of,
    where,
)
from pytest_tfroundtrip.report.markdown.failures import (
    contradictions,
    failures,
    mispredicted,
    same,
    unavailable,
)
from pytest_tfroundtrip.report.markdown.matrix import matrices
from pytest_tfroundtrip.report.markdown.pairs import save_pairs_of
from pytest_tfroundtrip.report.markdown.sentences import statements_of
from pytest_tfroundtrip.report.predictions import line_of
from pytest_tfroundtrip.report.rows import disambiguate, in_order
from pytest_tfroundtrip.vocabulary import Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow

#: Bytes. GitHub drops a step's summary that is larger than 1 MiB as a whole; the rest is for what
#: else the step may write.
LIMIT = 1_000_000
_NOTES_LISTED = 100


def page(
    rows: Iterable[Row],
    infos: Iterable[RuntimeInfo] = (),
    *,
    conflicts: Sequence[Mapping[str, Any]] = (),
    statements: Sequence[StatementRow] = (),
    save_pairs: Sequence[SavePair] = (),
    limit: int = LIMIT,
) -> str:
    """The page.

    Args:
        rows: one per cell, in any order.
        infos: what was run under.
        conflicts: the cells on which merged reports do not agree, as in the merged report.
        statements: the documents' sentences that were tried.
        save_pairs: the pairs of saves that were asked for.
        limit: bytes of UTF-8 that it may have.
    """
    ordered = in_order(disambiguate(rows))
    blocks = [
        *_head(ordered, statements),
        *_conflicts(conflicts),
        *matrices([row for row in ordered if row.verdict is not None]),
        *mispredicted(ordered),
        *unavailable(ordered),
        *same(ordered),
        *failures(ordered),
        *contradictions(ordered),
        *statements_of(statements),
        *save_pairs_of(save_pairs),
        *_notes(ordered),
        *_runtimes(infos),
    ]
    return bounded(blocks, limit)


def _head(rows: Sequence[Row], statements: Sequence[StatementRow]) -> Iterator[Block]:
    answer = closing(rows, statements) or "There are no cells."
    yield Block(f"# TensorFlow round trips\n\n**{prose(answer)}**", "answer", 0)
    if not rows:
        return
    verdicts: list[Verdict | None] = [*Verdict, None]
    there = [verdict for verdict in verdicts if any(row.verdict is verdict for row in rows)]
    numbers = Counter((row.promise, row.verdict) for row in rows)
    table = [
        ["", *("not run" if verdict is None else str(verdict) for verdict in there)],
        *(
            [str(promise), *(str(numbers[promise, verdict] or "") for verdict in there)]
            for promise in Promise
            if any(row.promise is promise for row in rows)
        ),
    ]
    outcomes = Counter(row.outcome or "no test" for row in rows)
    told = ", ".join(f"{number} {word}" for word, number in sorted(outcomes.items()))
    sentence = f"{count(len(rows), 'cell')}; pytest: {prose(told)}."
    if predictions := line_of(rows):
        sentence += f" {prose(predictions).capitalize()}."
    yield Block(f"{table_of(table)}\n\n{sentence}", "table", 0)


def _conflicts(conflicts: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    if not conflicts:
        return
    title = f"## Reports disagree on {count(len(conflicts), 'result')}"
    yield Block(f"{title}\n\nThe worse one stands in the tables below.", "", 1)
    for conflict in conflicts:
        sides = "; ".join(
            f"{code(str(side['verdict'] or 'not run'))}"
            f" ({prose(str(side['outcome'] or 'no test'))}) in {code(str(side['report']))}"
            for side in conflict["cells"]
        )
        yield Block(f"- {code(str(conflict['id']))}: {sides}", "conflict", 1)


def _notes(rows: Sequence[Row]) -> Iterator[Block]:
    """What loaders say of how it was done, and of what was not done: also of what is the same."""
    noted: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for note in row.notes:
            noted[note].append(row)
    if not noted:
        return
    lines = [
        f"- {prose(note)} ({where(members)}, by"
        f" {prose(', '.join(sorted({row.load for row in members}, key=api_order)))})"
        for note, members in sorted(noted.items(), key=lambda item: -len(item[1]))
    ]
    said = f"Notes of loaders ({count(len(lines), 'note')})"
    listed = "\n".join(lines[:_NOTES_LISTED])
    if len(lines) > _NOTES_LISTED:
        listed += f"\n- ... and {count(len(lines) - _NOTES_LISTED, 'more note')}"
    yield Block(f"<details><summary>{said}</summary>\n\n{listed}\n\n</details>", "list of notes", 3)


def _runtimes(infos: Iterable[RuntimeInfo]) -> Iterator[Block]:
    told = sorted(infos, key=lambda info: runtime_order(info.name))
    if not told:
        return
    head = ["runtime", "had by", "TensorFlow", "Keras", "tensorflow-hub", "numpy", "Python"]
    lines = [
        [code(info.name)]
        + [
            prose(version or "-")
            for version in (
                info.provider,
                info.tensorflow,
                info.keras,
                info.tensorflow_hub,
                info.numpy,
                info.python,
            )
        ]
        for info in told
    ]
    yield Block(f"## Runtimes\n\n{table_of([head, *lines])}", "table", 3)
