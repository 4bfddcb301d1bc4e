"""The rows as GitHub-flavoured Markdown: a CI job's summary, or a page to keep.

What people or TensorFlow wrote (names, messages, commands) never becomes markup, and the page is
never larger than GitHub takes: what does not fit is left out, and counted in its last sentence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.prose import code, fenced, prose, prose_with_code
from pytest_tfroundtrip.report import folders
from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.grid import FULL_PAIRS, pairs_of, share_of
from pytest_tfroundtrip.report.lines import count, runtimes
from pytest_tfroundtrip.report.places import CONTRADICTION, FAILED, piece_of
from pytest_tfroundtrip.report.predictions import apology, line_of, said_wrongly
from pytest_tfroundtrip.report.rows import UNEXPECTED, disambiguate, in_order
from pytest_tfroundtrip.report.save_pairs import by_move, by_part, seen_of
from pytest_tfroundtrip.report.statements import Standing
from pytest_tfroundtrip.report.terminal import grouped
from pytest_tfroundtrip.vocabulary import Operation, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_tfroundtrip.report.places import Piece
    from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow

#: Bytes. GitHub drops a step's summary that is larger than 1 MiB as a whole; the rest is for what
#: else the step may write.
LIMIT = 1_000_000
NOTES = 10  # of a loader on one cell
FOLDERS = 200  # in a table; of more those that are the same everywhere are counted
EXAMPLES = 25  # of failures that no cause explains; the rest are counted
MESSAGE_LINES = 20
MESSAGE_WIDTH = 300  # a graph's text is one line of a megabyte

_MARKS = {FAILED: "❌ ", CONTRADICTION: "⚠️ "}
_WORDS = list(Operation)


@dataclass(frozen=True)
class _Block:
    """A part of the page that is left out as a whole, if at all."""

    text: str
    kind: str  # what the last sentence counts it as: "table"; empty: nothing is missed
    rank: int  # the lowest have their place first


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
        *_matrices([row for row in ordered if row.verdict is not None]),
        *_mispredicted([row for row in ordered if row.mispredicted]),
        *_unavailable([row for row in ordered if row.verdict is Verdict.ENV_ERROR]),
        *_same("The same, but the test itself failed", [row for row in ordered if row.asserted]),
        *_same(f"The same: {UNEXPECTED}", [row for row in ordered if row.unexpected]),
        *_failures([row for row in ordered if row.lost and row.verdict is not Verdict.ENV_ERROR]),
        *_contradictions([row for row in ordered if row.contradiction]),
        *_statements(statements),
        *_save_pairs(save_pairs),
        *_notes(ordered),
        *_runtimes(infos),
    ]
    return _bounded(blocks, limit)


def _shortened(text: str) -> str:
    lines = text.splitlines()
    kept = [
        line if len(line) <= MESSAGE_WIDTH else f"{line[:MESSAGE_WIDTH]} ..."
        for line in lines[:MESSAGE_LINES]
    ]
    if len(lines) > MESSAGE_LINES:
        kept.append(f"... {count(len(lines) - MESSAGE_LINES, 'more line')}")
    return "\n".join(kept)


# The parts


def _head(rows: Sequence[Row], statements: Sequence[StatementRow]) -> Iterator[_Block]:
    answer = closing(rows, statements) or "There are no cells."
    yield _Block(f"# TensorFlow round trips\n\n**{prose(answer)}**", "answer", 0)
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
    yield _Block(f"{_table(table)}\n\n{sentence}", "table", 0)


def _conflicts(conflicts: Sequence[Mapping[str, Any]]) -> Iterator[_Block]:
    if not conflicts:
        return
    title = f"## Reports disagree on {count(len(conflicts), 'result')}"
    yield _Block(f"{title}\n\nThe worse one stands in the tables below.", "", 1)
    for conflict in conflicts:
        sides = "; ".join(
            f"{code(str(side['verdict'] or 'not run'))}"
            f" ({prose(str(side['outcome'] or 'no test'))}) in {code(str(side['report']))}"
            for side in conflict["cells"]
        )
        yield _Block(f"- {code(str(conflict['id']))}: {sides}", "conflict", 1)


def _matrices(rows: Sequence[Row]) -> Iterator[_Block]:
    creations = [row for row in rows if row.creation]
    if creations:
        yield _Block(f"## Saving\n\n{_creation(creations)}", "table", 2)
    operations = sorted({row.operation for row in rows if not row.creation}, key=_WORDS.index)
    for operation in operations:
        of_both = [row for row in rows if row.operation is operation]
        title = f" for {operation}" if len(operations) > 1 else ""
        yield _Block(f"## Loading{title}", "", 0)
        chosen = [row for row in of_both if not row.writers]
        yield from _folders([row for row in of_both if row.writers])
        many = len(pairs_of(chosen)) > FULL_PAIRS
        if many:
            yield _map_of_pairs(chosen)
        for saved in sorted({row.save_runtime for row in chosen}, key=runtime_order):
            yield _saved_by(saved, [row for row in chosen if row.save_runtime == saved], many=many)
    legend = _legend(rows)
    if legend:
        yield _Block(legend, "", 0)


def _folders(rows: Sequence[Row]) -> Iterator[_Block]:
    """A line for each SavedModel that came as a folder, with the release that wrote it."""
    if not rows:
        return
    found = folders.grid(rows, most=FOLDERS)
    if found.labels:
        groups = [
            column.group if column.group != before else ""
            for before, column in zip(
                ("", *(column.group for column in found.columns)), found.columns, strict=False
            )
        ]
        table = _table(
            [
                ["written by", *map(prose, groups)],
                ["", *(code(column.heading) for column in found.columns)],
                *(
                    [prose(label), *(_shown(column.pieces[place]) for column in found.columns)]
                    for place, label in enumerate(found.labels)
                ),
            ]
        )
        yield _Block(table, "table", 2)
    for said in filter(None, (folders.held_against(rows), folders.made_up(rows))):
        yield _Block(prose(said), "", 1)
    if found.left_out:
        said = "more folders are" if found.left_out > 1 else "more folder is"
        yield _Block(f"{found.left_out} {said} the same everywhere.", "", 0)


def _creation(rows: Sequence[Row]) -> str:
    by_place: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.save, row.save_runtime].append(row)
    names = sorted({row.save_runtime for row in rows}, key=runtime_order)
    savers = sorted({row.save for row in rows}, key=api_order)
    return _table(
        [
            ["saved by", *map(code, names)],
            *(
                [code(saver), *(_shown(piece_of(by_place[saver, name])) for name in names)]
                for saver in savers
            ),
        ]
    )


def _saved_by(saved: str, rows: Sequence[Row], *, many: bool) -> _Block:
    """The table of one save runtime: a line for each way to load, a column for each saver."""
    by_place: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.load_runtime, row.load, row.saved].append(row)
    savers = sorted({row.saved for row in rows}, key=api_order)
    ways = sorted(
        {(row.load_runtime, row.load) for row in rows},
        key=lambda way: (runtime_order(way[0]), api_order(way[1])),
    )
    table = _table(
        [
            ["loaded by", "", *map(code, savers)],
            *(
                [code(runtime), code(loader)]
                + [_shown(piece_of(by_place[runtime, loader, saver])) for saver in savers]
                for runtime, loader in ways
            ),
        ]
    )
    title = f"Saved by {prose(saved)}"
    if many:
        failed = sum(row.failed for row in rows)
        said = f"{title}: {count(failed, 'cell')} failed" if failed else title
        text = f"<details><summary>{said}</summary>\n\n{table}\n\n</details>"
        return _Block(text, "table", 2)
    return _Block(f"### {title}\n\n{table}", "table", 2)


def _map_of_pairs(rows: Sequence[Row]) -> _Block:
    pairs = pairs_of(rows)
    loads = sorted({loaded for _, loaded in pairs}, key=runtime_order)
    table = _table(
        [
            ["saved by (down), loaded by (across)", *map(code, loads)],
            *(
                [code(saved), *(_shown(share_of(pairs.get((saved, load), []))) for load in loads)]
                for saved in sorted({saved for saved, _ in pairs}, key=runtime_order)
            ),
        ]
    )
    said = (
        "How many cells of a pair of runtimes are the same. Left out: what the documents exclude,"
        " and loads of what was not saved."
    )
    return _Block(f"{said}\n\n{table}", "table", 2)


def _legend(rows: Sequence[Row]) -> str:
    legend = []
    if any(row.failed for row in rows):
        legend.append(f"{_MARKS[FAILED]}failed")
    if any(row.contradiction for row in rows):
        legend.append(f"{_MARKS[CONTRADICTION]}contradicts the documents, cause known")
    if any(row.verdict is Verdict.ABSENT for row in rows):
        legend.append("- no such API in that release, or no `keras_model()`")
    legend += folders.of_several(rows)
    return "; ".join(legend)


def _mispredicted(rows: Sequence[Row]) -> Iterator[_Block]:
    if not rows:
        return
    yield _Block(f"## Wrong predictions\n\n{prose(apology(len(rows)))}", "", 0)
    for row in rows:
        parts = [f"- {prose(said_wrongly(row))}", f"  {code(row.command)}"]
        yield _Block("\n".join(parts), "wrong prediction", 1)


def _unavailable(rows: Sequence[Row]) -> Iterator[_Block]:
    if not rows:
        return
    title = f"## Runtimes that could not be had ({count(len(rows), 'cell')})"
    yield _Block(title, "", 0)
    for message, members in grouped(rows, "message"):
        parts = [_where(members), fenced(_shortened(message or "no message"))]
        if members[0].remedy:
            parts.append(f"What to do: {prose_with_code(members[0].remedy)}")
        yield _Block("\n\n".join(parts), "unavailable runtime", 1)


def _same(title: str, rows: Sequence[Row]) -> Iterator[_Block]:
    if not rows:
        return
    yield _Block(f"## {title} ({count(len(rows), 'cell')})", "", 0)
    yield from _each(rows)


def _failures(rows: Sequence[Row]) -> Iterator[_Block]:
    if not rows:
        return
    yield _Block(f"## Failures by cause ({count(len(rows), 'cell')})", "", 0)
    for cause, members in grouped(rows, "cause"):
        if cause is None:
            said = f"### No known cause\n\n{_where(members)}"
            yield _Block(said, "cause", 1)
            yield from _each(members)
            continue
        first = members[0]
        parts = [f"### {code(cause)}", _where(members)]
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
        yield _Block("\n\n".join(parts), "cause", 1)


def _each(rows: Sequence[Row]) -> Iterator[_Block]:
    for row in rows[:EXAMPLES]:
        said = row.note or row.message
        parts = [f"**{prose(row.sentence)}**: {code(str(row.verdict or 'not run'))}"]
        if said:
            parts.append(fenced(_shortened(said)))
        if row.notes:
            parts.append("\n".join(f"- note: {prose(note)}" for note in row.notes[:NOTES]))
        parts.append(fenced(row.command, "console"))
        yield _Block("\n\n".join(parts), "failing cell", 2)
    if len(rows) > EXAMPLES:
        more = count(len(rows) - EXAMPLES, "more cell")
        yield _Block(f"... and {more}: the JSON report has them.", "", 1)


def _contradictions(rows: Sequence[Row]) -> Iterator[_Block]:
    broken = [row for row in rows if row.verdict is not Verdict.SAME]
    works = [row for row in rows if row.verdict is Verdict.SAME]
    for title, group in (
        ("the documents promise it, TensorFlow breaks it", broken),
        ("the documents deny it, TensorFlow does it", works),
    ):
        if not group:
            continue
        head = f"## Contradictions: {title} ({count(len(group), 'cell')})"
        yield _Block(head, "", 0)
        for cause, members in grouped(group, "cause"):
            first = members[0]
            parts = [f"### {code(cause) if cause else 'Not in the causes'}", _where(members)]
            if first.why:
                parts.append(f"Why: {prose(first.why)}")
            for statement, quoted in grouped(members, "statement"):
                if statement:
                    source = f" ({prose(quoted[0].document)})" if quoted[0].document else ""
                    parts.append(f"> {prose(statement)}{source}")
            if first.remedy:
                parts.append(f"What to do: {prose_with_code(first.remedy)}")
            yield _Block("\n\n".join(parts), "contradiction", 3)


def _statements(rows: Sequence[StatementRow]) -> Iterator[_Block]:
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
    yield _Block(f"{title}\n\n{_table(lines)}", "table", 2)
    for row in rows:
        if row.standing not in (Standing.KEPT, Standing.NOT_RUN):
            yield _statement(row)


def _statement(row: StatementRow) -> _Block:
    """Why a sentence does not stand as it is written."""
    head = f"**{code(row.case)} under {prose(row.runtime)}**: {prose(str(row.standing))}"
    if row.standing is Standing.KNOWN:
        return _Block(f"{head}: {prose(row.why or row.message)}", "sentence", 3)
    parts = [head, *(f"> {prose(quote)}" for quote in row.quotes)]
    if row.note:
        parts.append(f"But: {prose(row.note)}")
    if row.message:
        parts.append(fenced(_shortened(row.message)))
    if row.command:
        parts.append(fenced(row.command, "console"))
    return _Block("\n\n".join(parts), "sentence", 1)


def _standing(standing: Standing) -> str:
    if standing is Standing.KNOWN:
        return f"{_MARKS[CONTRADICTION]}contradicted"
    if standing in (Standing.KEPT, Standing.NOT_RUN):
        return str(standing)
    return f"{_MARKS[FAILED]}{standing}"


def _save_pairs(pairs: Sequence[SavePair]) -> Iterator[_Block]:
    """A part for each move of a writer: a line for each thing that changes."""
    if not pairs:
        return
    yield _Block(f"## What changes for a reader ({count(len(pairs), 'pair')} of saves)", "", 0)
    for (old, new), members in by_move(pairs).items():
        parts = [
            f"### {code(str(old))} → {code(str(new))}",
            prose(seen_of(members)),
        ]
        lines = [
            [str(part), prose(sentence.partition("\n")[0]), prose(", ".join(models))]
            for part, sentences in by_part(members).items()
            for sentence, models in sentences.items()
        ]
        if lines:
            parts.append(_table([["part", "change", "models"], *lines]))
        for why in dict.fromkeys(pair.message for pair in members if pair.message):
            models = ", ".join(pair.model for pair in members if pair.message == why)
            parts.append(f"Not compared for {prose(models)}: {prose(why)}")
        missed = dict.fromkeys(each for pair in members for each in pair.not_compared)
        if missed:
            parts.append(f"Not compared: {prose(', '.join(missed))}")
        yield _Block("\n\n".join(parts), "pair of saves", 2)


def _notes(rows: Sequence[Row]) -> Iterator[_Block]:
    """What loaders say of how it was done, and of what was not done: also of what is the same."""
    noted: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for note in row.notes:
            noted[note].append(row)
    if not noted:
        return
    lines = [
        f"- {prose(note)} ({_where(members)}, by"
        f" {prose(', '.join(sorted({row.load for row in members}, key=api_order)))})"
        for note, members in sorted(noted.items(), key=lambda item: -len(item[1]))
    ]
    said = f"Notes of loaders ({count(len(lines), 'note')})"
    listed = "\n".join(lines[:_NOTES_LISTED])
    if len(lines) > _NOTES_LISTED:
        listed += f"\n- ... and {count(len(lines) - _NOTES_LISTED, 'more note')}"
    yield _Block(
        f"<details><summary>{said}</summary>\n\n{listed}\n\n</details>", "list of notes", 3
    )


_NOTES_LISTED = 100


def _runtimes(infos: Iterable[RuntimeInfo]) -> Iterator[_Block]:
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
    yield _Block(f"## Runtimes\n\n{_table([head, *lines])}", "table", 3)


# How it is put together


def _where(rows: Sequence[Row]) -> str:
    """How many cells, and between which runtimes."""
    cells = f"{count(len(rows), 'cell')}{folders.of_which(rows)}"
    said = f"{cells}, saved by {runtimes(row.save_runtime for row in rows)}"
    loads = [row.load_runtime for row in rows if row.load_runtime]
    return prose(f"{said}, loaded by {runtimes(loads)}" if loads else said)


def _shown(piece: Piece) -> str:
    return f"{_MARKS.get(piece.mark, '')}{piece.text}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    """A table; the first line is its head. Cells are Markdown already."""
    head, *rest = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([head, "|" + " --- |" * len(lines[0]), *rest])


def _bounded(blocks: Sequence[_Block], limit: int) -> str:
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


def _size(block: _Block) -> int:
    return len(block.text.encode("utf-8", "backslashreplace")) + 2


_RESERVED = 400  # bytes of the sentence that says what was left out
