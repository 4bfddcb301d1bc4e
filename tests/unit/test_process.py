"""The agent's other end, against an agent without TensorFlow."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from fake_provider import fake_launch, requests, write_script

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, parse_runtime
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed
from pytest_tfroundtrip.runtimes import launch
from pytest_tfroundtrip.runtimes.process import AgentProcess, Hello, same_version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RUNTIME = parse_runtime("2.15")


class Bench:
    """Starts fake agents in a test's folder and asks them for steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.agent = AgentProcess(RUNTIME)
        self.log = folder / "agent.log"

    async def start(self, timeout: float = 20, **script: Any) -> Hello:
        file = write_script(
            self.folder / "fake.json", requests=str(self.folder / "requests"), **script
        )
        starting = fake_launch(RUNTIME, self.folder, file)
        return await self.agent.start(starting, log=self.log, start_timeout=timeout)

    def save(self, saver: str = "builder", **more: Any) -> dict[str, Any]:
        folder = self.folder / f"saved-{saver}-{time.monotonic_ns()}"
        folder.mkdir()
        model = {"file": str(self.folder / "affine.py"), "class": "Affine"}
        common = {"folder": str(folder), "log": str(self.folder / "step.log"), "timeout": 20}
        return {"action": "save", "saver": saver, "model": model, **common, **more}

    def load(self, saving: dict[str, Any], loader: str) -> dict[str, Any]:
        folder = self.folder / f"loaded-{loader}-{time.monotonic_ns()}"
        folder.mkdir()
        common = {"folder": str(folder), "log": str(self.folder / "step.log"), "timeout": 20}
        return {"action": "load", "loader": loader, "artifact": saving["folder"], **common}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def run(bench: Bench, work: Callable[[], Awaitable[Any]]) -> Any:
    """Run a test's coroutine and end the agent whatever became of it."""

    async def whole() -> Any:
        try:
            return await asyncio.wait_for(work(), 30)
        finally:
            await bench.agent.close()

    return asyncio.run(whole())


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# The start


def test_hello_says_what_the_runtime_is(bench: Bench) -> None:
    hello = run(bench, bench.start)
    assert hello.versions["tensorflow"] == "2.15.1"
    assert hello.apis["builder"]
    assert gone(hello.pid)


def test_launch_and_wire_speak_of_the_same_protocol() -> None:
    assert launch.PROTOCOL == wire.PROTOCOL
    assert launch.agent_main().is_file()


def test_the_shell_does_not_decide_what_a_runtime_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("KEPT", "1")
    run(bench, bench.start)
    (started,) = requests(bench.folder / "requests")
    assert not {"TF_USE_LEGACY_KERAS", "PYTHONPATH"} & set(started["env"])
    assert started["env"]["KEPT"] == "1"


def failure(bench: Bench, timeout: float = 20, **rule: Any) -> str:
    """What a start that goes wrong says; nothing of it is left running."""
    with pytest.raises(EnvironmentFailed) as caught:
        run(bench, lambda: bench.start(timeout, start=[rule]))
    assert bench.agent.pid is None or gone(bench.agent.pid)
    return str(caught.value)


def test_an_import_that_fails_is_told_with_the_log(bench: Bench) -> None:
    text = failure(bench, unusable="import failed: no module named absl", log="lines of the log")
    assert "the agent of 2.15 is unusable: in " in text
    assert "TensorFlow does not import: import failed: no module named absl." in text
    assert "runtimes make 2.15" in text
    assert text.endswith("lines of the log")


def test_another_protocol_names_both(bench: Bench) -> None:
    assert "speaks protocol 7, this plugin protocol 1" in failure(bench, protocol=7)


def test_an_exit_before_hello_tells_how(bench: Bench) -> None:
    text = failure(bench, exit=3, log="bad magic number")
    assert "exit code 3" in text
    assert "bad magic number" in text


def test_a_kill_before_hello_names_the_signal(bench: Bench) -> None:
    assert "killed by signal 4 (SIGILL)" in failure(bench, kill=int(signal.SIGILL))


def test_a_start_that_takes_too_long_is_ended(bench: Bench) -> None:
    assert "had not imported TensorFlow after 0.5 s" in failure(bench, 0.5, sleep=20)


def test_what_is_no_message_is_shown(bench: Bench) -> None:
    assert "Welcome to prod" in failure(bench, print="Welcome to prod\n")


def test_another_tensorflow_than_stated_is_refused(bench: Bench) -> None:
    text = failure(bench, hello={"versions": {"tensorflow": "2.14.0"}})
    assert "runs TensorFlow 2.14.0, but the catalogue says 2.15.1" in text


def test_a_declaration_that_the_runtime_contradicts_is_an_error(bench: Bench) -> None:
    assert "builder is missing" in failure(bench, hello={"contradictions": ["builder is missing"]})


def test_an_agent_whose_forks_would_hang_is_not_used(bench: Bench) -> None:
    text = failure(bench, hello={"unsafe": ["importing acme.py started 5 threads"]})
    assert "the agent of 2.15 cannot run steps: importing acme.py started 5 threads" in text


def test_an_interpreter_that_is_gone_is_named(bench: Bench) -> None:
    own = OwnRuntime(name="prod", tensorflow="2.15.1")
    agent = AgentProcess(parse_runtime("prod", {"prod": own}))
    starting = launch.Launch((str(bench.folder / "python"),), {}, bench.folder)
    with pytest.raises(EnvironmentFailed, match=r"runtime\.prod") as caught:
        asyncio.run(agent.start(starting, log=bench.log, start_timeout=5))
    assert str(bench.folder / "python") in str(caught.value)


# Its steps


def test_a_step_is_answered_with_files_in_the_real_form(bench: Bench) -> None:
    async def work() -> None:
        await bench.start()
        saving = bench.save("tf_module")
        saved = await bench.agent.step(saving)
        loading = bench.load(saving, "tf2_load")
        loaded = await bench.agent.step(loading)
        assert (saved["status"], loaded["status"]) == ("ok", "ok")
        recorded = wire.read_tensors(saving["folder"] + "/record.npz")
        observed = wire.read_tensors(loading["folder"] + "/observed.npz")
        assert loaded["calls"] == ["signature", "call"]
        expected = recorded["examples/0/outputs/y"].value.tolist()
        assert expected == [[14.5], [32.5]]
        for call in loaded["calls"]:
            assert observed[f"examples/0/{call}/y"].value.tolist() == expected

    run(bench, work)


def test_steps_overlap_and_answers_find_their_own(bench: Bench) -> None:
    async def work() -> None:
        slow = {"match": {"saver": "builder"}, "sleep": 0.5, "status": "raised", "message": "slow"}
        fast = {"match": {"saver": "keras"}, "status": "raised", "message": "fast"}
        await bench.start(rules=[slow, fast])
        first = asyncio.create_task(bench.agent.step(bench.save("builder")))
        await asyncio.sleep(0)
        second = await bench.agent.step(bench.save("keras"))
        assert not first.done()
        assert (second["message"], (await first)["message"]) == ("fast", "slow")

    run(bench, work)


def test_a_step_that_is_not_waited_for_any_more_is_cancelled_in_the_agent(bench: Bench) -> None:
    async def work() -> None:
        await bench.start(rules=[{"match": {"saver": "builder"}, "sleep": 15}])
        step = asyncio.create_task(bench.agent.step(bench.save("builder")))
        await asyncio.sleep(0.2)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        # It still serves others, and what the cancelled one answers is nobody's.
        assert (await bench.agent.step(bench.save("keras")))["status"] == "ok"
        assert [entry["type"] for entry in requests(bench.folder / "requests")] == [
            "start",
            "step",
            "cancel",
            "step",
        ]

    run(bench, work)


def test_a_message_of_megabytes_arrives(bench: Bench) -> None:
    async def work() -> None:
        await bench.start(rules=[{"status": "raised", "message": "m" * (8 << 20)}])
        assert len((await bench.agent.step(bench.save()))["message"]) == 8 << 20

    run(bench, work)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"exit": 9}, "exit code 9"),
        ({"kill": int(signal.SIGSEGV)}, r"killed by signal 11 \(SIGSEGV\)"),
        ({"print": "no json\n"}, "wrote what is no message"),
    ],
)
def test_the_death_of_an_agent_reaches_every_step(
    bench: Bench, rule: dict[str, Any], says: str
) -> None:
    async def work() -> None:
        fatal = {"match": {"saver": "builder"}, "sleep": 0.2, **rule}
        await bench.start(rules=[fatal, {"sleep": 15}], start=[{"log": "its last words"}])
        steps = [bench.agent.step(bench.save(saver)) for saver in ("keras", "builder", "estimator")]
        deaths = await asyncio.gather(*steps, return_exceptions=True)
        for death in deaths:
            assert isinstance(death, AgentDied)
            assert str(death).endswith("its last words")
        assert len({id(death) for death in deaths}) == 3
        with pytest.raises(AgentDied, match=says):
            await bench.agent.step(bench.save())
        assert not bench.agent.alive

    run(bench, work)


# Its end


def test_close_ends_what_is_under_way(bench: Bench) -> None:
    async def work() -> None:
        hello = await bench.start(rules=[{"sleep": 15}])
        step = asyncio.create_task(bench.agent.step(bench.save()))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await bench.agent.close()
        assert time.monotonic() - started < 1.5
        with pytest.raises(AgentDied, match="was ended before this step was done"):
            await step
        assert gone(hello.pid)
        await bench.agent.close()

    run(bench, work)


def test_an_agent_that_does_not_mind_its_stdin_is_killed(bench: Bench) -> None:
    async def work() -> None:
        hello = await bench.start()
        os.kill(hello.pid, signal.SIGSTOP)
        await bench.agent.close()
        assert gone(hello.pid)

    run(bench, work)


def test_ctrl_c_in_the_terminal_does_not_reach_the_agent(bench: Bench) -> None:
    async def work() -> None:
        hello = await bench.start()
        assert os.getsid(hello.pid) == hello.pid

    run(bench, work)


def test_an_agent_ends_when_the_plugin_is_killed(bench: Bench) -> None:
    """SIGKILL leaves no time for a close: the end of its stdin is enough."""
    program = f"""
import asyncio, os, pathlib, signal
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_process import Bench
async def work():
    hello = await Bench(pathlib.Path({str(bench.folder)!r})).start(rules=[])
    print(hello.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(work())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    pid = int(ended.stdout)
    until = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert gone(pid)


@pytest.mark.parametrize(
    ("stated", "found", "same"),
    [
        ("2.15.1", "2.15.1", True),
        ("2.15.1", "2.15.1+nv23.11", True),
        ("2.16.0", "2.16.0-rc0", False),
        ("2.15.1", None, False),
        ("2.15.1", "unknown", False),
    ],
)
def test_versions_are_compared_as_versions(stated: str, found: str | None, *, same: bool) -> None:
    assert same_version(stated, found) is same
