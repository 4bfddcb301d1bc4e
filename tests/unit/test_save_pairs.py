"""Pairs of saves in a pytest run, with agents that need no TensorFlow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Project

CHOSEN = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder,tf_module", "--tf-loaders=tf2_load")
MOVE = "--tf-diff-saves=builder@1.15 tf_module@2.15"


def moved(project: Project) -> None:
    """Let ``tf_module`` of 2.15 write another contract, and another value."""
    signature = {"method_name": "", "outputs": {"z": {"dtype": "float32", "shape": [None, 1]}}}
    contract = {"tags": [], "signatures": {"serving_default": signature}}
    match = {"action": "save", "saver": "tf_module", "release": "2.15.1"}
    project.agent(rules=[{"match": match, "contract": contract, "delta": 1}])


def pairs(project: Project, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.report(*CHOSEN, *args).get("save_pairs", [])
    return found


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_pair_says_what_changes_for_a_reader(project: Project, workers: tuple[str, ...]) -> None:
    moved(project)
    (pair,) = pairs(project, MOVE, *workers)
    assert pair["id"] == "affine-builder_1.15-becomes-tf_module_2.15"
    assert pair["model"] == "Affine"
    assert pair["new"] == {"save": "tf_module", "save_runtime": "2.15"}
    assert pair["verdict"] == "differs"
    assert pair["max_abs_error"] == 1.0
    parts = {change["part"] for change in pair["changes"]}
    assert parts == {"tags", "method_name", "output", "value"}
    saves = [step for step in project.requests() if step["action"] == "save"]
    assert len(saves) == len({(step["saver"], step["release"]) for step in saves})


def test_what_changes_fails_no_run(project: Project) -> None:
    match = {"action": "save", "saver": "tf_module"}
    project.agent(rules=[{"match": match, "contract": {"tags": []}}])
    result = project.run(*CHOSEN, "--tf-operations=creation", MOVE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "what changes for a reader (1 pair of saves)",
            "  builder@1.15 -> tf_module@2.15: drift for Affine",
            "    tags: tags were 'serve' and are none",
        ]
    )


def test_what_the_run_does_not_save_is_told_at_once_and_in_the_end(project: Project) -> None:
    only = ("--tf-operations=creation", "-k", "builder", MOVE)
    (pair,) = pairs(project, *only)
    assert pair["verdict"] is None
    assert "tf_module@2.15: it is not among this run's saves (--tf-savers" in pair["message"]
    assert not [step for step in project.requests() if step.get("saver") == "tf_module"]
    result = project.run(*CHOSEN, *only)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "  --tf-diff-saves: tf_module@2.15: it is not among this run's saves*",
            "what changes for a reader (1 pair of saves)",
            "  builder@1.15 -> tf_module@2.15: not compared for Affine",
        ]
    )


def test_an_artifact_is_enough_whatever_was_asked_of_it(project: Project) -> None:
    (pair,) = pairs(project, "--tf-operations=inference", MOVE)
    assert (pair["verdict"], pair["changes"], pair["message"]) == ("same", [], "")


def test_a_save_that_failed_is_told(project: Project) -> None:
    refused = {"status": "raised", "exception": "ValueError", "message": "it does not go"}
    project.agent(rules=[{"match": {"action": "save", "saver": "tf_module"}, **refused}])
    (pair,) = pairs(project, MOVE)
    assert pair["verdict"] is None
    assert pair["message"] == "tf_module@2.15: refused: it does not go"


def test_what_a_run_that_was_stopped_did_not_save_is_told(project: Project) -> None:
    refused = {"status": "raised", "exception": "ValueError", "message": "it does not go"}
    project.agent(
        rules=[
            {"match": {"action": "save", "saver": "tf_module"}, "sleep": 60},
            {"match": {"action": "load"}, **refused},
        ]
    )
    # More at once than saves that sleep: what fails must not wait for them.
    (pair,) = pairs(project, MOVE, "-x", "--tf-jobs=4")
    assert pair["message"] == "tf_module@2.15: it was not saved before the run ended"


def test_a_runtime_that_cannot_be_had_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "2.15")
    (pair,) = pairs(project, MOVE)
    assert pair["verdict"] is None
    assert "no interpreter for 2.15" in pair["message"]


def test_an_api_that_is_not_there_is_told_with_its_reason(project: Project) -> None:
    text = (project.path / "affine.py").read_text().replace("def keras_model(self): ...", "")
    (project.path / "affine.py").write_text(text)
    move = "--tf-diff-saves=builder@2.15,keras@2.15"
    (pair,) = pairs(project, "--tf-savers=builder,keras", move)
    assert pair["message"] == "keras@2.15: Affine has no keras_model(), which keras saves"


def test_a_run_that_saves_by_none_of_them_says_so(project: Project) -> None:
    result = project.run("--tf-runtimes=2.21", "--tf-savers=builder", MOVE)
    told = "--tf-diff-saves: this run saves no model by any of builder@1.15 -> tf_module@2.15"
    result.stdout.fnmatch_lines([told])
    assert "save_pairs" not in project.report("--tf-runtimes=2.21", "--tf-savers=builder", MOVE)


def test_three_writers_are_two_pairs_of_each_model(project: Project) -> None:
    (project.path / "more.py").write_text((project.path / "affine.py").read_text())
    (project.path / "test_more.py").write_text(
        (project.path / "test_model.py").read_text().replace("affine.py", "more.py")
    )
    found = pairs(project, "--tf-diff-saves=builder@1.15 tf_module@1.15 tf_module@2.15")
    assert [
        (pair["model"], pair["old"]["save"], pair["new"]["save_runtime"]) for pair in found
    ] == [
        ("affine.py:Affine", "builder", "1.15"),
        ("affine.py:Affine", "tf_module", "2.15"),
        ("more.py:Affine", "builder", "1.15"),
        ("more.py:Affine", "tf_module", "2.15"),
    ]


def test_it_is_set_in_pyproject_or_the_ini_file_too(project: Project) -> None:
    words = "builder@1.15 tf_module@2.15"
    (project.path / "pytest.ini").write_text(f"[pytest]\ntf_diff_saves = {words}\n")
    assert len(pairs(project)) == 1
    (project.path / "pytest.ini").write_text("[pytest]\n")
    table = {"diff_saves": words.split()}
    text = f"[tool.tf_roundtrip]\ndiff_saves = {json.dumps(table['diff_saves'])}\n"
    (project.path / "pyproject.toml").write_text(text)
    assert len(pairs(project)) == 1


def test_what_cannot_be_is_a_usage_error(project: Project) -> None:
    result = project.run(*CHOSEN, "--tf-diff-saves=builder@1.15")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --tf-diff-saves: builder@1.15 alone is no pair*"])


def test_a_rerun_of_a_cell_does_not_ask_for_pairs(project: Project) -> None:
    cells = project.report(*CHOSEN, MOVE)["cells"]
    assert not [cell for cell in cells if "diff-saves" in cell["command"]]
