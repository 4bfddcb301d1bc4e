"""A baseline of what is accepted as broken, as a run goes by it and writes it anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from test_plugin import BROKEN

if TYPE_CHECKING:
    from conftest import Project

BASELINE = "--tf-baseline=baseline.toml"
ACCEPTED = """
[[accept]]
cells = "affine-builder_2.15-to-tf1_load_1.15-*"
verdict = "refused"
cause = "debug-name-attr"
reason = "1.15 goes in spring"
"""


def project_with_runtimes(project: Project, *rules: dict[str, Any]) -> None:
    """The runtimes are the project's own: on the command line they would narrow the run."""
    project.agent(rules=list(rules))
    ini = "[pytest]\ntf_runtimes = 1.15 2.15\ntf_savers = builder\ntf_loaders = tf1_load\n"
    (project.path / "pytest.ini").write_text(ini, encoding="utf-8")


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_an_update_writes_what_is_broken_and_asks_for_reasons(
    project: Project, workers: tuple[str, ...]
) -> None:
    project_with_runtimes(project, BROKEN)
    run = project.run_apart if workers else project.run
    result = run(BASELINE, "--tf-baseline-update", *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*baseline.toml: 1 entry, 1 without a reason*"])
    file = project.path / "baseline.toml"
    text = file.read_text(encoding="utf-8")
    assert "affine-builder_2.15-to-tf1_load_1.15-inference" in text
    silent = project.run(BASELINE)
    silent.stderr.fnmatch_lines(["ERROR: --tf-baseline: baseline.toml, entry 1: it has no reason*"])
    file.write_text(text.replace('reason = ""', 'reason = "in spring"'), encoding="utf-8")
    accepted = run(BASELINE, "-rx", *workers)
    accepted.assert_outcomes(passed=5, xfailed=1)
    accepted.stdout.fnmatch_lines(["XFAIL*in spring*"])
    again = run(BASELINE, "--tf-baseline-update", *workers)
    assert again.ret == 0
    assert 'reason = "in spring"' in file.read_text(encoding="utf-8")


def test_a_rerun_of_one_cell_does_not_write_the_file_anew(project: Project) -> None:
    project_with_runtimes(project, BROKEN)
    cells = project.report(BASELINE, "--tf-baseline-update")["cells"]
    assert {BASELINE in cell["command"] for cell in cells} == {True}
    assert not [cell for cell in cells if "--tf-baseline-update" in cell["command"]]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_what_works_after_all_fails_until_it_is_taken_out(
    project: Project, workers: tuple[str, ...]
) -> None:
    project_with_runtimes(project)
    file = project.path / "baseline.toml"
    file.write_text(ACCEPTED, encoding="utf-8")
    run = project.run_apart if workers else project.run
    result = run(BASELINE, "--tf-report=r.json", *workers)
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*baseline.toml, entry 1 accepts it*But it is the same*",
            "the same: that was not expected (1 cell)",
            "  - Affine saved by builder under 2.15 and loaded by tf1_load under 1.15",
            "    but: baseline.toml, entry 1 accepts it*",
            "*Affine comes back the same in all 6 cells. 1 cell failed for coming back*",
        ]
    )
    cells = json.loads((project.path / "r.json").read_text(encoding="utf-8"))["cells"]
    assert ["But it is the same" in cell["note"] for cell in cells].count(True) == 1
    project.run(BASELINE, "--tf-baseline-update").assert_outcomes(passed=6)
    assert "[[accept]]" not in file.read_text(encoding="utf-8")


def test_another_failure_than_the_accepted_one_fails(project: Project) -> None:
    project_with_runtimes(project, {**BROKEN, "message": "something else"})
    (project.path / "baseline.toml").write_text(ACCEPTED, encoding="utf-8")
    result = project.run(BASELINE)
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        ["*something else*", "*But it is refused: that is another failure*"]
    )


GONE = ACCEPTED.replace("builder", "estimator")


@pytest.mark.parametrize(
    ("narrowed", "status"),
    [
        ((), 1),
        (("-k", "creation"), 1),  # no cell was left out that it speaks of
        (("--tf-runtimes=1.15,2.15",), 1),
        (("--tf-operations=creation,inference",), 0),
        (("--tf-savers=builder",), 0),
        (("--tf-savers=builder,estimator", "--tf-save-runtimes=1.15"), 0),
        (("--tf-save-runtimes=2.8,2.15",), 1),
        (("--tf-load-runtimes=2.15",), 0),
        (("--tf-loaders=tf2_load",), 0),
        (("test_model.py",), 0),
    ],
)
def test_an_entry_that_matches_nothing_fails_a_run_that_would_have_it(
    project: Project, narrowed: tuple[str, ...], status: int
) -> None:
    project_with_runtimes(project)
    (project.path / "baseline.toml").write_text(GONE, encoding="utf-8")
    result = project.run(BASELINE, *narrowed)
    assert result.ret == status
    if status:
        result.stdout.fnmatch_lines(["*entry 1 matches no cell of this run (affine-estimator*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_was_left_out_is_not_missed(project: Project, workers: tuple[str, ...]) -> None:
    project_with_runtimes(project)
    (project.path / "baseline.toml").write_text(ACCEPTED, encoding="utf-8")
    run = project.run_apart if workers else project.run
    assert run(BASELINE, "-k", "creation", *workers).ret == 0
    assert run(BASELINE, "--deselect", "test_model.py", *workers).ret == 5


def test_where_a_file_cannot_be_collected_nothing_is_missed(project: Project) -> None:
    project_with_runtimes(project)
    (project.path / "baseline.toml").write_text(GONE, encoding="utf-8")
    project.pytester.makepyfile(test_broken="import nothing_of_the_kind")
    more = "--continue-on-collection-errors"
    result = project.run(BASELINE, more)
    result.stdout.no_fnmatch_line("*matches no cell*")
    project.run(BASELINE, more, "--tf-baseline-update")
    assert "estimator" in (project.path / "baseline.toml").read_text(encoding="utf-8")


def test_an_update_takes_out_what_there_is_no_more(project: Project) -> None:
    project_with_runtimes(project)
    file = project.path / "baseline.toml"
    file.write_text(GONE, encoding="utf-8")
    project.run(BASELINE, "--tf-baseline-update", "--tf-savers=builder")
    assert "estimator" in file.read_text(encoding="utf-8")
    project.run(BASELINE, "--tf-baseline-update")
    assert "[[accept]]" not in file.read_text(encoding="utf-8")


def test_an_update_puts_no_deadline_off_and_says_which_are_over(project: Project) -> None:
    project_with_runtimes(project, BROKEN)
    file = project.path / "baseline.toml"
    file.write_text(f"{ACCEPTED}until = 2020-01-31\n", encoding="utf-8")
    result = project.run(BASELINE, "--tf-baseline-update")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*baseline.toml, entry 1 held until 2020-01-31*affine-builder_2.15*mend it, or give*"]
    )
    assert "until = 2020-01-31" in file.read_text(encoding="utf-8")
    assert project.run(BASELINE).ret == 1
    file.write_text(f"{ACCEPTED}until = 2999-01-31\n", encoding="utf-8")
    project.run(BASELINE, "--tf-baseline-update").stdout.no_fnmatch_line("*held until*")


def test_a_baseline_that_is_not_there_says_how_to_make_it(project: Project) -> None:
    result = project.run("--tf-baseline=gone.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *there is no *gone.toml: --tf-baseline-update makes it"])
    alone = project.run("--tf-baseline-update")
    alone.stderr.fnmatch_lines(["ERROR: *writes the file of --tf-baseline: name one"])
