"""What the fork server holds against steps that crash, hang, lie and leave things behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from agent_server import Server, alive, descriptors, gone, quiet
from interpreters import find_python

from pytest_tfroundtrip.agent import forkserver, wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs /proc and prctl to see what is left"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.kill()


def test_a_step_runs_in_a_session_and_a_folder_of_its_own(server: Server) -> None:
    result = server.result("echo", value="ü")
    assert (result["status"], result["value"], result["stage"]) == ("ok", "ü", "load")
    assert result["folder"] == str(server.folder / "scratch")
    assert result["session"] not in (os.getsid(0), server.process.pid)
    assert not (server.folder / "scratch").exists()
    assert result["rss_mb"] > 0
    assert server.end() == 0


def test_what_a_step_raises_is_its_result(server: Server) -> None:
    result = server.result("raise", value="why")
    assert (result["status"], result["exception"], result["message"]) == (
        "raised",
        "KeyError",
        "'why'",
    )
    assert "raise_error" in result["traceback"]


def test_sys_exit_is_raised_not_obeyed(server: Server) -> None:
    result = server.result("sys_exit")
    assert (result["status"], result["exception"]) == ("raised", "SystemExit")


def test_an_exit_without_a_result_is_a_crash_that_quotes_the_log(server: Server) -> None:
    result = server.result("hard_exit")
    assert (result["status"], result["exit_code"], result["stage"]) == ("crashed", 3, "load")
    assert "last words" in result["message"]


def test_a_signal_is_a_crash_that_names_it(server: Server) -> None:
    result = server.result("segfault")
    assert (result["status"], result["signal"]) == ("crashed", signal.SIGSEGV)
    assert "SIGSEGV" in result["message"]


def test_a_step_that_hangs_is_killed_and_the_stage_named(server: Server) -> None:
    result = server.result("hang", timeout=0.3)
    assert (result["status"], result["stage"]) == ("timeout", "call")
    assert 0.3 <= result["seconds"] < 3
    assert "0.3 s" in result["message"]
    assert quiet(server.process.pid)


def test_one_crash_costs_that_step_alone(server: Server) -> None:
    hanging = server.ask("hang", timeout=60)
    for action in ("segfault", "garbage", "half"):
        assert server.result(action)["status"] == "crashed"
    assert server.result("echo", value=1)["value"] == 1
    server.write(wire.encode_message({"type": "cancel", "id": hanging}))
    assert server.answer()["status"] == "cancelled"


@pytest.mark.parametrize("action", ["garbage", "no_object", "huge", "half", "holder"])
def test_what_is_no_frame_is_a_crash(server: Server, action: str) -> None:
    result = server.result(action)
    assert result["status"] == "crashed"
    assert result["message"]
    assert quiet(server.process.pid)


def test_a_result_that_is_no_json_is_raised(server: Server) -> None:
    assert server.result("nan")["exception"] == "ValueError"


def test_a_big_result_arrives_whole(server: Server) -> None:
    assert len(server.result("big")["value"]) == 5 << 20


def test_steps_run_at_the_same_time_and_answer_as_they_end(server: Server) -> None:
    slow = server.ask("hang", timeout=0.8)
    quick = server.ask("echo")
    assert [server.answer()["id"], server.answer()["id"]] == [quick, slow]


def test_a_cancelled_step_is_killed(server: Server) -> None:
    number = server.ask("deaf")
    (pid,) = server.children(1)
    server.write(wire.encode_message({"type": "cancel", "id": number}))
    assert server.answer()["status"] == "cancelled"
    assert gone(pid)


def test_a_grandchild_in_its_own_session_does_not_outlive_its_step(server: Server) -> None:
    pid = server.result("grandchild")["value"]
    assert gone(pid)


def test_megabytes_of_output_go_to_the_steps_log_only(server: Server) -> None:
    assert server.result("spam")["value"] == "done"
    assert server.log(1).stat().st_size > 7 << 20
    assert (server.folder / "agent.log").stat().st_size == 0


def test_a_child_has_nothing_open_of_its_parent(server: Server) -> None:
    server.ask("hang", timeout=2)
    result = server.result("descriptors")
    # 0, 1, 2, its own result pipe, and the listing itself.
    assert len(result["value"]) == 5


@pytest.mark.parametrize(
    "line",
    [b"rubbish\n", b"[]\n", b"\xff\n", b'{"type": "what"}\n', b'{"type": "cancel", "id": 99}\n'],
)
def test_a_line_that_is_no_request_is_logged_and_survived(server: Server, line: bytes) -> None:
    server.write(line)
    assert server.result("echo")["status"] == "ok"


@pytest.mark.parametrize(
    "wrong", [{"log": None}, {"folder": 3}, {"timeout": -1}, {"timeout": "soon"}]
)
def test_a_malformed_request_is_answered(server: Server, wrong: dict[str, Any]) -> None:
    result = server.result("echo", **wrong)
    assert (result["status"], result["stage"]) == ("raised", "env")
    assert next(iter(wrong)) in result["message"]


def test_a_log_that_cannot_be_opened_is_no_verdict_on_the_step(server: Server) -> None:
    result = server.result("echo", log=str(server.folder / "no" / "such" / "folder"))
    assert (result["status"], result["stage"]) == ("raised", "env")


def test_the_end_of_stdin_ends_everything_at_once(server: Server) -> None:
    for _ in range(3):
        server.ask("deaf")
    pids = server.children(3)
    started = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - started < 2
    assert not any(map(alive, pids))


def test_children_die_with_an_agent_that_is_killed(server: Server) -> None:
    server.ask("deaf")
    (pid,) = server.children(1)
    server.process.kill()
    assert gone(pid)


def test_a_hundred_steps_leave_no_descriptor_and_no_zombie(server: Server) -> None:
    server.result("echo")
    before = descriptors(server.process.pid)
    for _ in range(100):
        assert server.result("echo")["status"] == "ok"
    assert descriptors(server.process.pid) == before


def test_a_child_that_never_stops_talking_is_no_result(server: Server) -> None:
    result = server.result("flood")
    assert result["status"] == "crashed"
    assert "no result among them" in result["message"]
    assert quiet(server.process.pid)


@pytest.mark.parametrize("action", ["children_without_end", "signals_without_end"])
def test_no_noise_keeps_the_parent_from_its_clock(server: Server, action: str) -> None:
    noisy = server.ask(action, timeout=1)
    assert server.result("echo", value=1)["value"] == 1
    result = server.answer()
    assert (result["id"], result["status"]) == (noisy, "timeout")
    assert result["seconds"] < 5
    assert quiet(server.process.pid)


@pytest.mark.parametrize(
    ("value", "times"),
    [
        ("[", 100_000),
        ('{"status":', 100_000),
        ("7", 100_000),
        ('{"status": "ok", "value": ' + "[" * 70 + "]" * 70 + "}", 1),
        ('{"status": "ok", "value": [' + "[]," * 600_000 + "1]}", 1),
        ('{"status": "ok", "value": NaN}', 1),
        ('{"status": "timeout"}', 1),
        ('{"status": ["ok"]}', 1),
        ('{"status": "raised", "message": {}}', 1),
        ('{"stage": ["load"]}', 1),
        ('{"stage": "' + "x" * 101 + '"}', 1),
    ],
    ids=[
        *("nested lists", "nested dicts", "a long number", "deeper than need be", "many values"),
        *("NaN", "another's verdict", "a status that is none", "a message that is none"),
        *("a stage that is none", "a long stage"),
    ],
)
def test_a_frame_made_to_harm_is_a_crash(server: Server, value: str, times: int) -> None:
    result = server.result("raw", value=value, times=times)
    assert result["status"] == "crashed"
    assert "no result" in result["message"]
    assert server.result("echo", value=1)["value"] == 1


def test_who_answers_and_lives_on_is_ended(server: Server) -> None:
    result = server.result("raw", value='{"status": "ok", "value": 1, "id": 77, "seconds": -1}')
    assert (result["status"], result["value"]) == ("ok", 1)
    assert result["seconds"] >= 0
    assert quiet(server.process.pid)


def test_a_step_that_stops_itself_is_a_timeout(server: Server) -> None:
    assert server.result("stop", timeout=0.3)["status"] == "timeout"
    assert quiet(server.process.pid)


def test_a_log_that_became_a_pipe_holds_nobody_up(server: Server) -> None:
    result = server.result("trap_log")
    assert (result["status"], result["exit_code"]) == ("crashed", 3)
    assert "log" not in result["message"]


def test_a_kill_that_nobody_knows_of_is_guessed_at(server: Server) -> None:
    assert "memory runs out" in server.result("itself", value=signal.SIGKILL)["message"]


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.13"])
def test_other_pythons_serve_the_same(tmp_path: Path, version: str) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    server = Server(tmp_path, python)
    assert server.result("echo", value=version)["value"] == version
    assert server.result("segfault")["status"] == "crashed"
    assert server.result("hang", timeout=0.2)["status"] == "timeout"
    assert server.end() == 0


def test_without_fork_each_step_is_refused_before_anything_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows: stage ``env``, so the cell is an env_error and no verdict on a model."""
    monkeypatch.delattr(os, "fork")
    reading, requests = os.pipe()
    answers, writing = os.pipe()
    os.write(requests, wire.encode_message({"type": "step", "id": 7, "action": "load"}))
    os.close(requests)

    def work(*_: Any) -> None:
        pytest.fail("a step was run")

    assert forkserver.serve(work, reading, writing) == 0
    os.close(writing)
    with os.fdopen(answers, "rb") as told:
        (line,) = told.readlines()
    answer = wire.decode_message(line)
    assert (answer["id"], answer["status"], answer["stage"]) == (7, "raised", "env")
    assert "has no fork" in answer["message"]
    assert "WSL" in answer["message"]
