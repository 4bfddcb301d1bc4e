"""What a run says in the terminal: its header, and at the end the matrix and what it means.

Yields lines of (text, markup); the plugin prints them. Text is ASCII, so any encoding carries it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.folder import UNKNOWN
from pytest_tfroundtrip.messages import headline
from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.folders import of_which
from pytest_tfroundtrip.report.grid import grids
from pytest_tfroundtrip.report.groups import contradictions, grouped, lost, same_but_failed
from pytest_tfroundtrip.report.lines import BLANK, Line, count, line, runtimes, wrap, wrapped
from pytest_tfroundtrip.report.predictions import apology, line_of, said_wrongly
from pytest_tfroundtrip.report.rows import disambiguate, in_order
from pytest_tfroundtrip.report.save_pairs import pair_lines
from pytest_tfroundtrip.report.statements import Standing, statement_lines
from pytest_tfroundtrip.report.uncompared import uncompared_lines
from pytest_tfroundtrip.vocabulary import Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow

NOTES = 2  # of a loader, with a failure that no cause explains; the report has them all
EXAMPLES = 5  # of failures that no cause explains; the rest are counted


def header(
    infos: Sequence[RuntimeInfo],
    *,
    cells: int,
    saves: int,
    reused: int,
    cases: int = 0,
    folders: int = 0,
    width: int = 80,
) -> list[str]:
    """What is about to run, known when the plan is.

    Args:
        infos: the runtimes, with the versions that are known by now.
        cells: how many there are.
        saves: how many artifacts they need ...
        reused: ... and how many of these the store has already.
        cases: how many of the documents' sentences are tried.
        folders: how many SavedModels came as folders.
        width: of the terminal.
    """
    providers = ", ".join(sorted({info.provider for info in infos}))
    stored = f" ({reused} from the store)" if reused else ""
    what = [count(cells, "cell")] if cells or not cases else []
    what += [f"{count(saves, 'save')}{stored}"] if what and (saves or not folders) else []
    what += [count(folders, "folder")] if folders else []
    what += [count(cases, "case")] if cases else []
    head = (
        f"tf-roundtrip: {', '.join(what)} on"
        f" {count(len(infos), 'runtime')}{f' ({providers})' if providers else ''}"
    )
    name_width = max((len(info.name) for info in infos), default=0)
    lines = wrap(head, width, rest="  ")
    for info in sorted(infos, key=lambda info: runtime_order(info.name)):
        versions = [
            f"{what} {version}"
            for what, version in (
                ("TensorFlow", info.tensorflow),
                ("Keras", info.keras),
                ("tensorflow-hub", info.tensorflow_hub),
                ("numpy", info.numpy),
                ("Python", info.python),
            )
            if version
        ]
        first = f"  {info.name:{name_width}}  "
        text = ", ".join(versions) or "not made yet"
        lines += wrap(text, width, first, " " * len(first))
    return lines


def summary(
    rows: Iterable[Row],
    *,
    width: int = 80,
    quiet: bool = False,
    statements: Sequence[StatementRow] = (),
    save_pairs: Sequence[SavePair] = (),
) -> Iterator[Line]:
    """The matrix, the counts, contradictions and failures by cause, and the closing line.

    Args:
        rows: one per cell, in any order.
        width: of the terminal.
        quiet: (``-q``) leave failures, what was seen of pairs of saves, and the closing line.
        statements: the documents' sentences that were tried.
        save_pairs: the pairs of saves that were asked for.

    Yields:
        Lines; none where there are neither cells nor sentences nor pairs.
    """
    ordered = in_order(disambiguate(rows))
    if not quiet and ordered:
        yield from grids([row for row in ordered if row.verdict is not None], width)
        yield from _counts(ordered, width)
        yield from _contradictions(ordered, width)
    yield from _mispredicted(ordered, width)
    yield from pair_lines(save_pairs, width, quiet=quiet)
    yield from statement_lines(statements, width, quiet=quiet)
    yield from _unavailable(ordered, width)
    yield from _failures(ordered, width)
    yield from uncompared_lines(ordered, width)
    answer = closing(ordered, statements)
    if not answer:
        return
    failed = any(row.failed for row in ordered) or any(row.failed for row in statements)
    known = any(row.contradiction for row in ordered)
    known = known or any(row.standing is Standing.KNOWN for row in statements)
    colour = "red" if failed else "yellow" if known else "green"
    for text in wrap(answer, width):
        yield line(text, bold=True, **{colour: True})


def _counts(rows: Sequence[Row], width: int) -> Iterator[Line]:
    verdicts = Counter(row.verdict for row in rows)
    parts = [f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict]]
    parts += [f"{verdicts[None]} not run"] if verdicts[None] else []
    yield from _sentence(f"{count(len(rows), 'cell')}: {', '.join(parts)}", width)
    # Of those alone that the closing line speaks of: nothing is promised of what is not there.
    promises = Counter(row.promise for row in rows if row.answered)
    said = ", ".join(f"{promises[promise]} {promise}" for promise in Promise if promises[promise])
    if said:
        silent = [
            f"{number} {verdict or 'not run'}"
            for verdict, number in verdicts.items()
            if verdict in (None, Verdict.ABSENT, Verdict.ENV_ERROR)
        ]
        without = f" (without the {' and the '.join(silent)})" if silent else ""
        yield from _sentence(f"the documents: {said}{without}", width)
    outcomes = Counter(row.outcome for row in rows)
    words = ("passed", "failed", "error", "xfailed", "skipped")
    told = [f"{outcomes[word]} {word}" for word in words if outcomes[word]]
    told += [f"{number} {word}" for word, number in outcomes.items() if word not in (*words, None)]
    told += [f"{outcomes[None]} no test"] if outcomes[None] else []
    yield from _sentence(f"pytest: {', '.join(told)}", width)
    if predictions := line_of(rows):
        yield from _sentence(predictions, width)
    yield BLANK


def _sentence(text: str, width: int) -> Iterator[Line]:
    for row in wrap(text, width, rest="  "):
        yield line(row)


def _contradictions(rows: Sequence[Row], width: int) -> Iterator[Line]:
    for title, group in contradictions(rows):
        head = f"contradictions: {title} ({count(len(group), 'cell')})"
        yield from _title(head, width, yellow=True)
        for cause, members in grouped(group, "cause"):
            yield from _cause(cause or "not in the causes", members, width)
            if members[0].why:
                yield from wrapped(members[0].why, width, 4)
            for statement, quoted in grouped(members, "statement"):
                if statement:
                    source = f" ({quoted[0].document})" if quoted[0].document else ""
                    yield from wrapped(f'"{statement}"{source}', width, 4, "against: ")
        yield BLANK


def _mispredicted(rows: Sequence[Row], width: int) -> Iterator[Line]:
    """Loads that were said to fail and did not: nobody's fault but ours."""
    wrong = [row for row in rows if row.mispredicted]
    if not wrong:
        return
    yield from _title(apology(len(wrong)), width, red=True)
    for row in wrong[:EXAMPLES]:
        yield from wrapped(said_wrongly(row), width, 2, "- ")
        yield line(f"    rerun: {row.command}")
    if len(wrong) > EXAMPLES:
        yield line(f"  ... and {count(len(wrong) - EXAMPLES, 'more cell')}")
    yield BLANK


def _unavailable(rows: Sequence[Row], width: int) -> Iterator[Line]:
    broken = [row for row in rows if row.verdict is Verdict.ENV_ERROR]
    if not broken:
        return
    title = f"runtimes that could not be had ({count(len(broken), 'cell')})"
    yield from _title(title, width, red=True)
    for message, members in grouped(broken, "message"):
        text = " ".join((message or "no message").split())
        yield from wrapped(text, width, 2, f"{count(len(members), 'cell')}: ")
        if members[0].remedy:
            yield from wrapped(members[0].remedy, width, 4, "what to do: ")
    yield BLANK


def _failures(rows: Sequence[Row], width: int) -> Iterator[Line]:
    for title, members in same_but_failed(rows):
        yield from _same(title, members, width)
    failed = lost(rows)
    if not failed:
        return
    yield from _title(f"failures by cause ({count(len(failed), 'cell')})", width, red=True)
    for cause, members in grouped(failed, "cause"):
        if cause is None:
            yield from _unexplained(members, width)
            continue
        yield from _cause(cause, members, width)
        first = members[0]
        for head, name in (("why", "why"), ("what to do", "remedy")):
            if text := getattr(first, name):
                # Where models differ in it, paths and names are those of one.
                others = any(
                    row.model != first.model and getattr(row, name) != text for row in members
                )
                of = f"of {first.model}: " if others else ""
                yield from wrapped(f"{of}{text}", width, 4, f"{head}: ")
        for note, noted in grouped(members, "note"):
            if note:
                yield from wrapped(f"{note} ({count(len(noted), 'cell')})", width, 4, "but: ")
        yield line(f"    rerun one: {first.command}")
    yield BLANK


def _same(title: str, rows: Sequence[Row], width: int) -> Iterator[Line]:
    """What came back the same in tests that failed."""
    yield from _title(f"{title} ({count(len(rows), 'cell')})", width, red=True)
    for row in rows[:EXAMPLES]:
        yield from wrapped(row.sentence, width, 2, "- ")
        if row.note:
            yield from wrapped(row.note, width, 4, "but: ")
        yield line(f"    rerun: {row.command}")
    if len(rows) > EXAMPLES:
        yield line(f"  ... and {count(len(rows) - EXAMPLES, 'more cell')}")
    yield BLANK


def _unexplained(rows: Sequence[Row], width: int) -> Iterator[Line]:
    yield from _cause("no known cause", rows, width)
    for row in _unlike_first(rows)[:EXAMPLES]:
        said = row.note or headline(row.message)
        verdict = row.verdict or "not run"
        yield from wrapped(
            f"{row.sentence}: {verdict}{f': {said}' if said else ''}", width, 4, "- "
        )
        for note in row.notes[:NOTES]:
            yield from wrapped(note, width, 6, "note: ")
        yield line(f"      rerun: {row.command}")
    if len(rows) > EXAMPLES:
        yield line(f"    ... and {count(len(rows) - EXAMPLES, 'more cell')}")


def _unlike_first(rows: Sequence[Row]) -> list[Row]:
    """One of each model and message before a second of any: a few are shown."""
    seen: set[tuple[str, str]] = set()
    first: list[Row] = []
    others: list[Row] = []
    for row in rows:
        kind = (row.model, headline(row.message))
        (others if kind in seen else first).append(row)
        seen.add(kind)
    return first + others


def _title(text: str, width: int, **markup: bool) -> Iterator[Line]:
    for row in wrap(text, width, rest="  "):
        yield line(row, bold=True, **markup)


def _cause(name: str, rows: Sequence[Row], width: int) -> Iterator[Line]:
    """A cause, how many cells it struck and between which runtimes."""
    saves = [row.save_runtime for row in rows if row.save_runtime != UNKNOWN]
    loads = [row.load_runtime for row in rows if row.load_runtime]
    parts = [f"{count(len(rows), 'cell')}{of_which(rows)}"]
    parts += [f"saved by {runtimes(saves)}"] if saves else []
    parts += [f"loaded by {runtimes(loads)}"] if loads else []
    yield from wrapped(", ".join(parts), width, 2, f"{name}: ")
