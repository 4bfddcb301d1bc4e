from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_row, contradicted, created

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.report.json_report import report, write
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
# What DESIGN fixes: additions are free, these names stay.
CELL = [
    "id",
    "model",
    "save",
    "save_runtime",
    "load",
    "load_runtime",
    "operation",
    "direction",
    "promise",
    "verdict",
    "outcome",
    "contradiction",
    "stage",
    "exception",
    "message",
    "cause",
    "remedy",
    "max_abs_error",
    "max_rel_error",
    "seconds",
    "signature",
    "command",
]
RUNTIME = [
    "name",
    "provider",
    "tensorflow",
    "keras",
    "tensorflow_hub",
    "numpy",
    "python",
    "lock",
    "image",
    "import_seconds",
]


def a_report(*rows: Row) -> dict[str, Any]:
    content = report(
        rows,
        [RuntimeInfo("2.15", "venv", "2.15.1"), RuntimeInfo("2.3", "venv")],
        started=STARTED,
        seconds=1.23456,
        tool="0.1",
    )
    read: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
    return read


def test_the_report_has_the_names_that_stay() -> None:
    content = a_report(a_row())
    assert {"schema", "tool", "started", "seconds", "runtimes", "cells", "summary"} == set(content)
    assert (content["schema"], content["started"]) == (1, "2025-01-02T03:04:05+00:00")
    assert set(CELL) <= set(content["cells"][0])
    assert set(RUNTIME) <= set(content["runtimes"][0])
    assert [runtime["name"] for runtime in content["runtimes"]] == ["2.3", "2.15"]


def test_cells_stand_in_the_same_order_whatever_order_they_came_in() -> None:
    rows = [a_row(save_runtime="2.15"), a_row(save_runtime="2.3"), created(save_runtime="2.15")]
    assert a_report(*rows) == a_report(*reversed(rows))


def test_the_summary_counts() -> None:
    content = a_report(
        a_row(),
        contradicted(),
        a_row(verdict=Verdict.ABSENT, outcome=None),
        a_row(verdict=None, outcome=None),
    )
    assert content["summary"] == {
        "cells": 4,
        "verdict": {"absent": 1, "null": 1, "refused": 1, "same": 1},
        "promise": {"promised": 4},
        "outcome": {"null": 2, "passed": 1, "xfailed": 1},
        "contradictions": 1,
        "predictions": {"failed": 1, "foreseen": 0, "possible": 0, "wrong": 0},
    }


@pytest.mark.parametrize(("number", "said"), [(math.inf, "inf"), (math.nan, "nan"), (0.5, 0.5)])
def test_numbers_that_json_has_no_word_for_are_strings(number: float, said: object) -> None:
    assert a_report(a_row(max_abs_error=number))["cells"][0]["max_abs_error"] == said


def test_models_of_one_name_are_told_apart() -> None:
    content = a_report(a_row(file="a.py"), a_row(file="b.py"))
    assert [cell["model"] for cell in content["cells"]] == ["a.py:Affine", "b.py:Affine"]


def test_a_report_is_written_whole_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    content = a_report(a_row(message="\ud800 half a character"))
    write(path, content)
    write(path, content)
    assert json.loads(path.read_text(encoding="utf-8")) == content
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_says_where_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "report.json", tmp_path / "folder"):
        with pytest.raises(UsageProblem, match=r"cannot be written: .*--tf-report"):
            write(path, a_report())
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", "folder"}
