"""Third parties' savers and loaders as a user meets them, with agents that need no TensorFlow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from extension import AGENT, SAVER, write

if TYPE_CHECKING:
    from conftest import Project

    from pytest_tfroundtrip.catalogue.extensions import Extension

TWO = "--tf-runtimes=2.15,2.21"
CHOSEN = ("--tf-savers=builder,acme_export", "--tf-loaders=tf2_load,acme_read")
HOOK = """
from pathlib import Path

def pytest_tf_roundtrip_apis():
    here = Path(__file__).parent
    return {"apis": here / "acme.json", "agent": here / "acme_agent.py"}
"""


@pytest.fixture
def acme(project: Project) -> Extension:
    """The project's conftest.py adds a saver and a loader."""
    project.pytester.makeconftest(HOOK)
    return write(project.path)


def seen(report: dict[str, Any], key: str) -> dict[str, Any]:
    return {cell["id"]: cell[key] for cell in report["cells"]}


@pytest.mark.usefixtures("acme")
def test_theirs_run_beside_ours_the_same_alone_and_under_xdist(project: Project) -> None:
    alone = project.report(TWO, *CHOSEN)
    assert len(alone["cells"]) == 2 * 2 * (1 + 2 * 2)
    assert set(seen(alone, "verdict").values()) == {"same"}
    assert "affine-acme_export_2.15-to-acme_read_2.21-inference" in seen(alone, "verdict")
    distributed = project.report(TWO, *CHOSEN, "-n", "2")
    assert seen(distributed, "verdict") == seen(alone, "verdict")
    assert set(seen(distributed, "outcome").values()) == {"passed"}


def test_every_agent_is_told_where_their_files_are(project: Project, acme: Extension) -> None:
    project.run(TWO, *CHOSEN)
    told = [request["config"]["extensions"] for request in project.requests("start")]
    files = {"apis": str(acme.apis), "agent": str(acme.agent)}
    assert told == [[{**files, "known_as": files}]] * 2


@pytest.mark.usefixtures("acme")
def test_a_mark_may_name_theirs(project: Project) -> None:
    project.pytester.makepyfile(
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("affine.py:Affine", savers=["acme_export"], loaders=["acme_read"])
        def test_affine(roundtrip): ...
        """
    )
    result = project.run("--co", "-q", "--tf-runtimes=2.15")
    ids = [line.partition("[")[2] for line in result.outlines if "::" in line]
    assert ids == [
        "affine-acme_export_2.15-creation]",
        "affine-acme_export_2.15-to-acme_read_2.15-inference]",
    ]


@pytest.mark.usefixtures("acme")
def test_without_the_switch_their_plugin_loads_and_is_not_asked(project: Project) -> None:
    (project.path / "acme.json").unlink()
    project.pytester.runpytest_subprocess().assert_outcomes(skipped=1)


@pytest.mark.usefixtures("acme")
def test_the_documents_have_no_word_on_theirs_and_causes_are_told_by_message(
    project: Project,
) -> None:
    """Of builder's cells the same break is foreseen, by a promise and a cause."""
    broken = {
        "match": {"action": "load", "release": "1.15.5", "saved_by": "2.15.1"},
        "status": "raised",
        "exception": "ValueError",
        "message": "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp",
        "stage": "load",
    }
    project.agent(rules=[broken])
    report = project.report(
        *("--tf-save-runtimes=2.15", "--tf-load-runtimes=1.15", "--tf-expect=documents"),
        *("--tf-savers=builder,acme_export", "--tf-loaders=tf1_load,acme_read"),
    )
    promises, causes = seen(report, "promise"), seen(report, "cause")
    ours = "affine-builder_2.15-to-tf1_load_1.15-inference"
    theirs = set(promises) - {ours, "affine-builder_2.15-creation"}
    assert {promises[key] for key in theirs} == {"unpromised"}
    assert len(theirs) == 4
    assert promises[ours] != "unpromised"
    loads = theirs - {"affine-acme_export_2.15-creation"}
    assert {causes[key] for key in loads} == {"debug-name-attr"}
    assert {seen(report, "outcome")[key] for key in loads} == {"xfailed"}
    assert not any(seen(report, "contradiction")[key] for key in theirs)


def test_a_changed_module_or_data_file_makes_their_saves_again(
    project: Project, acme: Extension
) -> None:
    def saved() -> list[str]:
        before = len(project.requests())
        project.run("--tf-runtimes=2.15", *CHOSEN).assert_outcomes(passed=6)
        steps = project.requests()[before:]
        return sorted(step["saver"] for step in steps if step["action"] == "save")

    assert saved() == ["acme_export", "builder"]
    assert saved() == []
    acme.agent.write_text(AGENT + "# changed")
    assert saved() == ["acme_export"]
    assert saved() == []
    write(project.path, savers={"acme_export": {**SAVER, "says": "changed"}})
    assert saved() == ["acme_export"]


@pytest.mark.parametrize("distributed", [False, True])
def test_what_is_wrong_with_their_files_is_one_usage_error(
    project: Project, acme: Extension, *, distributed: bool
) -> None:
    acme.apis.write_text(json.dumps({"savers": {"acme_export": {**SAVER, "colour": "red"}}}))
    result = project.run_apart(*CHOSEN, *(["-n", "2"] if distributed else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: */acme.json: saver 'acme_export' has the unknown key*"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_hook_that_fails_is_a_usage_error(project: Project) -> None:
    project.pytester.makeconftest("def pytest_tf_roundtrip_apis(): return 1 / 0")
    result = project.run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the plugin *conftest.py fails in*ZeroDivisionError*"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.usefixtures("acme")
def test_what_an_agent_cannot_take_of_theirs_is_an_error_of_their_cells(project: Project) -> None:
    unusable = {
        "match": {"loader": "acme_read", "release": "2.21.0"},
        "status": "raised",
        "exception": "Unusable",
        "message": "the agent module acme_agent.py does not import under Python 3.7",
        "stage": "env",
    }
    project.agent(rules=[unusable])
    result = project.run(TWO, *CHOSEN)
    result.assert_outcomes(passed=16, errors=4)
    result.stdout.fnmatch_lines(["*the agent module acme_agent.py does not import under Python*"])


def test_a_hook_that_comes_too_late_is_told(project: Project) -> None:
    write(project.path)
    inner = project.pytester.mkdir("inner")
    (inner / "conftest.py").write_text(HOOK)
    (inner / "test_inner.py").write_text("def test_inner(): ...")
    result = project.run_apart("--tf-runtimes=2.15")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*inner?conftest.py has pytest_tf_roundtrip_apis, but*"])
    result.stdout.no_fnmatch_line("*plugin.py:*")


def test_what_reruns_a_cell_brings_the_plugin_along(project: Project) -> None:
    extension = write(project.path)
    folder = str(extension.apis.parent)
    hook = HOOK.replace("Path(__file__).parent", f"Path({folder!r})")
    project.pytester.makepyfile(acme_plugin=hook)
    project.pytester.syspathinsert()
    chosen = ("--tf-runtimes=2.15", "--tf-savers=acme_export", "--tf-loaders=acme_read")
    report = project.report("-p", "acme_plugin", *chosen)
    for command in seen(report, "command").values():
        assert " -p acme_plugin " in command
        assert "fake_plugin" not in command
