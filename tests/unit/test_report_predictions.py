"""What files foretold and what was seen, in every view of the report."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_row, broken, created

from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.json_report import read, report
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.report.predictions import Tally, line_of, tally
from pytest_tfroundtrip.report.terminal import summary
from pytest_tfroundtrip.vocabulary import Foreseen, Operation, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.report.rows import Row

WILL: dict[str, Any] = {
    "predicted": Foreseen.WILL_FAIL,
    "predicted_reason": "TensorFlow 1.15 does not have the op DisableCopyOnRead.",
}
MAY: dict[str, Any] = {"predicted": Foreseen.MAY_FAIL, "predicted_reason": "It may."}


def said(rows: list[Row], *, quiet: bool = False) -> str:
    lines = summary(rows, width=100, quiet=quiet)
    return " ".join(" ".join(text for line in lines for text, _ in line).split())


def test_what_is_counted() -> None:
    rows = [
        a_row(),
        a_row(**MAY),
        created(),
        broken(**WILL),
        broken(**WILL, load="tf2_load"),
        broken(**MAY, load="hub_load"),
        broken(load="c_api"),
        broken(verdict=Verdict.CRASHED, load="keras_load", **WILL),
        broken(verdict=Verdict.TIMEOUT, load="hub_module"),
        broken(load="import_graph_def"),  # reads no SavedModel
        broken(load="acme_predictor"),  # a third party's
        broken(operation=Operation.RESAVE, load="tf2_load"),
        a_row(verdict=Verdict.DRIFT, **WILL),
    ]
    assert tally(rows) == Tally(failed=5, foreseen=3, possible=1, wrong=1)
    assert line_of(rows) == (
        "predictions: 3 of 5 failed loads foreseen from the files, 1 said to be possible, 1 wrong"
    )


def test_nothing_is_said_where_nothing_was_foretold() -> None:
    rows = [a_row(), broken()]
    assert line_of(rows) == ""
    assert "prediction" not in said(rows)
    assert "prediction" not in page(rows).lower()


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("verdict", [Verdict.SAME, Verdict.DRIFT, Verdict.DIFFERS])
def test_a_wrong_one_is_an_error_of_ours(verdict: Verdict, *, quiet: bool) -> None:
    rows = [a_row(verdict=verdict, **WILL)]
    text = said(rows, quiet=quiet)
    assert "1 prediction was wrong: an error of pytest-tfroundtrip, not of the model." in text
    assert f"said to fail, and it is {verdict}: TensorFlow 1.15 does not have" in text
    assert "1 prediction was wrong" in closing(rows)
    markdown = page(rows)
    assert "## Wrong predictions" in markdown
    assert "does not have the op DisableCopyOnRead" in markdown


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMEOUT])
def test_a_right_one_is_not(verdict: Verdict) -> None:
    rows = [broken(verdict=verdict, **WILL), a_row(**MAY)]
    assert "wrong:" not in said(rows)
    assert "wrong" not in closing(rows)
    assert "## Wrong" not in page(rows)
    assert "0 wrong" in page(rows)


def test_the_json_report_has_them(tmp_path: Path) -> None:
    rows = [broken(**WILL), a_row(load="tf2_load")]
    content = report(rows, [], started=datetime.now(timezone.utc), seconds=1.0, tool="1")
    first, second = content["cells"]
    assert (first["predicted"], first["predicted_reason"]) == (
        "will_fail",
        WILL["predicted_reason"],
    )
    assert (second["predicted"], second["predicted_reason"]) == (None, None)
    assert content["summary"]["predictions"] == {
        "failed": 1,
        "foreseen": 1,
        "possible": 0,
        "wrong": 0,
    }
    file = tmp_path / "report.json"
    file.write_text(json.dumps(content))
    assert [row.predicted for row in read(file).rows] == [Foreseen.WILL_FAIL, None]
    for cell in content["cells"]:  # as an older version wrote it
        del cell["predicted"], cell["predicted_reason"]
    file.write_text(json.dumps(content))
    assert [row.predicted for row in read(file).rows] == [None, None]
