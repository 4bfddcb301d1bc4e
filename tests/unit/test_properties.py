"""What a test says of its cell: properties in --junitxml, the cause on a line of -v."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from test_plugin import BROKEN

if TYPE_CHECKING:
    from conftest import Project

CHOSEN = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
BROKEN_CELL = "affine-builder_2.15-to-tf1_load_1.15-inference"
FAR = {
    "match": {"action": "load", "release": "2.15.1", "saved_by": "1.15.5"},
    "delta": 0.5,
}
UNKNOWN = {**BROKEN, "message": "a word that nobody knows"}


def run(project: Project, workers: tuple[str, ...], *args: str) -> list[str]:
    """The lines of a run, in a process of its own where workers are asked for."""
    run = project.run_apart if workers else project.run
    return run(*CHOSEN, *args, *workers).outlines


def properties(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Of each test case in junit.xml, by the cell's id."""
    root = ET.parse(project.path / "junit.xml").getroot()  # noqa: S314  pytest wrote it
    found = {}
    for case in root.iter("testcase"):
        told = [(each.attrib["name"], each.attrib["value"]) for each in case.iter("property")]
        found[dict(told)["tf_cell"]] = told
    return found


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_junit_has_what_was_seen_of_each_cell(project: Project, workers: tuple[str, ...]) -> None:
    project.agent(rules=[BROKEN, FAR])
    run(project, workers, "--junitxml=junit.xml")
    found = properties(project)
    assert len(found) == 6
    assert found[BROKEN_CELL] == [
        ("tf_cell", BROKEN_CELL),
        ("tf_promise", "promised"),
        ("tf_verdict", "refused"),
        ("tf_cause", "debug-name-attr"),
    ]
    far = dict(found["affine-builder_1.15-to-tf1_load_2.15-inference"])
    assert (far["tf_verdict"], float(far["tf_max_abs_error"])) == ("differs", 0.5)
    assert float(far["tf_max_rel_error"]) > 0
    assert "tf_cause" not in far
    same = dict(found["affine-builder_1.15-to-tf1_load_1.15-inference"])
    assert (same["tf_verdict"], float(same["tf_max_abs_error"])) == ("same", 0.0)


def test_a_runtime_that_could_not_be_had_is_in_the_properties_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "1.15")
    run(project, (), "--junitxml=junit.xml", "--tf-load-runtimes=2.15")
    assert Counter(dict(each)["tf_verdict"] for each in properties(project).values()) == {
        "same": 2,
        "env_error": 2,
    }


def test_a_test_that_runs_again_has_each_property_once(project: Project) -> None:
    project.neighbours = ["rerunfailures"]
    project.agent(rules=[BROKEN])
    lines = run(project, (), "--junitxml=junit.xml", "-p", "rerunfailures", "--reruns=1")
    assert any("1 rerun" in line for line in lines)
    names = [name for name, _ in properties(project)[BROKEN_CELL]]
    assert len(names) == len(set(names)) == 4


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_verbose_line_names_the_cause(project: Project, workers: tuple[str, ...]) -> None:
    project.agent(rules=[BROKEN, FAR])
    lines = run(project, workers, "-v")
    cases = [line for line in lines if "%]" in line and "::" in line]
    assert len(cases) == 6
    (broken,) = [line for line in cases if BROKEN_CELL in line]
    assert "FAILED [debug-name-attr]" in broken
    (far,) = [line for line in cases if "builder_1.15-to-tf1_load_2.15-inference" in line]
    assert "FAILED [differs, no known cause]" in far
    assert sum("[debug-name-attr]" in line for line in cases) == 1
    assert sum("PASSED" in line for line in cases) == 4
    # What other programs read is as ever.
    (told,) = [line for line in lines if line.startswith("FAILED") and BROKEN_CELL in line]
    assert told.startswith("FAILED test_model.py::test_affine[")


def test_the_cause_is_for_those_who_ask(project: Project) -> None:
    project.agent(rules=[BROKEN])
    lines = run(project, ())
    assert any(line.startswith("test_model.py ") and "F" in line for line in lines)
    assert not any("FAILED [" in line for line in lines)


def test_a_body_that_fails_and_other_tests_are_pytests_own(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine")
        def test_affine(roundtrip): assert False
        def test_other(): assert False
        """
    )
    lines = run(project, (), "-v", "--tf-load-runtimes=1.15")
    assert sum(bool(re.search(r"FAILED +\[ *\d+%\]$", line)) for line in lines) == 5


def test_a_runtime_that_could_not_be_had_is_an_error_with_its_name(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "1.15")
    lines = run(project, (), "-v", "--tf-load-runtimes=2.15")
    assert sum("ERROR [env_error, no known cause]" in line for line in lines) == 2
