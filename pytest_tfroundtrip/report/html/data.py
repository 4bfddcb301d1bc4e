"""The rows as the page's script reads them: columns of indexes into tables of what they hold.

What a row says is mostly what many others say: the same verdict with the same message, cause and
promise. So a row is where it stands (model, APIs, runtimes, operation) and a place in the table of
*facts*. 33,000 cells take 2 to 3 MB so, a tenth of their JSON report.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.report.html.text import bounded, visible
from pytest_tfroundtrip.report.places import asked
from pytest_tfroundtrip.vocabulary import Operation, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from pytest_tfroundtrip.report.rows import Row

#: Stands for what of an id and of a command follows from where the row stands (see :func:`_tail`).
#: No text has it: control characters are escaped before.
TAIL = "\x00"

_WHERE = ("model", "save", "saved", "save_runtime", "resave_runtime", "load", "load_runtime")


def encoded(rows: Sequence[Row]) -> dict[str, Any]:
    """What ``js/data.js`` decodes.

    Returns:
        ``count``; ``columns``: by name ``values`` and ``at``, a place in them for each row, or null
        where all rows have the only one; ``facts``: objects, to which the column ``fact`` points;
        ``order``: the words of each axis and filter in the order in which they are to stand.
    """
    columns: dict[str, _Column] = {name: _Column() for name in (*_WHERE, *_MORE)}
    facts = _Column()
    for row in rows:
        for name in _WHERE:
            columns[name].add(visible(getattr(row, name)))
        for name, value in _more(row).items():
            columns[name].add(value)
        facts.add(tuple(_fact(row).items()))
    return {
        "count": len(rows),
        "columns": {
            **{name: column.plain() for name, column in columns.items()},
            "fact": {"values": list(range(len(facts.values))), "at": facts.at},
        },
        "facts": [dict(fact) for fact in facts.values],
        "order": _order(rows),
    }


class _Column:
    """Values, each once, and which of them each row has."""

    def __init__(self) -> None:
        self.places: dict[Hashable, int] = {}
        self.at: list[int] = []

    @property
    def values(self) -> list[Any]:
        return list(self.places)

    def add(self, value: Hashable) -> None:
        self.at.append(self.places.setdefault(value, len(self.places)))

    def plain(self) -> dict[str, Any]:
        return {"values": self.values, "at": self.at if len(self.places) > 1 else None}


_MORE = ("operation", "id", "command", "log", "max_abs_error", "max_rel_error", "seconds")


def _more(row: Row) -> dict[str, Any]:
    tail = _tail(row)
    return {
        "operation": str(row.operation),
        "id": _without(visible(row.id), visible(tail)),
        "command": _without(visible(row.command), visible(tail)),
        "log": visible(row.log) if row.log else None,
        "max_abs_error": _number(row.max_abs_error),
        "max_rel_error": _number(row.max_rel_error),
        "seconds": _number(round(row.seconds, 2 if row.seconds < 10 else 1)),  # noqa: PLR2004
    }


def _tail(row: Row) -> str:
    """What of a cell's id follows from its columns; ``js/data.js`` puts it together again."""
    again = f"-resave_{row.resave_runtime}" if row.resave_runtime else ""
    load = f"-to-{row.load}_{row.load_runtime}" if row.load else ""
    return f"-{row.save}_{row.save_runtime}{again}{load}-{row.operation}"


def _without(text: str, tail: str) -> str:
    return text.replace(tail, TAIL, 1)


def _fact(row: Row) -> dict[str, Any]:
    """What the row says, with what there is nothing of left out."""
    told: dict[str, Any] = {
        "verdict": str(row.verdict or "not run"),
        "outcome": row.outcome or "no test",
        "promise": str(row.promise),
        "expect": str(row.expect),
        "direction": str(row.direction),
        "stage": str(row.stage or ""),
        "contradiction": row.contradiction,
        "failed": row.failed,
        "asked": asked(row),
        "asserted": row.asserted,
        "cause": row.cause,
        "why": row.why,
        "remedy": row.remedy,
        "thread": row.thread,
        "statement": row.statement,
        "document": row.document,
        "note": row.note,
        "exception": row.exception,
        "message": bounded(row.message),
        "signature": row.signature,
        "function": row.function,
        "file": row.file,
        "reused": row.reused,
        "not_compared": row.not_compared,
        "notes": row.notes,
        "changes": tuple((str(each.part), each.sentence) for each in row.changes),
        "writers": row.writers,
        "reference": f"{row.reference_load} under {row.reference_runtime}"
        if row.reference_load
        else None,
        "inputs": row.inputs,
        "predicted": str(row.predicted).replace("_", " ") if row.predicted else None,
        "predicted_reason": row.predicted_reason,
    }
    return {name: _visible(value) for name, value in told.items() if value}


def _visible(value: Any) -> Any:
    """Every text in a fact made visible; tuples stay tuples, so that facts can be looked up."""
    if isinstance(value, str):
        return visible(value)
    return tuple(map(_visible, value)) if isinstance(value, tuple) else value


def _number(number: float | None) -> float | str | None:
    """JSON has no word for infinity."""
    return number if number is None or math.isfinite(number) else str(number)


def _order(rows: Sequence[Row]) -> Mapping[str, Sequence[str]]:
    """Runtimes by release, APIs as in the catalogue, words as in the vocabulary."""
    names = [row.save_runtime for row in rows]
    loads = [row.load_runtime for row in rows if row.load_runtime]
    return {
        "save_runtime": _seen(names, runtime_order),
        "load_runtime": _seen(loads, runtime_order),
        "model": _seen((row.model for row in rows), str),
        "saved": _seen((row.saved for row in rows), api_order),
        "down": _seen((row.down for row in rows), api_order),
        "load": _seen((row.load for row in rows), api_order),
        "operation": list(map(str, Operation)),
        "verdict": [*map(str, Verdict), "not run"],
        "promise": list(map(str, Promise)),
    }


def _seen(names: Iterable[str], key: Any) -> list[str]:
    return [visible(name) for name in sorted(set(names), key=key)]
