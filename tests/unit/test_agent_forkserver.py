"""What the fork server holds against steps that crash, hang, lie and leave things behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from interpreters import find_python

from pytest_tfroundtrip.agent import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

AGENT = Path(wire.__file__).parent
SCRIPT = Path(__file__).parent / "data" / "fork_server.py"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs /proc and prctl to see what is left"
)


class Server:
    """A fork server in a process of its own, asked over its pipes."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder = folder
        self._count = 0
        self._buffer = b""
        with (folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(
                [python, "-B", "-s", str(SCRIPT), str(AGENT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, action: str, **more: Any) -> int:
        self._count += 1
        request = {
            "type": "step",
            "id": self._count,
            "action": action,
            "folder": str(self.folder),
            "log": str(self.log(self._count)),
            "timeout": 30,
            **more,
        }
        self.write(wire.encode_message(request))
        return self._count

    def answer(self, seconds: float = 20.0) -> dict[str, Any]:
        assert self.process.stdout is not None
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], until - time.monotonic())
            assert ready, "no answer in time"
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            assert data, (self.folder / "agent.log").read_text()
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return wire.decode_message(line)

    def result(self, action: str, **more: Any) -> dict[str, Any]:
        number = self.ask(action, **more)
        answer = self.answer()
        assert answer["id"] == number
        return answer

    def children(self, number: int, seconds: float = 10.0) -> list[int]:
        """The pids of its children, once there are so many."""
        until = time.monotonic() + seconds
        while len(pids := offspring(self.process.pid)) < number and time.monotonic() < until:
            time.sleep(0.01)
        assert len(pids) == number
        return pids

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait(10)
    for pipe in (running.process.stdin, running.process.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def offspring(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def quiet(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process has no child left, not even a zombie."""
    until = time.monotonic() + seconds
    while offspring(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not offspring(pid)


def descriptors(pid: int) -> int:
    """How many a process has open once it rests (while it reaps it looks into /proc, too)."""
    assert quiet(pid)
    counts = [len(list(Path(f"/proc/{pid}/fd").iterdir()))]
    while counts[-3:] != counts[-1:] * 3 and len(counts) < 100:
        time.sleep(0.01)
        counts.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
    return counts[-1]


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
