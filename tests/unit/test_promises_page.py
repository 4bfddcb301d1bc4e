"""``docs/promises.md``, and what it is made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.promises import statements
from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.promises.measured import keep, measured
from pytest_tfroundtrip.promises.page import page, verdict
from pytest_tfroundtrip.prose import prose

PAGE = Path(__file__).parents[2] / "docs" / "promises.md"


def test_the_page_is_what_the_data_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "python -m pytest_tfroundtrip promises page > docs/promises.md"
    )


def test_every_sentence_is_on_it_with_its_quote() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for statement in statements().values():
        assert f"### {statement.id}: " in text
        assert f"{prose(statement.quote)}\n" in text


def test_every_case_was_tried_wherever_it_means_something() -> None:
    assert set(measured()["cases"]) == set(cases())


@pytest.mark.parametrize("name", statements(), ids=str)
def test_every_sentence_was_tried_or_says_why_not(name: str) -> None:
    assert verdict(statements()[name], measured()) in ("kept", "contradicted", "untested")


def a_report(path: Path, **more: Any) -> Path:
    content = {
        "schema": 1,
        "tool": "0.1",
        "started": "2026-11-21T10:00:00+00:00",
        "runtimes": [{"name": "2.15", "tensorflow": "2.15.1", "provider": "venv"}],
        "cells": [],
        **more,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def a_cell(name: str, **more: Any) -> dict[str, Any]:
    english = statements()["module-saver"].english
    promised = {"promise": "promised", "verdict": "same", "cause": None}
    return {"id": name, "statement": english, **promised, **more}


def test_cells_count_for_the_sentence_that_they_are_held_against(tmp_path: Path) -> None:
    cells = [
        a_cell("a"),
        a_cell("b", verdict="refused", cause="debug-name-attr"),
        a_cell("c", verdict="refused"),
        a_cell("d", verdict="unsaved"),
        a_cell("e", promise="unsupported", verdict="refused"),
        a_cell("f", promise="unsupported"),
        a_cell("g", verdict=None),
        a_cell("h", statement=None),
    ]
    seen = keep([a_report(tmp_path / "r.json", cells=cells)])
    assert seen["cells"] == {
        "module-saver": {
            "debug-name-attr": 1,
            "denied": 1,
            "kept": 1,
            "refused, no known cause": 1,
            "unsaved": 1,
            "works": 1,
        }
    }


def test_of_two_reports_the_later_one_speaks(tmp_path: Path) -> None:
    entry = {"case": "module_tracks", "runtime": "2.15", "why": None, "message": "3 variables"}
    old = a_report(tmp_path / "a.json", statements=[{**entry, "verdict": "contradicted"}])
    new = a_report(tmp_path / "b.json", statements=[{**entry, "verdict": "kept"}])
    seen = keep([old, new])
    assert seen["cases"] == {"module_tracks": {"2.15": {"verdict": "kept", "said": "3 variables"}}}


OLD = {"name": "old", "tensorflow": "1.14.0", "provider": "venv"}


def kept_so_far() -> dict[str, Any]:
    said = {"verdict": "kept", "said": "so far"}
    return {
        "date": "2026-11-22",
        "tool": "0.0",
        "runtimes": {"2.15": {"tensorflow": "2.15.0"}, "2.8": {"tensorflow": "2.8.4"}},
        "cases": {
            "module_tracks": {"2.8": said, "2.15": said, "1.15": said},  # it says nothing of TF1
            "creation_before_1_15": {"1.14": said},
            "no_case_any_more": {"2.8": said},
        },
        "cells": {"module-saver": {"kept": 6}},
    }


def test_what_is_added_leaves_the_rest_as_it_is(tmp_path: Path) -> None:
    entry = {"case": "module_tracks", "runtime": "2.15", "why": None, "message": "3 variables"}
    report = a_report(tmp_path / "a.json", statements=[{**entry, "verdict": "kept"}])
    so_far = kept_so_far()
    seen = keep([report], so_far)
    assert seen["cases"] == {
        "module_tracks": {
            "2.8": {"verdict": "kept", "said": "so far"},
            "2.15": {"verdict": "kept", "said": "3 variables"},
        },
        "creation_before_1_15": {"1.14": {"verdict": "kept", "said": "so far"}},
    }
    assert seen["cells"] == {"module-saver": {"kept": 6}}
    assert [(name, each["tensorflow"]) for name, each in seen["runtimes"].items()] == [
        ("2.8", "2.8.4"),
        ("2.15", "2.15.1"),
    ]
    assert (seen["date"], seen["tool"]) == ("2026-11-22", "0.1")
    assert so_far == kept_so_far()


def test_cells_cannot_be_added_to_numbers(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="1 cells of these reports cannot be added"):
        keep([a_report(tmp_path / "a.json", cells=[a_cell("a")])], kept_so_far())


@pytest.mark.parametrize(
    ("runtime", "name"),
    [
        (OLD, "1.14"),
        ({**OLD, "name": "old+v2"}, "1.14+v2"),
        ({**OLD, "name": "prod", "tensorflow": "2.15.1"}, "prod"),
        ({**OLD, "name": "prod", "tensorflow": None}, "prod"),
        ({**OLD, "name": "1.15+v2", "tensorflow": "1.15.5"}, "1.15+v2"),
    ],
)
def test_a_runtime_outside_the_catalogue_is_kept_by_its_series(
    tmp_path: Path, runtime: dict[str, Any], name: str
) -> None:
    entry = {"case": "module_tracks", "runtime": runtime["name"], "why": None, "message": "3"}
    report = a_report(
        tmp_path / "a.json", runtimes=[runtime], statements=[{**entry, "verdict": "kept"}]
    )
    seen = keep([report])
    assert list(seen["runtimes"]) == [name]
    assert list(seen["cases"]["module_tracks"]) == [name]


@pytest.mark.parametrize("content", ["no json", "[]", '{"cells": []}'])
def test_what_is_no_report_is_a_usage_error(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    assert main(["promises", "keep", str(tmp_path / "x.json")]) == 2
    assert "x.json" in capsys.readouterr().err
