"""The matrix people came for: savers and loaders crossed, for each pair of runtimes."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.report import folders
from pytest_tfroundtrip.report.lines import BLANK, Line, Segment, count, line, wrapped
from pytest_tfroundtrip.report.places import (
    CONTRADICTION,
    FAILED,
    Column,
    Piece,
    asked,
    piece_of,
    stress,
)
from pytest_tfroundtrip.vocabulary import Operation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row

#: Up to three runtimes crossed are shown in full, more as one map of pairs and what failed.
FULL_PAIRS = 9
_SHARE = re.compile(r"^.\w+ \d+/\d+$")
FOLDERS = 40  # of more those that are the same everywhere are counted


def grids(rows: Sequence[Row], width: int) -> Iterator[Line]:
    """Every grid of a run, and a legend of the signs that occur in them."""
    lines = list(_grids(rows, width))
    yield from lines
    shares = any(_SHARE.search(text) for line_ in lines for text, _ in line_)
    yield from _legend(rows, width, shares=shares)


def _grids(rows: Sequence[Row], width: int) -> Iterator[Line]:
    creations = [row for row in rows if row.creation]
    if creations:
        yield from _creation(creations, width)
    operations = sorted({row.operation for row in rows if not row.creation}, key=_WORDS.index)
    for operation in operations:
        chosen = [row for row in rows if row.operation is operation]
        # The word is needed only where there is more than one thing that was done with a load.
        title = f"{operation}, " if len(operations) > 1 else ""
        ours = [row for row in chosen if not row.writers]
        if len(pairs_of(ours)) > FULL_PAIRS:
            yield from _map_of_pairs(ours, width, title)
        else:
            yield from _by_pair(ours, width, title)
        yield from _of_folders([row for row in chosen if row.writers], width, title)


_WORDS = list(Operation)


def _creation(rows: Sequence[Row], width: int) -> Iterator[Line]:
    by_place: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.save_runtime, row.save].append(row)
    savers = sorted({saver for _, saver in by_place}, key=api_order)
    columns = [
        Column(runtime, [piece_of(by_place[runtime, saver]) for saver in savers])
        for runtime in sorted({runtime for runtime, _ in by_place}, key=runtime_order)
    ]
    yield from table("saving under", savers, columns, width)


def _by_pair(
    rows: Sequence[Row], width: int, title: str, only: Iterable[tuple[str, str]] | None = None
) -> Iterator[Line]:
    """A block per save runtime, in it a group of columns per load runtime."""
    chosen = set(pairs_of(rows) if only is None else only)
    by_place: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.save_runtime, row.load_runtime, row.saved, row.load].append(row)
    loaders = sorted({row.load for row in rows}, key=api_order)
    for saved in sorted({pair[0] for pair in chosen}, key=runtime_order):
        savers = sorted({row.saved for row in rows if row.save_runtime == saved}, key=api_order)
        columns = [
            Column(
                loader,
                [piece_of(by_place[saved, loaded, saver, loader]) for saver in savers],
                f"{title}loaded by {loaded}",
            )
            for loaded in sorted(
                {pair[1] for pair in chosen if pair[0] == saved}, key=runtime_order
            )
            for loader in loaders
        ]
        columns = [column for column in columns if any(piece.text for piece in column.pieces)]
        yield from table(f"saved by {saved}", savers, columns, width)


def _of_folders(rows: Sequence[Row], width: int, title: str) -> Iterator[Line]:
    """A line for each SavedModel that came as a folder, with the release that wrote it."""
    if not rows:
        return
    found = folders.grid(rows, title, most=FOLDERS)
    if found.labels:
        yield from table("written by", found.labels, found.columns, width)
    for said in filter(None, (folders.held_against(rows), folders.made_up(rows))):
        yield from wrapped(said, width)
        yield BLANK
    if found.left_out:
        more = "more folders are" if found.left_out > 1 else "more folder is"
        yield line(f"{found.left_out} {more} the same everywhere")
        yield BLANK


def _map_of_pairs(rows: Sequence[Row], width: int, title: str) -> Iterator[Line]:
    """One place per pair of runtimes: too many pairs to show each; then those that failed."""
    pairs = pairs_of(rows)
    saves = sorted({saved for saved, _ in pairs}, key=runtime_order)
    columns = [
        Column(loaded, [share_of(pairs.get((saved, loaded), [])) for saved in saves])
        for loaded in sorted({loaded for _, loaded in pairs}, key=runtime_order)
    ]
    all_same = sum(share_of(group).text == "same" for group in pairs.values())
    yield from table(f"{title}saved by (down), loaded by (across)", saves, columns, width)
    yield from wrapped(
        f"{all_same} of {len(pairs)} pairs of runtimes are all same; of the others, how many of"
        " their cells are. Left out: what the documents exclude, and loads of what was not saved.",
        width,
    )
    yield BLANK
    failed = [pair for pair, group in pairs.items() if any(row.failed for row in group)]
    failed.sort(key=lambda pair: (runtime_order(pair[0]), runtime_order(pair[1])))
    yield from _by_pair(rows, width, title, failed[:FULL_PAIRS])
    if len(failed) > FULL_PAIRS:
        more = count(len(failed) - FULL_PAIRS, "more pair")
        yield line(f"{more} with failures: the report (--tf-report) has every cell")
        yield BLANK


def share_of(rows: Sequence[Row]) -> Piece:
    """What came of the models that can be asked: "same", or how many came back so, "1/3"."""
    there = [row for row in rows if asked(row)]
    if not there:
        return Piece("-" if rows else "")
    same = sum(row.verdict is Verdict.SAME for row in there)
    text = "same" if same == len(there) else f"{same}/{len(there)}"
    return Piece(text, *stress(there, all_same=same == len(there)))


def pairs_of(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """The rows by save and load runtime."""
    pairs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        pairs[row.save_runtime, row.load_runtime].append(row)
    return dict(pairs)


def table(
    title: str, labels: Sequence[str], columns: Sequence[Column], width: int
) -> Iterator[Line]:
    """Labels down, columns across; what does not fit the width goes into a further block."""
    margin = 2 + max(len(label) for label in labels)
    beside = len(title) <= margin or len(title) < _TITLE_BESIDE
    if beside:
        margin = max(margin, len(title))
    else:
        yield line(title, bold=True)
    for block in _blocks(columns, width - margin):
        heads = [""] * len(block)
        spans = _spans(block)
        if block[0].group:
            for start, _ in spans:
                heads[start] = block[start].group
            yield _heading(title if beside else "", margin, block, spans, heads, grouped=True)
            yield _heading("", margin, block, spans, [column.heading for column in block])
        else:
            headings = [column.heading for column in block]
            yield _heading(title if beside else "", margin, block, spans, headings)
        starts = {start for start, _ in spans}
        for index, label in enumerate(labels):
            segments: list[Segment] = [(f"  {label}".ljust(margin), {})]
            for place, (column, wide) in enumerate(zip(block, _widths(block, spans), strict=True)):
                piece = column.pieces[index]
                gap = "  " if place in starts and column.group else " "
                segments.append((gap, {}))
                segments.append((f"{piece.mark}{piece.text}", piece.markup))
                segments.append((" " * (wide - len(piece.text)), {}))
            segments[-1] = ("", {})  # no blanks at the end of a line
            yield tuple(segments)
        yield BLANK


_TITLE_BESIDE = 16  # "saved by 2.21+v1": longer titles would push the columns out, and stand above


def _heading(
    title: str,
    margin: int,
    block: Sequence[Column],
    spans: Sequence[tuple[int, int]],
    words: Sequence[str],
    *,
    grouped: bool = False,
) -> Line:
    text = ""
    widths = _widths(block, spans)
    for start, end in spans:
        inner = "".join(
            "  " + word.ljust(wide)
            for word, wide in zip(words[start:end], widths[start:end], strict=True)
        )
        if grouped:
            inner = f"  {words[start]}".ljust(sum(widths[start:end]) + 2 * (end - start))
        text += (" " if block[start].group else "") + inner
    return ((title.ljust(margin), {"bold": True}), (text.rstrip(), {"bold": grouped}))


def _spans(block: Sequence[Column]) -> list[tuple[int, int]]:
    """First and last + 1 of each run of columns under the same group heading."""
    starts = [
        place
        for place, column in enumerate(block)
        if place == 0 or not column.group or column.group != block[place - 1].group
    ]
    return list(zip(starts, [*starts[1:], len(block)], strict=True))


def _widths(block: Sequence[Column], spans: Sequence[tuple[int, int]]) -> list[int]:
    widths = [column.width for column in block]
    for start, end in spans:  # a group's heading may be wider than all its columns
        lacking = len(block[start].group) + 2 - sum(widths[start:end]) - 2 * (end - start)
        widths[end - 1] += max(0, lacking)
    return widths


def _blocks(columns: Sequence[Column], room: int) -> Iterator[list[Column]]:
    """As many whole groups as fit; a group wider than the room is cut between its columns."""
    block: list[Column] = []
    for start, end in _spans(columns):
        group = list(columns[start:end])
        if block and _wide([*block, *group]) > room:
            yield block
            block = []
        for column in group:
            if block and _wide([*block, column]) > room:
                yield block
                block = []
            block.append(column)
    if block:
        yield block


def _wide(block: Sequence[Column]) -> int:
    spans = _spans(block)
    groups = len(spans) if block[0].group else 0
    return sum(_widths(block, spans)) + 2 * len(block) + groups


def _legend(rows: Sequence[Row], width: int, *, shares: bool) -> Iterator[Line]:
    legend = []
    if any(row.failed for row in rows):
        legend.append(f"{FAILED} failed")
    if any(row.contradiction for row in rows):
        legend.append(f"{CONTRADICTION} contradicts the documents, cause known")
    if any(row.verdict is Verdict.ABSENT for row in rows):
        legend.append("- no such API in that release, or no keras_model()")
    if any(row.outcome == "xfailed" and not row.contradiction for row in rows):
        legend.append("without a sign: as expected")
    legend += folders.of_several(rows) if shares else []
    if legend:
        yield from wrapped("; ".join(legend), width)
        yield BLANK
