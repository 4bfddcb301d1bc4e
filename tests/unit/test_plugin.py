"""The plugin as a user meets it, with agents that need no TensorFlow."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Project

TWO = "--tf-runtimes=2.15,2.21"
DEBUG_NAME = (
    "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp; signature= -> "
    "resource:resource>; NodeDef: {{node w}}. (Check whether your GraphDef-interpreting binary is"
    " up to date with your GraphDef-generating binary.)."
)
BROKEN = {
    "match": {"action": "load", "release": "1.15.5", "saved_by": "2.15.1"},
    "status": "raised",
    "exception": "InvalidArgumentError",
    "message": DEBUG_NAME,
    "stage": "load",
}


def test_without_the_switch_a_marked_test_is_one_skipped_item(project: Project) -> None:
    result = project.pytester.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*round trips run with --tf-roundtrip*"])
    assert not project.requests("start")


def test_a_marked_test_runs_once_for_each_cell(project: Project) -> None:
    result = project.run(TWO, "--tf-savers=builder,tf_module", "--tf-loaders=tf1_load,tf2_load")
    result.assert_outcomes(passed=2 * 2 * (1 + 2 * 2))
    assert result.ret == 0


def test_the_terminal_shows_runtimes_matrix_and_answer(project: Project) -> None:
    result = project.run(TWO, "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.stdout.fnmatch_lines(
        [
            "tf-roundtrip: 6 cells, 2 saves on 2 runtimes (fake)",
            "  2.15  TensorFlow 2.15.1*",
            "*TensorFlow round trips*",
            "saved by 2.15*loaded by 2.15*loaded by 2.21",
            "*6 cells: 6 same",
        ]
    )


def test_quiet_keeps_the_answer_only(project: Project) -> None:
    result = project.run(TWO, "-q", "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.stdout.no_fnmatch_line("saved by*")
    result.stdout.no_fnmatch_line("tf-roundtrip:*")
    result.stdout.fnmatch_lines(["*6 passed*"])


def test_cells_are_selected_by_mark_and_by_id(project: Project) -> None:
    collect = ("--co", "-q", TWO)
    marked = project.run(*collect, "-m", "tf_cell(load='keras_load', direction='backward')")
    assert marked.outlines[0].endswith("[affine-keras_2.15-to-keras_load_2.21-inference]") or any(
        "keras_load_2.21" in line for line in marked.outlines
    )
    assert not any("tf1_load" in line for line in marked.outlines if "::" in line)
    named = project.run(*collect, "-k", "affine-builder_2.15-to-tf1_load_2.21")
    assert sum("::" in line for line in named.outlines) == 1


def test_collecting_starts_no_runtime(project: Project) -> None:
    project.run("--co")
    assert not project.requests("start")


def test_the_marks_are_explained(project: Project) -> None:
    result = project.pytester.runpytest_subprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.tf_roundtrip(model*", "@pytest.mark.tf_cell(save*"])


def test_the_options_stand_in_one_group(project: Project) -> None:
    result = project.pytester.runpytest_subprocess("--help")
    lines = result.outlines
    group = lines.index("TensorFlow SavedModel round trips:")
    end = next(i for i in range(group + 1, len(lines)) if lines[i] and not lines[i].startswith(" "))
    ours = [i for i, line in enumerate(lines) if line.strip().startswith("--tf-")]
    assert ours
    assert all(group < i < end for i in ours)


# A person's own model: what is not `same` fails


def test_a_break_fails_with_cause_and_remedy(project: Project) -> None:
    project.agent(rules=[BROKEN])
    result = project.run("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    assert result.ret == 1
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        [
            "Affine saved by builder under 2.15 and loaded by tf1_load under 1.15: refused*",
            "*NodeDef mentions attr 'debug_name'*",
            "*what to do:*",
            "*failures by cause*",
            "*debug-name-attr: 1 cell, saved by 2.15, loaded by 1.15*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*session.py*")


def test_a_corrupted_value_fails(project: Project) -> None:
    project.agent(rules=[{"match": {"action": "load"}, "delta": 1e-3}])
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*differs*"])


def test_a_renamed_output_fails(project: Project) -> None:
    project.agent(rules=[{"match": {"action": "load"}, "rename": {"y": "output_0"}}])
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*drift*"])


def test_the_body_may_ask_for_more(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine")
        def test_affine(roundtrip):
            assert roundtrip.verdict == "same"
            assert set(roundtrip.variables) >= {"w"}
            assert roundtrip.inputs["x"].shape == (2, 3)
            assert roundtrip.artifact.is_dir()
            assert roundtrip.outputs["y"][0, 0] > 1e6
        """
    )
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*> 1000000.0*"])


def test_what_the_user_accepts_is_an_xfail_until_it_works(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", accept={
            "debug-name-attr": "the old readers go in May",
            "*_2.15-to-tf2_load_2.15-*": "works, in truth",
        })
        def test_affine(roundtrip): ...
        """
    )
    project.agent(rules=[BROKEN])
    result = project.run("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "-rx")
    result.stdout.fnmatch_lines(["XFAIL *the old readers go in May*"])
    result.stdout.fnmatch_lines(["*is accepted (works, in truth), but it is same*"])


def test_an_accepted_cause_that_is_gone_fails(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", accept={"debug-name-attr": "until May"})
        def test_affine(roundtrip): ...
        """
    )
    chosen = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    result = project.run(*chosen)
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*is accepted (until May), but it is same*"])


def test_a_failing_body_is_no_failing_round_trip(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine")
        def test_affine(roundtrip):
            assert roundtrip.outputs["y"].shape == (7, 7)
        """
    )
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf2_load")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*the same, but the test itself failed (2 cells)",
            "*2 cells came back the same, but the",
            "test itself failed.",
        ]
    )
    result.stdout.no_fnmatch_line("*no known cause*")


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"kill": 11}, "env_error"),
        ({"status": "crashed", "message": "killed by SIGSEGV", "stage": "call"}, "crashed"),
        ({"status": "timeout", "message": "after 9 s", "stage": "load"}, "timeout"),
    ],
)
def test_each_way_to_fail_has_its_verdict(
    project: Project, rule: dict[str, object], verdict: str
) -> None:
    project.agent(rules=[{"match": {"action": "load", "loader": "tf2_load"}, **rule}])
    report = project.report("--tf-runtimes=2.15", "--tf-savers=builder")
    by_loader = {cell["load"]: cell for cell in report["cells"]}
    assert by_loader["tf2_load"]["verdict"] == verdict
    assert by_loader["tf1_load"]["verdict"] == "same"


# A failed save is never green


def unsaved(project: Project) -> None:
    refused = {"status": "raised", "exception": "ValueError", "message": "no", "stage": "save"}
    project.agent(rules=[{"match": {"action": "save"}, **refused}])
    project.options = ["--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load"]


def test_loads_of_a_failed_save_point_to_its_creation(project: Project) -> None:
    unsaved(project)
    result = project.run("-rs")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*see affine-builder_2.15-creation"])


@pytest.mark.parametrize("selection", [["-k", "inference"], ["-m", "tf_cell(load='tf1_load')"]])
def test_loads_of_a_failed_save_are_errors_without_its_creation(
    project: Project, selection: list[str]
) -> None:
    unsaved(project)
    result = project.run(*selection)
    result.assert_outcomes(errors=1, deselected=1)
    assert result.ret == 1


def test_loads_that_failed_last_time_are_errors_under_lf(project: Project) -> None:
    unsaved(project)
    project.run("-k", "inference")
    result = project.run("--lf")
    result.assert_outcomes(errors=1)


def test_a_creation_of_another_model_of_that_name_excuses_nothing(project: Project) -> None:
    from conftest import MODEL  # noqa: PLC0415

    (project.path / "other.py").write_text(MODEL.format(name="Affine"))
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", operations=["creation"])
        def test_one(roundtrip): ...
        @pytest.mark.tf_roundtrip("other.py:Affine", operations=["inference"])
        def test_other(roundtrip): ...
        """
    )
    unsaved(project)
    result = project.run()
    result.assert_outcomes(failed=1, errors=1)


def test_a_report_that_cannot_be_written_is_said_after_the_run(project: Project) -> None:
    chosen = ("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    (project.path / "file").write_text("")
    result = project.run(*chosen, "--tf-report=file/report.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["ERROR: *report.json*", "*2 cells: 2 same*"])


def test_a_report_of_an_earlier_run_does_not_stay(project: Project) -> None:
    report = project.path / "report.json"
    report.write_text("OLD")
    project.run("--tf-report=report.json", "-k", "nothing_at_all")
    assert not report.exists()


def test_a_report_for_a_pull_request(project: Project) -> None:
    project.agent(rules=[BROKEN])
    result = project.run("--tf-report=report.md", "--tf-runtimes=1.15,2.15", "--tf-savers=builder")
    text = (project.path / "report.md").read_text(encoding="utf-8")
    assert "builder" in text
    assert "| `2.15` | fake | 2.15.1 |" in text
    assert "debug-name-attr" in text
    result.stdout.fnmatch_lines(["*cells: *"])  # the terminal has its own, as ever


# What is saved again

RESAVES = ("--tf-savers=builder", "--tf-loaders=tf1_load", "--tf-save-runtimes=1.15",
           "--tf-load-runtimes=2.21", "--tf-resave-runtimes=2.15",
           "--tf-operations=creation,resave,inference")  # fmt: skip


def test_a_third_reads_what_a_second_saved_again(project: Project) -> None:
    third = {"match": {"action": "load", "resaved_by": "2.15.1"}, "delta": 1.0}
    project.agent(rules=[third])
    cells = project.report(*RESAVES)["cells"]
    assert {cell["id"]: (cell["verdict"], cell["resave_runtime"]) for cell in cells} == {
        "affine-builder_1.15-creation": ("same", ""),
        "affine-builder_1.15-to-tf1_load_2.21-inference": ("same", ""),
        "affine-builder_1.15-to-tf2_load_2.15-resave": ("same", ""),
        "affine-builder_1.15-resave_2.15-to-tf1_load_2.21-inference": ("differs", "2.15"),
    }


def test_a_contract_that_changes_on_the_way_is_drift(project: Project) -> None:
    project.agent(rules=[{"match": {"action": "resave"}, "contract": {"tags": ["other"]}}])
    cells = {cell["id"]: cell for cell in project.report(*RESAVES)["cells"]}
    resave = cells["affine-builder_1.15-to-tf2_load_2.15-resave"]
    assert (resave["verdict"], resave["outcome"]) == ("drift", "failed")
    assert "tags were 'serve' and are 'other'" in resave["message"]


def test_readers_of_what_could_not_be_saved_again_point_to_that(project: Project) -> None:
    refused = {"status": "raised", "exception": "ValueError", "message": "no", "stage": "load"}
    project.agent(rules=[{"match": {"action": "resave"}, **refused}])
    result = project.run(*RESAVES, "-rs")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*see affine-builder_1.15-to-tf2_load_2.15-resave"])
    alone = project.run(*RESAVES, "-k", "resave_2.15")
    alone.assert_outcomes(errors=1, deselected=3)


def test_what_is_in_the_store_is_not_saved_again(project: Project) -> None:
    project.run(*RESAVES)
    before = len(project.requests("step"))
    project.run(*RESAVES)
    again = project.requests("step")[before:]
    assert {request["action"] for request in again} == {"load"}


# A store of saves, handed from run to run


def test_what_is_in_a_store_needs_no_runtime_that_saves(project: Project) -> None:
    chosen = ("--tf-savers=builder", "--tf-loaders=tf1_load", "--tf-save-runtimes=2.15")
    project.run(*chosen, "--tf-store=saves", "--tf-operations=creation")
    before = len(project.requests("start"))
    report = project.report(*chosen, "--tf-store=saves", "--tf-load-runtimes=2.21")
    assert report["summary"]["verdict"] == {"same": 2}
    started = [each["config"]["release"] for each in project.requests("start")[before:]]
    assert started == ["2.21.0"]
    assert {each["name"]: each["provider"] for each in report["runtimes"]} == {
        "2.15": "store",
        "2.21": "fake",
    }


def test_two_tests_of_one_cell_are_one_row_and_the_worst_speaks(project: Project) -> None:
    project.agent(rules=[BROKEN])
    project.pytester.makepyfile(
        test_model="""
        import pytest
        mark = pytest.mark.tf_roundtrip
        @mark("affine.py:Affine", variables=True, expect="documents")
        def test_documents(roundtrip): ...
        @mark("affine.py:Affine", variables=True, rtol=1e-3)
        def test_own(roundtrip): ...
        """
    )
    chosen = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    report = project.report(*chosen)
    ids = [cell["id"] for cell in report["cells"]]
    assert len(ids) == len(set(ids)) == 6
    (broken,) = [cell for cell in report["cells"] if cell["verdict"] == "refused"]
    assert broken["outcome"] == "failed"
    assert "test_own" in broken["command"]


def test_the_command_line_narrows_what_a_mark_says(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", runtimes=["2.15", "2.21"])
        def test_affine(roundtrip): ...
        """
    )
    chosen = ("--tf-runtimes=1.15,2.21", "--tf-savers=builder", "--tf-loaders=tf1_load")
    result = project.run("--co", "-q", *chosen)
    assert sum("::" in line for line in result.outlines) == 2
    assert all("2.15" not in line and "1.15" not in line for line in result.outlines)


def test_an_environment_that_cannot_be_had_is_an_error_at_setup(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "2.15")
    report = project.report(TWO, "--tf-savers=builder", "--tf-loaders=tf1_load")
    assert report["summary"]["verdict"] == {"env_error": 4, "same": 2}
    assert report["summary"]["outcome"] == {"error": 4, "passed": 2}


def test_why_it_cannot_be_had_is_told_once_and_then_referred_to(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_BROKEN", "2.15")
    result = project.run(TWO, "--tf-savers=builder", "--tf-loaders=tf1_load")
    errors, _, summary = result.stdout.str().partition("TensorFlow round trips")
    summary, _, _ = summary.partition("short test summary info")  # whole, where CI is set
    assert errors.count("no interpreter for 2.15") == 1
    assert errors.count("as told with") == 3
    assert summary.count("no interpreter for 2.15") == 1


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_the_report_has_what_changed_for_a_caller_and_the_causes_thread(
    project: Project, workers: tuple[str, ...]
) -> None:
    retagged = {"match": {"action": "load", "release": "2.15.1"}, "contract": {"tags": ["train"]}}
    project.agent(rules=[BROKEN, retagged])
    chosen = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    cells = {cell["id"]: cell for cell in project.report(*chosen, *workers)["cells"]}
    drifted = cells["affine-builder_2.15-to-tf1_load_2.15-inference"]
    said = "tags were 'serve' and are 'train'"
    assert (drifted["verdict"], drifted["thread"]) == ("drift", None)
    assert drifted["changes"] == [{"part": "tags", "sentence": said}]
    refused = cells["affine-builder_2.15-to-tf1_load_1.15-inference"]
    assert refused["thread"] == "https://github.com/tensorflow/tfjs/issues/8260"
    assert refused["changes"] == []


def test_what_a_loader_notes_is_in_the_report_and_with_its_failure(project: Project) -> None:
    noted = {"notes": ["w was not reached", "w was not reached"]}
    project.agent(rules=[{"match": {"action": "load", "loader": "tf1_load"}, "delta": 1, **noted}])
    chosen = ("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load,tf2_load")
    cells = project.report(*chosen, "-n", "1")["cells"]
    assert [cell["notes"] for cell in cells if cell["load"]] == [["w was not reached"], []]
    result = project.run(*chosen)
    result.stdout.fnmatch_lines(["note: w was not reached", "rerun: pytest*"])


# TensorFlow on trial


DOCUMENTS = ("--tf-expect=documents", "--tf-runtimes=1.15,2.15", "--tf-savers=builder")


def test_a_known_break_of_a_promise_is_a_contradiction(project: Project) -> None:
    project.agent(rules=[BROKEN])
    report = project.report(*DOCUMENTS, "--tf-loaders=tf1_load")
    assert report["summary"]["outcome"] == {"passed": 5, "xfailed": 1}
    (cell,) = [cell for cell in report["cells"] if cell["contradiction"]]
    assert cell["cause"] == "debug-name-attr"
    assert cell["promise"] == "promised"


def test_a_known_break_that_works_says_the_entry_is_out_of_date(project: Project) -> None:
    result = project.run(*DOCUMENTS, "--tf-loaders=tf1_load")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*XPASS(strict)*debug-name-attr*"])


def test_a_known_break_with_another_message_fails(project: Project) -> None:
    project.agent(rules=[{**BROKEN, "message": "something else entirely"}])
    result = project.run(*DOCUMENTS, "--tf-loaders=tf1_load")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*the entry is out of date*"])


def test_a_broken_promise_without_a_cause_fails(project: Project) -> None:
    project.agent(rules=[{**BROKEN, "match": {"action": "load", "release": "2.15.1"}}])
    result = project.run(*DOCUMENTS, "--tf-loaders=tf1_load")
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == 3  # and 2.15 → 1.15 works, which it must not


def test_the_commands_choice_wins_over_the_marks(project: Project) -> None:
    project.agent(rules=[BROKEN])
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", variables=True, expect="documents")
        def test_affine(roundtrip): ...
        """
    )
    chosen = ("--tf-runtimes=1.15,2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    project.run(*chosen).assert_outcomes(passed=5, xfailed=1)
    project.run(*chosen, "--tf-expect=round_trip").assert_outcomes(passed=5, failed=1)


# The engine


def test_two_tests_of_one_model_share_every_step(project: Project) -> None:
    project.pytester.makepyfile(test_again=(project.path / "test_model.py").read_text())
    result = project.run(TWO, "--tf-savers=builder", "--tf-loaders=tf1_load")
    result.assert_outcomes(passed=12)
    assert len(project.requests()) == 2 + 4
    assert len(project.requests("start")) == 2


def test_an_unchanged_save_is_not_made_again(project: Project) -> None:
    chosen = (TWO, "--tf-savers=builder", "--tf-loaders=tf1_load")
    project.run(*chosen)
    project.log.unlink()
    project.run(*chosen).assert_outcomes(passed=6)
    assert {request["action"] for request in project.requests()} == {"load"}
    project.log.unlink()
    model = project.path / "affine.py"
    model.write_text(model.read_text() + "# changed\n")
    project.run(*chosen).assert_outcomes(passed=6)
    assert sum(request["action"] == "save" for request in project.requests()) == 2


def test_workers_share_one_engine(project: Project) -> None:
    chosen = (TWO, "--tf-savers=builder,tf_module")
    alone = project.report(*chosen)
    project.log.unlink()
    shared = project.report(*chosen, "-n", "2")
    assert _told(shared) == _told(alone)
    assert len(project.requests("start")) == 2


def _told(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {cell["id"]: (cell["verdict"], cell["outcome"]) for cell in report["cells"]}


def test_under_xdist_the_controller_tells_what_runs(project: Project) -> None:
    result = project.run_apart(TWO, "--tf-savers=builder", "--tf-loaders=tf2_load", "-n", "2")
    result.stdout.fnmatch_lines(
        ["tf-roundtrip: 6 cells, 2 saves on 2 runtimes (fake)", "*6 cells: 6 same"]
    )
    assert not project.left_running()


def test_the_first_failure_stops_everything(project: Project) -> None:
    project.agent(rules=[{**BROKEN, "match": {"action": "load"}}, {"sleep": 0.2}])
    began = time.monotonic()
    result = project.run("-x")
    assert time.monotonic() - began < 20
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])
    assert not project.left_running()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_pytest(project: Project, number: int) -> None:
    project.agent(rules=[{"match": {"action": "load"}, "sleep": 60}])
    running = project.start("-p", "no:terminalprogress")
    end = time.monotonic() + 30
    while not any(r["action"] == "load" for r in project.requests()) and time.monotonic() < end:
        time.sleep(0.05)
    assert project.requests("start")
    os.kill(running.pid, number)
    running.communicate(timeout=30)
    assert not project.left_running()


def test_environments_are_made_before_the_first_test(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_TO_MAKE", "1")
    result = project.run(TWO, "--tf-savers=builder", "--tf-loaders=tf1_load")
    lines = result.outlines
    made = [i for i, line in enumerate(lines) if line.startswith("tf-roundtrip: making 2.")]
    first = next(i for i, line in enumerate(lines) if line.startswith("test_model.py"))
    assert len(made) == 2
    assert all(i < first for i in made)
