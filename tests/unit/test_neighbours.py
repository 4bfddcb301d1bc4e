"""The plugin beside others that people have: same verdicts, nothing run twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

CHOSEN = ("--tf-runtimes=2.15,2.21", "--tf-savers=builder,tf_module", "--tf-loaders=tf2_load")
FAILING = {
    "match": {"action": "load", "release": "2.15.1", "saved_by": "2.21.0"},
    "status": "raised",
    "exception": "ValueError",
    "message": "no",
    "stage": "load",
}


@pytest.mark.parametrize(
    ("plugin", "options"),
    [
        ("randomly", ["-p", "randomly"]),
        ("timeout", ["--timeout=60"]),
        ("timeout", ["--timeout=60", "--timeout-method=thread"]),
        ("pytest_cov", ["--cov=.", "--cov-report="]),
        ("asyncio", ["-o", "asyncio_mode=auto", "-W", "error"]),
        ("rerunfailures", ["--reruns=1"]),
    ],
)
def test_a_neighbour_changes_no_verdict(project: Project, plugin: str, options: list[str]) -> None:
    if plugin == "asyncio":
        options = [*options, "-o", "asyncio_default_fixture_loop_scope=function"]
    project.neighbours = [plugin]
    project.agent(rules=[FAILING])
    result = project.run_apart(*CHOSEN, *options)
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"]) == (10, 2)
    assert len(project.requests()) == 4 + 8  # a rerun asks for nothing again
    assert "INTERNALERROR" not in result.stdout.str()
    assert not project.left_running()


def test_a_tests_timeout_ends_the_wait_for_a_cell(project: Project) -> None:
    project.neighbours = ["timeout"]
    project.agent(rules=[{"match": {"action": "load"}, "sleep": 60}])
    result = project.run_apart(*CHOSEN, "--timeout=2", "-x")
    assert "Timeout" in result.stdout.str()
    assert not project.left_running()
