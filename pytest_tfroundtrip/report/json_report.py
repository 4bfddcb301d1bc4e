"""The report as JSON: the one machine-readable form, schema 1; written, and read back."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections import Counter
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.predictions import tally
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo, disambiguate, in_order
from pytest_tfroundtrip.report.save_pairs import SavePair, Side
from pytest_tfroundtrip.report.statements import StatementRow
from pytest_tfroundtrip.vocabulary import (
    Direction,
    Expect,
    Foreseen,
    Operation,
    Part,
    Promise,
    Stage,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

SCHEMA = 1


@dataclass(frozen=True)
class Report:
    """A report that was read back."""

    tool: str  # version of pytest-tfroundtrip
    started: datetime  # with a time zone
    seconds: float
    runtimes: tuple[RuntimeInfo, ...]
    rows: tuple[Row, ...]
    merged: Mapping[str, Any]  # what it was merged from; empty for the report of one run
    statements: tuple[StatementRow, ...] = ()
    save_pairs: tuple[SavePair, ...] = ()


def report(
    rows: Iterable[Row],
    runtimes: Sequence[RuntimeInfo],
    *,
    started: datetime,
    seconds: float,
    tool: str,
    statements: Sequence[StatementRow] = (),
    save_pairs: Sequence[SavePair] = (),
) -> dict[str, Any]:
    """The report of a run, as what JSON can hold.

    Numbers that JSON has no word for stand as strings: "inf", "nan".

    Args:
        rows: one per cell, in any order.
        runtimes: what was run under.
        started: when, with a time zone.
        seconds: how long the run took.
        tool: version of pytest-tfroundtrip.
        statements: one per case and runtime, in the order in which they are to stand.
        save_pairs: one per pair of saves, named as the rows are, likewise.
    """
    ordered = in_order(disambiguate(rows))
    more = {
        name: [_plain(asdict(each)) for each in entries]
        for name, entries in (("statements", statements), ("save_pairs", save_pairs))
        if entries
    }
    return {
        "schema": SCHEMA,
        "tool": tool,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "runtimes": [
            _plain(asdict(runtime))
            for runtime in sorted(runtimes, key=lambda runtime: runtime_order(runtime.name))
        ],
        "cells": [_plain(asdict(row)) for row in ordered],
        **more,
        "summary": {
            **summary(ordered),
            **{name: _counts(each["verdict"] for each in more[name]) for name in more},
        },
    }


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """How many cells there are of each verdict, promise and outcome ("null": none)."""
    return {
        "cells": len(rows),
        "verdict": _counts(row.verdict for row in rows),
        "promise": _counts(row.promise for row in rows),
        "outcome": _counts(row.outcome for row in rows),
        "contradictions": sum(row.contradiction for row in rows),
        "predictions": asdict(tally(rows)),
    }


def write(path: Path, content: dict[str, Any], option: str = "--tf-report") -> None:
    """Write the report whole or not at all; folders that are missing are made.

    Raises:
        UsageProblem: it cannot be written there; ``option`` is what to change.
    """
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n", option)


def write_text(path: Path, text: str, option: str = "--tf-report") -> None:
    """Write a view of the report as :func:`write` does; half a character becomes its escape.

    Raises:
        UsageProblem: it cannot be written there; ``option`` is what to change.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        msg = (
            f"the report {path} cannot be written: {error.strerror or error}. Give {option} a"
            " file in a folder that exists or can be made, with room for it."
        )
        raise UsageProblem(msg) from error


def read(path: Path) -> Report:
    """Read a report back; what a newer version of this project added to it is left out.

    Raises:
        UsageProblem: there is no such file, or it is no report of this schema.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"the report {path} cannot be read: {error.strerror or error}."
        raise UsageProblem(msg) from error
    except (ValueError, RecursionError) as error:  # also: not UTF-8
        msg = f"{path} is no JSON, so no report of pytest --tf-report=FILE.json: {error}."
        raise UsageProblem(msg) from error
    return _report(content, f"{path} is no report of pytest --tf-report=FILE.json")


def _report(content: Any, problem: str) -> Report:
    if not isinstance(content, dict) or not {"schema", "cells"} <= content.keys():
        msg = f"{problem}: it has no schema and cells."
        raise UsageProblem(msg)
    if content["schema"] != SCHEMA:
        msg = (
            f"{problem} that this version reads: its schema is {content['schema']!r}, not"
            f" {SCHEMA}. Read it with the pytest-tfroundtrip that wrote it."
        )
        raise UsageProblem(msg)
    try:
        return Report(
            tool=_text(content["tool"]),
            started=_moment(content["started"]),
            seconds=_number(content["seconds"]),
            runtimes=tuple(_made(RuntimeInfo, each) for each in _list(content["runtimes"])),
            rows=tuple(_made(Row, each) for each in _list(content["cells"])),
            merged=_merged(content.get("merged", {})),
            statements=_optional(StatementRow, content, "statements"),
            save_pairs=_optional(SavePair, content, "save_pairs"),
        )
    except KeyError as error:
        msg = f"{problem}: it has no {error.args[0]!r}."
        raise UsageProblem(msg) from error
    except (TypeError, ValueError) as error:
        msg = f"{problem}: {error}."
        raise UsageProblem(msg) from error


def _merged(value: Any) -> Mapping[str, Any]:
    """What the report was merged from, with what others read of it in form."""
    if not isinstance(value, dict):
        msg = f"'merged' is no object: {value!r}"
        raise TypeError(msg)
    for conflict in _list(value.get("conflicts", [])):
        if not isinstance(conflict, dict):
            msg = f"{conflict!r} is no entry of 'conflicts'"
            raise TypeError(msg)
        _text(conflict["id"])
        for side in _list(conflict["cells"]):
            if not isinstance(side, dict):
                msg = f"{side!r} is no cell of 'conflicts'"
                raise TypeError(msg)
            _text(side["report"])
            for name in ("verdict", "outcome"):
                _text("" if side[name] is None else side[name])
    return MappingProxyType(value)


_Made = TypeVar("_Made", Row, RuntimeInfo, StatementRow, SavePair, Side, Change)


def _optional(kind: type[_Made], content: Mapping[str, Any], name: str) -> tuple[_Made, ...]:
    """The rows of a kind that not every report has."""
    return tuple(_made(kind, each) for each in _list(content.get(name, [])))


def _made(kind: type[_Made], entry: Any) -> _Made:
    """The row that :func:`report` wrote as this entry.

    Raises:
        TypeError, ValueError: what in it is not as it has to be.
    """
    if not isinstance(entry, dict):
        msg = f"{entry!r} is no entry of it"
        raise TypeError(msg)
    values = {}
    for field in fields(kind):
        if field.name not in entry:
            if field.default is MISSING:
                msg = f"the entry of {entry.get('id', entry.get('name'))!r} has no {field.name!r}"
                raise ValueError(msg)
            continue
        try:
            values[field.name] = _decoded(str(field.type), entry[field.name])
        except (TypeError, ValueError) as error:
            msg = f"{field.name!r} of {entry.get('id', entry.get('name'))!r}: {error}"
            raise ValueError(msg) from error
    return kind(**values)


def _decoded(annotation: str, value: Any) -> Any:
    """A value of a field with this annotation from what :func:`_plain` made of it."""
    kind, _, rest = annotation.partition(" | ")
    if rest == "None" and value is None:
        return None
    return _DECODERS[kind](value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    msg = f"a string was expected, not {value!r}"
    raise TypeError(msg)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    msg = f"true or false was expected, not {value!r}"
    raise TypeError(msg)


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return float(_text(value))  # "inf", "nan"


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        msg = f"'started' has no time zone: {value!r}"
        raise ValueError(msg)
    return moment


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    msg = f"a list was expected, not {value!r}"
    raise TypeError(msg)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


# By the annotations of the rows: a field of a new kind needs its reader here.
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": _flag,
    "float": _number,
    "tuple[str, ...]": _texts,
    "Side": lambda value: _made(Side, value),
    "tuple[Change, ...]": lambda value: tuple(_made(Change, each) for each in _list(value)),
    "Direction": Direction,
    "Expect": Expect,
    "Foreseen": Foreseen,
    "Operation": Operation,
    "Part": Part,
    "Promise": Promise,
    "Stage": Stage,
    "Verdict": Verdict,
}


def _counts(words: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter("null" if word is None else str(word) for word in words).items()))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    # Words of the vocabulary are strings of their own class.
    return str(value) if isinstance(value, str) else value
