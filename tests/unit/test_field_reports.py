"""What people reported, message by message, through what judges a cell."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_cells import known_cell

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.causes import causes, diagnose
from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.engine.artifacts import Saved
from pytest_tfroundtrip.engine.observe import observe_load, unanswered
from pytest_tfroundtrip.judge import (
    Example,
    Judgement,
    Observed,
    Record,
    Variables,
    judge_inference,
)
from pytest_tfroundtrip.judge.contract import Contract
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.prediction import Subject, predict
from pytest_tfroundtrip.savedmodel.reading import read_saved_model
from pytest_tfroundtrip.vocabulary import Foreseen, Stage, Verdict
from tests.saved_models import found

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("data") / "field_reports.toml"
REPORTS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["report"]
SAID = [
    pytest.param(said, id=f"{report['row']}-{number}")
    for report in REPORTS
    for number, said in enumerate(report.get("said", ()), start=1)
]


def by_row(report: dict[str, Any]) -> str:
    return str(report["row"])


def observed(said: dict[str, Any], folder: Path) -> Observation:
    """What the engine makes of an agent's answer with this message."""
    cell, verdict = known_cell(said["cell"]), Verdict(said.get("verdict", "refused"))
    if verdict is not Verdict.REFUSED:
        return Observation(verdict, Stage(said["stage"]), message=said["message"])
    answer = {
        "status": "raised",
        "stage": said["stage"],
        "exception": said.get("exception", "NotFoundError"),
        "message": said["message"],
        "traceback": said.get("traceback", ""),
        "log": folder / "log",
    }
    if cell.loader is None:
        return unanswered(answer, Stage.SAVE, folder / "log")
    return observe_load(cell, {**answer, "artifact": Saved(folder)})


@pytest.mark.parametrize("said", SAID)
def test_the_cause_is_named_and_the_remedy_fits(said: dict[str, Any], tmp_path: Path) -> None:
    seen = observed(said, tmp_path)
    assert seen.verdict == said.get("verdict", "refused")
    found = diagnose(seen, known_cell(said["cell"]))
    assert found is not None
    assert found.cause.id == said["cause"]
    assert [word for word in said.get("shows", ()) if word not in found.sentence] == []
    assert said["remedy"]
    assert [word for word in said["remedy"] if word not in found.remedy] == []


@pytest.mark.parametrize("report", REPORTS, ids=by_row)
def test_its_threads_stand_with_its_causes(report: dict[str, Any]) -> None:
    named = {said["cause"] for said in report.get("said", ())}
    threads = {
        thread for each in causes() if each.id in named for thread in (each.thread, *each.reports)
    }
    assert not named or set(report["threads"]) <= threads


@pytest.mark.parametrize("report", REPORTS, ids=by_row)
def test_it_is_reproduced_or_says_why_not(report: dict[str, Any]) -> None:
    assert ("reproduced" in report) != bool(report.get("not_reproduced"))
    assert report.get("said") or report["judged"]
    for test in report.get("reproduced", ()):
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_row_is_here_once() -> None:
    rows = [report["row"] for report in REPORTS]
    assert len(set(rows)) == len(rows)
    assert {str(number) for number in range(1, 40)} <= set(rows)


def test_causes_that_scenes_make_for_a_row_are_made() -> None:
    """Rows that name test_remedies.py have a scene of each of their causes, or another test."""
    scenes = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "tests" / "remedies").glob("*.py")
    )
    for report in REPORTS:
        tests = report.get("reproduced", ())
        if len(tests) == 1 and "test_remedies" in tests[0]:
            named = {said["cause"] for said in report["said"]}
            assert [each for each in named if f'@scene("{each}"' not in scenes] == []


# Rows that are no message


def floats(*values: float) -> wire.Tensor:
    return wire.tensor(np.array([values], np.float32))


def judged(
    was: dict[str, wire.Tensor], now: dict[str, wire.Tensor], **tolerances: float
) -> Judgement:
    """How a load is judged that gives ``now`` where ``was`` was recorded."""
    contract = Contract.parse({"tags": ["serve"], "signatures": {}})
    record = Record(
        (Example({"x": floats(1)}, was),), contract, "serving_default", Variables("name", (), {}),
        callable=False,
    )  # fmt: skip
    seen = Observed(("signature",), ({"signature": now},), contract, Variables("name", (), {}))
    return judge_inference(record, seen, apis().loaders["tf2_load"], Tolerances(**tolerances))


def test_row_11_a_newer_file_is_foretold_before_it_is_loaded() -> None:
    model = read_saved_model(found("tf_module-2.15"))
    subject = Subject(model, model.meta_graphs[0])
    foretold = predict(subject, apis().loaders["tf2_load"], parse_runtime("1.15+v2"))
    assert foretold.foreseen is Foreseen.WILL_FAIL
    assert "DisableCopyOnRead" in str(foretold)
    assert predict(subject, apis().loaders["tf2_load"], parse_runtime("2.15")).foreseen is None


def test_row_31_outputs_that_changed_places_differ_by_name() -> None:
    was = {f"output_{n}": floats(n, n + 0.5) for n in range(5)}
    assert judged(was, dict(reversed(was.items()))).verdict is Verdict.SAME
    swapped = {**was, "output_0": was["output_1"], "output_1": was["output_0"]}
    judgement = judged(was, swapped)
    assert judgement.verdict is Verdict.DIFFERS
    assert "output 'output_0'" in judgement.message
    assert "output 'output_1'" in judgement.message


def test_row_39_one_bit_of_a_float_is_no_difference_and_a_difference_is_told_whole() -> None:
    was, now = {"y": floats(0.12652355, 1)}, {"y": floats(0.12652352, 1)}
    assert judged(was, now).verdict is Verdict.SAME
    exact = judged(was, now, rtol=0.0, atol=0.0)
    assert exact.verdict is Verdict.DIFFERS
    assert exact.max_abs_error == pytest.approx(3e-8, rel=0.1)
    assert exact.max_rel_error == pytest.approx(2.4e-7, rel=0.1)
    for word in ("worst at [0, 0] (2 ULP)", "0.12652355  0.12652352"):
        assert word in exact.message
