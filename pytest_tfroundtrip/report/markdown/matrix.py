"""Tables of who saved and who loads."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.prose import code, prose
from pytest_tfroundtrip.report import folders
from pytest_tfroundtrip.report.grid import FULL_PAIRS, pairs_of, share_of
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.markdown.blocks import (
    MARKS,
    Block,
    shown,
    table_of,
)
from pytest_tfroundtrip.report.places import CONTRADICTION, FAILED, piece_of
from pytest_tfroundtrip.vocabulary import Operation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row

FOLDERS = 200  # in a table; of more those that are the same everywhere are counted
_WORDS = list(Operation)


def matrices(rows: Sequence[Row]) -> Iterator[Block]:
    """The tables of each operation, saves first, and what their signs mean."""
    creations = [row for row in rows if row.creation]
    if creations:
        yield Block(f"## Saving\n\n{_creation(creations)}", "table", 2)
    operations = sorted({row.operation for row in rows if not row.creation}, key=_WORDS.index)
    for operation in operations:
        of_both = [row for row in rows if row.operation is operation]
        title = f" for {operation}" if len(operations) > 1 else ""
        yield Block(f"## Loading{title}", "", 0)
        chosen = [row for row in of_both if not row.writers]
        yield from _folders([row for row in of_both if row.writers])
        many = len(pairs_of(chosen)) > FULL_PAIRS
        if many:
            yield _map_of_pairs(chosen)
        for saved in sorted({row.save_runtime for row in chosen}, key=runtime_order):
            yield _saved_by(saved, [row for row in chosen if row.save_runtime == saved], many=many)
    legend = _legend(rows)
    if legend:
        yield Block(legend, "", 0)


def _folders(rows: Sequence[Row]) -> Iterator[Block]:
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
        table = table_of(
            [
                ["written by", *map(prose, groups)],
                ["", *(code(column.heading) for column in found.columns)],
                *(
                    [prose(label), *(shown(column.pieces[place]) for column in found.columns)]
                    for place, label in enumerate(found.labels)
                ),
            ]
        )
        yield Block(table, "table", 2)
    for said in filter(None, (folders.held_against(rows), folders.made_up(rows))):
        yield Block(prose(said), "", 1)
    if found.left_out:
        said = "more folders are" if found.left_out > 1 else "more folder is"
        yield Block(f"{found.left_out} {said} the same everywhere.", "", 0)


def _creation(rows: Sequence[Row]) -> str:
    by_place: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.save, row.save_runtime].append(row)
    names = sorted({row.save_runtime for row in rows}, key=runtime_order)
    savers = sorted({row.save for row in rows}, key=api_order)
    return table_of(
        [
            ["saved by", *map(code, names)],
            *(
                [code(saver), *(shown(piece_of(by_place[saver, name])) for name in names)]
                for saver in savers
            ),
        ]
    )


def _saved_by(saved: str, rows: Sequence[Row], *, many: bool) -> Block:
    """The table of one save runtime: a line for each way to load, a column for each saver."""
    by_place: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[row.load_runtime, row.load, row.saved].append(row)
    savers = sorted({row.saved for row in rows}, key=api_order)
    ways = sorted(
        {(row.load_runtime, row.load) for row in rows},
        key=lambda way: (runtime_order(way[0]), api_order(way[1])),
    )
    table = table_of(
        [
            ["loaded by", "", *map(code, savers)],
            *(
                [code(runtime), code(loader)]
                + [shown(piece_of(by_place[runtime, loader, saver])) for saver in savers]
                for runtime, loader in ways
            ),
        ]
    )
    title = f"Saved by {prose(saved)}"
    if many:
        failed = sum(row.failed for row in rows)
        said = f"{title}: {count(failed, 'cell')} failed" if failed else title
        text = f"<details><summary>{said}</summary>\n\n{table}\n\n</details>"
        return Block(text, "table", 2)
    return Block(f"### {title}\n\n{table}", "table", 2)


def _map_of_pairs(rows: Sequence[Row]) -> Block:
    pairs = pairs_of(rows)
    loads = sorted({loaded for _, loaded in pairs}, key=runtime_order)
    table = table_of(
        [
            ["saved by (down), loaded by (across)", *map(code, loads)],
            *(
                [code(saved), *(shown(share_of(pairs.get((saved, load), []))) for load in loads)]
                for saved in sorted({saved for saved, _ in pairs}, key=runtime_order)
            ),
        ]
    )
    said = (
        "How many cells of a pair of runtimes are the same. Left out: what the documents exclude,"
        " and loads of what was not saved."
    )
    return Block(f"{said}\n\n{table}", "table", 2)


def _legend(rows: Sequence[Row]) -> str:
    legend = []
    if any(row.failed for row in rows):
        legend.append(f"{MARKS[FAILED]}failed")
    if any(row.contradiction for row in rows):
        legend.append(f"{MARKS[CONTRADICTION]}contradicts the documents, cause known")
    if any(row.verdict is Verdict.ABSENT for row in rows):
        legend.append("- no such API in that release, or no `keras_model()`")
    legend += folders.of_several(rows)
    return "; ".join(legend)
