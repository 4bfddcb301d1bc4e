"""The report as JSON: the one machine-readable form, schema 1."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.report.rows import disambiguate, in_order, runtime_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from pytest_tfroundtrip.report.rows import Row, RuntimeInfo

SCHEMA = 1


def report(
    rows: Iterable[Row],
    runtimes: Sequence[RuntimeInfo],
    *,
    started: datetime,
    seconds: float,
    tool: str,
) -> dict[str, Any]:
    """The report of a run, as what JSON can hold.

    Numbers that JSON has no word for stand as strings: "inf", "nan".

    Args:
        rows: one per cell, in any order.
        runtimes: what was run under.
        started: when, with a time zone.
        seconds: how long the run took.
        tool: version of pytest-tfroundtrip.
    """
    ordered = in_order(disambiguate(rows))
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
        "summary": summary(ordered),
    }


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """How many cells there are of each verdict, promise and outcome ("null": none)."""
    return {
        "cells": len(rows),
        "verdict": _counts(row.verdict for row in rows),
        "promise": _counts(row.promise for row in rows),
        "outcome": _counts(row.outcome for row in rows),
        "contradictions": sum(row.contradiction for row in rows),
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the report whole or not at all; folders that are missing are made.

    Raises:
        UsageProblem: it cannot be written there.
    """
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        msg = (
            f"the report {path} cannot be written: {error.strerror or error}. Give --tf-report a"
            " file in a folder that exists or can be made, with room for it."
        )
        raise UsageProblem(msg) from error


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
