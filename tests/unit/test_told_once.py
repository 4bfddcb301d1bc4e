"""Blocks of failures in pytest's terminal: a cause is told once, reports stay whole."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from test_plugin import BROKEN, DEBUG_NAME

from tests.saved_models import written

if TYPE_CHECKING:
    from conftest import Project

CHOSEN = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load,tf2_load")
LOAD = "affine-builder_2.15-to-{}_1.15-inference"
FIRST, SECOND = (LOAD.format(loader) for loader in ("tf1_load", "tf2_load"))
REMEDY = "what to do: Load it with TensorFlow 2.5 or later"


def blocks(result: pytest.RunResult) -> dict[str, list[str]]:
    """The lines of each block of FAILURES and ERRORS, by what its heading names in brackets."""
    parts = re.split(r"(?m)^_+ (.*) _+\n", result.stdout.str())[1:]
    texts = (re.split(r"(?m)^(?:==|- gen)", part)[0] for part in parts[1::2])
    names = (heading.partition("[")[2].rstrip("]") or heading for heading in parts[::2])
    return {name: text.splitlines() for name, text in zip(names, texts, strict=True)}


@pytest.mark.parametrize("how", [(), ("-q",), ("--tb=short",), ("--tb=native",), ("-rA",), ("-v",)])
def test_the_first_is_told_and_the_second_refers_to_it(
    project: Project, how: tuple[str, ...]
) -> None:
    project.agent(rules=[BROKEN])
    result = project.run(*CHOSEN, *how)
    result.assert_outcomes(passed=8, failed=2)
    told = blocks(result)
    assert "\n".join(told[FIRST]).count(REMEDY) == 1
    assert told[SECOND] == [
        "refused while loading [debug-name-attr]: as told with",
        f"  test_model.py::test_affine[{FIRST}]",
        "  (-vv tells each whole)",
    ]


@pytest.mark.parametrize("how", ["-vv", "--tb=long"])
def test_who_asks_for_more_gets_each_whole(project: Project, how: str) -> None:
    project.agent(rules=[BROKEN])
    told = blocks(project.run(*CHOSEN, how))
    assert [sum(REMEDY in line for line in told[name]) for name in (FIRST, SECOND)] == [1, 1]


def test_without_blocks_there_are_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)  # where it is set pytest's last lines are whole
    project.agent(rules=[BROKEN])
    result = project.run(*CHOSEN, "--tb=no")
    result.assert_outcomes(passed=8, failed=2)
    result.stdout.no_fnmatch_line("*as told with*")


def test_a_line_each_is_a_line_each(project: Project) -> None:
    project.agent(rules=[BROKEN])
    lines = project.run(*CHOSEN, "--tb=line").outlines
    start = next(n for n, line in enumerate(lines) if " FAILURES " in line)
    end = next(n for n, line in enumerate(lines) if " TensorFlow round trips " in line)
    for line, loader in zip(lines[start + 1 : end], ("tf1_load", "tf2_load"), strict=True):
        assert line.endswith(
            "Refused [debug-name-attr]: Affine saved by builder under 2.15 and loaded by"
            f" {loader} under 1.15: refused while loading"
        )


def whole(project: Project) -> list[int]:
    """How often the remedy is in each failure of ``j.xml``; the report has each message."""
    cells = json.loads((project.path / "r.json").read_text(encoding="utf-8"))["cells"]
    assert [cell["message"] for cell in cells if cell["verdict"] == "refused"] == [DEBUG_NAME] * 2
    root = ET.parse(project.path / "j.xml").getroot()  # noqa: S314  pytest wrote it
    return [(failure.text or "").count(REMEDY) for failure in root.iter("failure")]


REPORTS = ("--junitxml=j.xml", "--tf-report=r.json")


def test_reports_of_a_test_by_itself_stay_whole(project: Project) -> None:
    project.agent(rules=[BROKEN])
    result = project.run(*CHOSEN, *REPORTS)
    result.stdout.fnmatch_lines(["*as told with*"])
    assert whole(project) == [1, 1]


def test_workers_failures_are_held_together_by_who_prints_them(project: Project) -> None:
    """Each worker has one of the two: neither knows of the other's."""
    project.agent(rules=[BROKEN])
    only = ("-k", "2.15-to-tf1_load_1.15 or 2.15-to-tf2_load_1.15")
    result = project.run_apart(*CHOSEN, "-n", "2", *only, *REPORTS)
    result.assert_outcomes(failed=2)
    one, two = blocks(result).items()
    assert one[1][0].startswith("[gw")
    assert sum(REMEDY in line for line in one[1]) == 1
    assert two[1] == [
        "refused while loading [debug-name-attr]: as told with",
        f"  test_model.py::test_affine[{one[0]}]",
        "  (-vv tells each whole)",
    ]
    assert whole(project) == [1, 1]


def test_a_runtime_that_cannot_be_had_is_told_once_by_all_workers(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "2.15")
    result = project.run_apart("--tf-runtimes=2.15", *CHOSEN[1:], "-n", "2")
    result.assert_outcomes(errors=3)
    told = list(blocks(result).values())
    assert ["no interpreter for 2.15" in "\n".join(lines) for lines in told] == [True, False, False]


def test_last_lines_name_the_cause_and_are_short_where_ci_prints_them_whole(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.agent(rules=[BROKEN])
    last = project.run(*CHOSEN).stdout.str().partition("short test summary info")[2]
    assert [line for line in last.splitlines() if line.startswith("FAILED")] == [
        f"FAILED test_model.py::test_affine[{cell}] - Refused [debug-name-attr]: Affine saved by"
        f" builder under 2.15 and loaded by {loader} under 1.15: refused while loading"
        for cell, loader in ((FIRST, "tf1_load"), (SECOND, "tf2_load"))
    ]
    assert REMEDY not in last


def test_last_lines_refer_to_another_where_nobody_knows_why(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.agent(rules=[{**BROKEN, "message": "Nobody knows"}])
    last = project.run(*CHOSEN).stdout.str().partition("short test summary info")[2]
    one, two = (line for line in last.splitlines() if line.startswith("FAILED"))
    assert one.endswith("loaded by tf1_load under 1.15: refused while loading")
    assert two.endswith(f"refused while loading: as told with test_model.py::test_affine[{FIRST}]")


def test_what_the_baseline_has_against_one_is_told(project: Project) -> None:
    project.agent(rules=[BROKEN])
    accepted = f'[[accept]]\ncells = "{SECOND}"\nverdict = "crashed"\nreason = "r"\n'
    (project.path / "b.toml").write_text(accepted, encoding="utf-8")
    told = blocks(project.run(*CHOSEN, "--tf-baseline=b.toml"))
    assert any("that is another failure" in line for line in told[SECOND])
    assert any(REMEDY in line for line in told[SECOND])


def test_tests_own_failures_are_pytests_affair(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine")
        def test_affine(roundtrip):
            assert 0, "mine"
        """
    )
    result = project.run(*CHOSEN, "-k", "creation")
    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*as told with*")
    assert [sum("E   " in line for line in lines) for lines in blocks(result).values()] == [2, 2]


def test_folders_share_a_cause_and_k_takes_the_name_that_is_referred_to(project: Project) -> None:
    for name in ("m1", "m2"):
        written(project.path / "models" / name)
    asked = {"action": ["load", "record"]}
    project.agent(rules=[{**BROKEN, "match": asked}])
    only = ("--tf-runtimes=2.15", "--tf-loaders=tf2_load", "models")
    first = "m1-to-tf2_load_2.15-inference"
    result = project.run(*only)
    assert blocks(result)["m2-to-tf2_load_2.15-inference"] == [
        "refused while loading [debug-name-attr]: as told with",
        f"  {first}",
        "  (-vv tells each whole)",
    ]
    chosen = project.run(*only, "-k", first, "--co", "-q")
    assert [line for line in chosen.outlines if "::" in line] == [
        "models/m1/saved_model.pb::tf2_load_2.15-inference"
    ]
