"""Who reads which SavedModel: people's folders down, load APIs and releases across."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.folder import UNKNOWN
from pytest_tfroundtrip.report.lines import NAMED, count, named
from pytest_tfroundtrip.report.places import Column, piece_of
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row

#: So many releases stand as groups of load APIs; of more each load API has its releases.
BY_RELEASE = 3
_MADE_UP = "made up"  # as the agent says it
CARRIED = "its record"  # that lies in the folder: nobody is asked anew, see golden.py


@dataclass(frozen=True)
class FolderGrid:
    """A label for each folder, and the columns beside them."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    left_out: int  # folders that are the same everywhere, where there are too many


def grid(rows: Sequence[Row], title: str = "", *, most: int) -> FolderGrid:
    """The grid of one operation.

    Args:
        rows: of folders, of one operation.
        title: of the operation, in front of what stands above a group of columns.
        most: how many folders are shown; those that are the same everywhere are left out first.
    """
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[_label(row)].append(row)
    labels = sorted(by_label)
    if len(labels) > most:
        labels = [label for label in labels if not _all_same(by_label[label])]
    left_out = len(by_label) - len(labels)
    by_place: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_place[_label(row), row.load_runtime, row.load].append(row)
    columns = [
        Column(heading, [piece_of(by_place[label, runtime, loader]) for label in labels], group)
        for runtime, loader, heading, group in _readers(rows, title)
    ]
    return FolderGrid(tuple(labels), tuple(columns) if labels else (), left_out)


def of_several(rows: Sequence[Row]) -> list[str]:
    """What "same 1/2" in a grid means, for its legend; nothing where no place tells of several."""
    signatures: dict[str, set[str | None]] = defaultdict(set)
    for row in rows:
        if row.writers:
            signatures[row.model].add(row.function or row.signature)
    several = ["models"] if len({row.model for row in rows if not row.writers}) > 1 else []
    several += ["signatures of a folder"] if any(len(s) > 1 for s in signatures.values()) else []
    return [f"same 1/2: so for 1 of 2 {' or '.join(several)}"] if several else []


def of_which(rows: Sequence[Row]) -> str:
    """Which folders the rows are of, to be put behind their number; empty where there are none."""
    names = sorted({row.model for row in rows if row.writers})
    return f" of {named(names)}" if names else ""


def _label(row: Row) -> str:
    release = "?" if row.save_runtime == UNKNOWN else row.save_runtime
    return f"{row.model} ({row.with_resave(release)})"


def _readers(rows: Sequence[Row], title: str) -> Iterator[tuple[str, str, str, str]]:
    """Runtime, loader, heading and group of each column."""
    there = {(row.load_runtime, row.load) for row in rows}
    releases = sorted({runtime for runtime, _ in there}, key=runtime_order)
    loaders = sorted({loader for _, loader in there}, key=api_order)
    if len(releases) <= BY_RELEASE:
        for runtime in releases:
            for loader in loaders:
                if (runtime, loader) in there:
                    yield runtime, loader, loader, f"{title}loaded by {runtime}"
        return
    for loader in loaders:
        for runtime in releases:
            if (runtime, loader) in there:
                yield runtime, loader, runtime, f"{title}{loader} under"


def _all_same(rows: Sequence[Row]) -> bool:
    return all(row.verdict is Verdict.SAME for row in rows)


def held_against(rows: Sequence[Row]) -> str:
    """Which folders are held against what another release gives than the one that wrote them."""
    told = {
        f"{_label(row)} against {row.reference_runtime}"
        for row in rows
        if row.reference_runtime not in ("", row.save_runtime)
        and not row.resave_runtime
        and row.inputs != CARRIED
    }
    if not told:
        return ""
    shown = sorted(told)[:NAMED]
    more = [f"{len(told) - NAMED} more"] if len(told) > NAMED else []
    return (
        "Held against what another release computed than the one that wrote it:"
        f" {', '.join(shown + more)}. --tf-save-runtimes=all asks the nearest of all."
    )


def made_up(rows: Sequence[Row]) -> str:
    """How many folders were fed with inputs that were made up; empty where none was."""
    invented = {row.model for row in rows if row.inputs == _MADE_UP}
    if not invented:
        return ""
    models = len({row.model for row in rows})
    of = count(models, "folder") if models == len(invented) else f"{len(invented)} of {models}"
    return f"Inputs were made up for {of}: --tf-examples=FILE gives your own."
