"""The reports of shards as one: every cell once, and what came from where.

A cell may stand in several reports: creation is in every shard, and a shard may have run again. So
may a sentence that was tried under a runtime, or a pair of saves.
Where they agree, one speaks for all; where they do not, both are told and the worse one stands.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_tfroundtrip.errors import RoundTripError
from pytest_tfroundtrip.report.json_report import report
from pytest_tfroundtrip.report.rows import Row, disambiguate, in_order
from pytest_tfroundtrip.report.save_pairs import SavePair
from pytest_tfroundtrip.report.statements import StatementRow
from pytest_tfroundtrip.report.statements import in_order as in_order_of_cases
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_tfroundtrip.report.json_report import Report
    from pytest_tfroundtrip.report.rows import RuntimeInfo

_Row = TypeVar("_Row", Row, StatementRow, SavePair)
_OfModel = TypeVar("_OfModel", Row, SavePair)

# The worst first. What says nothing on the model (its runtime could not be had) comes after what
# does; `same` after all that is not, and a cell that was not run last.
SEVERITY: Sequence[str | None] = (
    Verdict.CRASHED,
    Verdict.TIMEOUT,
    Verdict.DIFFERS,
    Verdict.REFUSED,
    Verdict.DRIFT,
    "contradicted",  # of a sentence
    Verdict.UNSAVED,
    Verdict.ENV_ERROR,
    Verdict.ABSENT,
    Verdict.SAME,
    "kept",  # of a sentence
    None,
)
_OUTCOMES: Sequence[str | None] = (
    "error",
    "failed",
    "xpassed",
    "xfailed",
    "passed",
    "skipped",
    None,
)
# What makes two runtimes of one name two: the same cell under both is not the same question.
_IDENTITY = ("provider", "tensorflow", "lock", "image")


class ReportsDisagree(RoundTripError):  # noqa: N818 - says what happened
    """Reports that are not of the same runtimes, or not of the same version of this project."""


@dataclass(frozen=True)
class Seen(Generic[_Row]):
    """A row as one report has it."""

    report: str  # its file, as it was named
    row: _Row

    @property
    def tested(self) -> bool:
        """Whether it is a test of that run, and was not skipped."""
        return self.row.outcome not in (None, "skipped")


@dataclass(frozen=True)
class Conflict(Generic[_Row]):
    """A row on which reports do not agree; the worst is the first of ``seen``."""

    id: str
    seen: tuple[Seen[_Row], ...]

    def plain(self) -> dict[str, Any]:
        """As it stands in the merged report."""
        told = [
            {
                "report": seen.report,
                "verdict": seen.row.verdict and str(seen.row.verdict),
                "outcome": seen.row.outcome,
                "message": seen.row.message,
            }
            for seen in self.seen
        ]
        return {"id": self.id, "cells": told}


@dataclass(frozen=True)
class Merged:
    """What reports are together."""

    content: dict[str, Any]  # the merged report, schema 1
    rows: tuple[Row, ...]
    runtimes: tuple[RuntimeInfo, ...]
    conflicts: tuple[Mapping[str, Any], ...]  # as in the report, earlier merges' included
    statements: tuple[StatementRow, ...] = ()
    save_pairs: tuple[SavePair, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a cell or a sentence failed, or reports do not agree on something."""
        rows: tuple[Row | StatementRow, ...] = (*self.rows, *self.statements)
        return bool(self.conflicts) or any(row.failed for row in rows)


def merge(reports: Mapping[str, Report]) -> Merged:
    """Merge reports.

    Args:
        reports: one or more, by the names they are told by.

    Raises:
        ReportsDisagree: they are not of the same runtimes, or not of the same version.
    """
    tool = _same_tool(reports)
    runtimes = _runtimes(reports)
    taken, conflicts = _taken(_gathered(reports, lambda each: each.rows))
    pairs, of_pairs = _taken(_gathered(reports, lambda each: each.save_pairs))
    tried, of_tried = _taken(
        _by_place(reports, lambda each: each.statements, lambda row: ("", row.id))
    )
    # The files tell models of one name apart again: another shard may have brought the second.
    named = disambiguate(seen.row for seen in taken)
    ids = {
        id(before): after.id
        for before, after in zip((seen.row for seen in taken), named, strict=True)
    }
    told = [replace(conflict, id=ids[id(conflict.seen[0].row)]).plain() for conflict in conflicts]
    told += [conflict.plain() for conflict in of_tried]
    told += [conflict.plain() for conflict in of_pairs]
    earlier = [known for each in reports.values() for known in each.merged.get("conflicts", [])]
    rows = tuple(in_order(named))
    statements = tuple(in_order_of_cases([seen.row for seen in tried]))
    save_pairs = tuple(
        disambiguate((seen.row for seen in pairs), beside=[seen.row for seen in taken])
    )
    content = report(
        rows,
        runtimes,
        statements=statements,
        save_pairs=save_pairs,
        started=min(each.started for each in reports.values()),
        seconds=sum(each.seconds for each in reports.values()),
        tool=tool,
    )
    content["merged"] = {
        "reports": [
            {
                "file": name,
                "started": each.started.isoformat(timespec="seconds"),
                "seconds": each.seconds,
                "had": len(each.rows),
                "cells": [ids[id(seen.row)] for seen in taken if seen.report == name],
                **({"merged": each.merged["reports"]} if "reports" in each.merged else {}),
            }
            for name, each in reports.items()
        ],
        "conflicts": [*earlier, *told],
    }
    conflicting = tuple(content["merged"]["conflicts"])
    return Merged(content, rows, tuple(runtimes), conflicting, statements, save_pairs)


def _same_tool(reports: Mapping[str, Report]) -> str:
    """The one version of this project that wrote them all."""
    (first, report), *others = reports.items()
    for name, other in others:
        if other.tool != report.tool:
            msg = (
                f"{first} was written by pytest-tfroundtrip {report.tool}, {name} by {other.tool}:"
                " what they call the same may not be. Run the older one's shard again."
            )
            raise ReportsDisagree(msg)
    return report.tool


def _runtimes(reports: Mapping[str, Report]) -> list[RuntimeInfo]:
    """Each runtime once. A shard that did not need a runtime knows nothing of it."""
    known: dict[str, tuple[str, RuntimeInfo]] = {}
    for file, each in reports.items():
        for info in each.runtimes:
            if info.name not in known:
                known[info.name] = file, info
                continue
            first, other = known[info.name]
            _check_same(first, other, file, info)
            if _knows(info) > _knows(other):
                known[info.name] = file, info
    return [info for _, info in known.values()]


def _check_same(first: str, info: RuntimeInfo, second: str, other: RuntimeInfo) -> None:
    if not (info.tensorflow and other.tensorflow):
        return  # one of them was never made: it says how it would have been had, no more
    for field in _IDENTITY:
        mine, theirs = getattr(info, field), getattr(other, field)
        if field == "provider" and "store" in (mine, theirs):
            continue  # nothing ran there: the saves that were in the store say what made them
        if mine and theirs and mine != theirs:
            msg = (
                f"the runtime {info.name} is not the same in all reports: its {field} is {mine} in"
                f" {first} and {theirs} in {second}, so their cells do not go together. Run both"
                " from one checkout with one --tf-provider."
            )
            raise ReportsDisagree(msg)


def _knows(info: RuntimeInfo) -> int:
    return sum(getattr(info, field) is not None for field in info.__dataclass_fields__)


def _taken(
    gathered: Iterable[Sequence[Seen[_Row]]],
) -> tuple[list[Seen[_Row]], list[Conflict[_Row]]]:
    """Of each row the one that stands, and what reports do not agree on."""
    taken, conflicts = [], []
    for seen in gathered:
        best = min(seen, key=_worse) if _disagree(seen) else max(seen, key=_tells)
        taken.append(best)
        if _disagree(seen):
            conflicts.append(Conflict(best.row.id, tuple(sorted(_told(seen), key=_worse))))
    return taken, conflicts


def _gathered(
    reports: Mapping[str, Report], rows: Callable[[Report], Iterable[_OfModel]]
) -> Iterable[list[Seen[_OfModel]]]:
    """What the reports have of each row on a model, by the model's file and the row's id."""
    return _by_place(
        reports,
        lambda each: map(_undisambiguated, rows(each)),
        lambda row: (_place(row.file), row.id),
    )


def _by_place(
    reports: Mapping[str, Report],
    rows: Callable[[Report], Iterable[_Row]],
    place: Callable[[_Row], tuple[str, str]],
) -> Iterable[list[Seen[_Row]]]:
    found: dict[tuple[str, str], list[Seen[_Row]]] = defaultdict(list)
    for name, each in reports.items():
        for row in rows(each):
            found[place(row)].append(Seen(name, row))
    return found.values()


def _undisambiguated(row: _OfModel) -> _OfModel:
    """The row with the names it has where no other model has its name."""
    tail, _, name = row.model.rpartition(":")
    if tail and f"/{row.file}".endswith(f"/{tail}") and row.id.startswith(f"{tail}:"):
        return replace(row, model=name, id=row.id.removeprefix(f"{tail}:"))
    return row


def _place(file: str) -> str:
    """What of a model's file is the same on any machine: of an absolute path, its name."""
    path = PurePath(file)
    return path.name if path.is_absolute() else file


def _disagree(seen: Sequence[Seen[_Row]]) -> bool:
    """Whether verdicts or pytest's words differ among those who have one."""
    verdicts = {each.row.verdict for each in seen} - {None}
    outcomes = {each.row.outcome for each in seen if each.tested}
    return len(verdicts) > 1 or len(outcomes) > 1


def _told(seen: Iterable[Seen[_Row]]) -> Iterable[Seen[_Row]]:
    """Those of a conflict that say something, each thing once."""
    said: dict[tuple[str | None, str | None], Seen[_Row]] = {}
    for each in seen:
        if each.row.verdict is not None or each.tested:
            said.setdefault((each.row.verdict, each.row.outcome), each)
    return said.values()


def _worse(seen: Seen[_Row]) -> tuple[bool, int, int]:
    """Sorts the worse of two first."""
    row = seen.row
    place = _OUTCOMES.index(row.outcome) if row.outcome in _OUTCOMES else 0
    known = row.verdict in SEVERITY
    return not row.failed, SEVERITY.index(row.verdict) if known else 0, place


def _tells(seen: Seen[_Row]) -> tuple[bool, bool, bool]:
    """Sorts the one that tells more last: was run, is a test of its run, was not taken again."""
    return seen.row.verdict is not None, seen.tested, not seen.row.reused
