"""Sentences of the documents as tests, with agents that need no TensorFlow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.report.statements import row_of
from pytest_tfroundtrip.statement import Trial, from_json, trials
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from conftest import Project

PACKAGE = ("--pyargs", "pytest_tfroundtrip.statements")
CASE = "keras_model_tracks"  # kept by Keras 2, not by Keras 3
GONE = "AssertionError: model.variables has no tf.Variable of the model's own"


def seen(project: Project, *args: str) -> dict[str, dict[str, Any]]:
    report = project.report(*PACKAGE, *args)
    return {entry["id"]: entry for entry in report.get("statements", ())}


def contradicting(project: Project, message: str, release: str = "2.21.0") -> None:
    rule = {"status": "raised", "exception": "AssertionError", "message": message, "stage": "call"}
    match = {"action": "case", "function": CASE, "release": release}
    project.agent(rules=[{"match": match, **rule}])


def test_a_trial_is_a_case_under_a_runtime_where_it_means_something() -> None:
    found = [trial.id for trial in trials([parse_runtime("1.15"), parse_runtime("2.15")])]
    assert "builder_prints_5-1.15" in found
    assert f"{CASE}-2.15" in found
    assert f"{CASE}-1.15" not in found
    assert len(found) == len(set(found))


def test_a_trial_survives_the_way_to_another_process() -> None:
    trial = Trial(cases()[CASE], parse_runtime("2.21+tf_keras"))
    assert from_json(trial.to_json(), {}) == trial


def test_what_is_known_has_to_say_what_it_said() -> None:
    known = Trial(cases()[CASE], parse_runtime("2.21"))
    assert known.as_known(Observation(Verdict.REFUSED, message=GONE))
    assert not known.as_known(Observation(Verdict.REFUSED, message="something else"))
    assert not known.as_known(Observation(Verdict.SAME))
    assert not Trial(cases()[CASE], parse_runtime("2.15")).as_known(
        Observation(Verdict.REFUSED, message=GONE)
    )


@pytest.mark.parametrize(
    ("verdict", "word"),
    [(Verdict.SAME, "kept"), (Verdict.REFUSED, "contradicted"), (Verdict.CRASHED, "crashed")],
)
def test_the_words_of_a_report(verdict: Verdict, word: str) -> None:
    trial = Trial(cases()[CASE], parse_runtime("2.21"))
    assert row_of(trial, Observation(verdict), "passed").verdict == word


def test_a_sentence_that_is_kept_passes_and_says_what_was_seen(project: Project) -> None:
    found = seen(project, "--tf-runtimes=2.15", "-k", CASE)
    entry = found[f"{CASE}-2.15"]
    assert (entry["verdict"], entry["outcome"]) == ("kept", "passed")
    assert entry["message"] == f"{CASE} held"
    assert entry["statements"] == ["tracked-automatically", "object-is-a-module-or-keras"]
    assert len(entry["sentences"]) == len(entry["documents"]) == 2
    assert entry["command"].endswith(f"::test_statement[{CASE}-2.15]'")


def test_a_known_contradiction_is_an_xfail(project: Project) -> None:
    contradicting(project, GONE)
    entry = seen(project, "--tf-runtimes=2.21", "-k", CASE)[f"{CASE}-2.21"]
    assert (entry["verdict"], entry["outcome"]) == ("contradicted", "xfailed")
    assert entry["why"].startswith("Keras 3 tracks its own variables")


def test_another_message_fails_and_so_does_an_unforeseen_one(project: Project) -> None:
    contradicting(project, "it does something else now")
    entry = seen(project, "--tf-runtimes=2.21", "-k", CASE)[f"{CASE}-2.21"]
    assert (entry["verdict"], entry["outcome"]) == ("contradicted", "failed")
    assert entry["why"] is None
    assert entry["note"].endswith(f"the entry {CASE} of cases.toml is out of date.")
    contradicting(project, GONE, "2.15.1")
    result = project.run(*PACKAGE, "--tf-runtimes=2.15", "-k", CASE)
    result.assert_outcomes(failed=1, deselected=len(list(trials([parse_runtime("2.15")]))) - 1)
    result.stdout.fnmatch_lines(
        [
            f"{CASE} under 2.15: refused",
            "*model.variables has no*",
            'against: "*',
            "rerun: pytest *",
        ]
    )


def test_one_that_is_kept_after_all_fails(project: Project) -> None:
    entry = seen(project, "--tf-runtimes=2.21", "-k", CASE)[f"{CASE}-2.21"]
    assert (entry["verdict"], entry["outcome"]) == ("kept", "failed")
    assert "But it is kept" in entry["note"]


def test_a_runtime_that_cannot_be_had_is_an_error(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "2.15")
    result = project.run(*PACKAGE, "--tf-report=r.json", "--tf-runtimes=2.15", "-k", "tracks")
    entries = json.loads((project.path / "r.json").read_text())["statements"]
    assert [(each["verdict"], each["outcome"]) for each in entries] == [("env_error", "error")] * 2
    errors = result.stdout.str().partition("TensorFlow round trips")[0]
    assert errors.count("no interpreter for 2.15") == 1
    result.stdout.fnmatch_lines(
        ["env_error: as told with *tracks-2.15[]]", "*could not be tried (2 cases)"]
    )


def test_a_run_of_sentences_ends_with_what_was_seen_of_them(project: Project) -> None:
    contradicting(project, GONE)
    result = project.run(*PACKAGE, "--tf-runtimes=2.15,2.21", "-k", CASE)
    result.stdout.fnmatch_lines(
        [
            "tf-roundtrip: 2 cases on 2 runtimes*",
            "the documents' sentences",
            "        kept  contradicted as known",
            "  2.15  1     -",
            "  2.21  -     1",
            "TensorFlow kept its word in 1 of 2 cases*",
        ]
    )
    project.run(*PACKAGE, "--tf-runtimes=2.15,2.21", "-k", CASE, "--tf-report=r.md")
    page = (project.path / "r.md").read_text()
    assert f"`{CASE}` | kept | ⚠️ contradicted |" in page


def test_what_is_given_is_written_once_by_the_runtime_that_the_case_names(
    project: Project,
) -> None:
    seen(project, "--tf-runtimes=2.15,2.21", "-k", "object_needs_no_signatures")
    steps = [each for each in project.requests() if each["action"] == "case"]
    written = [each for each in steps if each["function"] == "save_without_signatures"]
    assert [each["release"] for each in written] == ["2.15.1"]
    readers = [each for each in steps if each["function"] == "object_needs_no_signatures"]
    assert sorted(each["release"] for each in readers) == ["2.15.1", "2.21.0"]
    assert len({each["given"] for each in steps}) == 1


def test_what_several_cases_are_given_is_written_once_for_all(project: Project) -> None:
    seen(project, "--tf-runtimes=2.15", "-k", "session_needs_no or object_needs or with_the")
    steps = [each for each in project.requests() if each["action"] == "case"]
    saved = [each for each in steps if each["function"] == "save"]
    assert len(saved) == 1  # by 2.8, for the two cases with the option
    readers = {each["function"]: each["given"] for each in steps if each["given"]}
    assert readers["with_the_option"] == readers["with_the_experimental_option"]
    assert readers["object_needs_no_signatures"] != readers["with_the_option"]


def test_workers_ask_the_controllers_engine(project: Project) -> None:
    chosen = ("--tf-runtimes=2.15", "-k", "tracks or attributes")
    alone = seen(project, *chosen)
    project.log.unlink()
    shared = seen(project, *chosen, "-n", "2")
    assert {key: each["outcome"] for key, each in shared.items()} == {
        key: each["outcome"] for key, each in alone.items()
    }
    assert len(project.requests("start")) == 1


def test_without_the_switch_it_is_one_skipped_test(project: Project) -> None:
    result = project.pytester.runpytest_subprocess(*PACKAGE)
    result.assert_outcomes(skipped=1)
