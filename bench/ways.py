"""Three ways to run one cell, measured: a process for each, the agent, a bare loop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from pytest_tfroundtrip import reference
from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.runtimes.launch import Launch, agent_launch
from pytest_tfroundtrip.runtimes.process import AgentProcess
from pytest_tfroundtrip.runtimes.provider import Workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment

NAIVE = Path(__file__).with_name("naive.py")
MODELS = Path(reference.__path__[0]) / "models.py"
MODEL = "Affine"
SAVERS = ("builder", "tf_module")
LOADERS = ("tf1_load", "tf2_load")
SKIPPED = 2  # passes of the loop that pay for TensorFlow's first use of everything
SECONDS = 180.0  # that anything here may take
MEGABYTE = 1 << 20


class BenchError(Exception):
    """A way did not do its cell, or computed something else: no number is worth printing."""


@dataclass(frozen=True)
class Route:
    """One cell of the bench, saved and loaded in the same runtime."""

    loader: str
    saver: str

    def __str__(self) -> str:
        return f"{self.loader} of {self.saver}"


ROUTES = tuple(Route(loader, saver) for loader in LOADERS for saver in SAVERS)


@dataclass(frozen=True)
class Sample:
    """What a cell cost on average in one round: seconds, megabytes."""

    cpu: float
    wall: float
    peak: float = 0.0


@dataclass
class Agent:
    """An agent of one runtime, and the folder that its steps work in."""

    runtime: Runtime
    environment: Environment
    folder: Path
    _process: AgentProcess = field(init=False)
    _numbers: count[int] = field(default_factory=count)

    @property
    def launch(self) -> Launch:
        """What starts it."""
        return agent_launch(self.environment.python, self.runtime, Workplace(self.folder))

    async def start(self) -> Mapping[str, str | None]:
        """Start it and return the versions it has."""
        self._process = AgentProcess(self.runtime)
        hello = await self._process.start(
            self.launch,
            log=self.folder / "agent.log",
            start_timeout=SECONDS,
        )
        return hello.versions

    async def close(self) -> None:
        await self._process.close()

    @property
    def process(self) -> psutil.Process:
        """As the kernel sees it."""
        return psutil.Process(self._process.pid)

    async def save(self, saver: str) -> Path:
        """Make the artifact of one saver."""
        folder = self.folder / saver
        folder.mkdir()
        model = {"file": str(MODELS), "class": MODEL, "root": str(MODELS.parent)}
        await self._step(
            {"action": "save", "saver": saver, "model": model, "seed": 0, "folder": str(folder)}
        )
        return folder

    async def load(self, route: Route, artifact: Path) -> tuple[dict[str, Any], Path]:
        """One cell: the agent's answer, and the folder with what it computed."""
        folder = self.folder / f"step-{next(self._numbers)}"
        folder.mkdir()
        message = {
            "action": "load",
            "operation": "inference",
            "loader": route.loader,
            "artifact": str(artifact),
            "folder": str(folder),
        }
        return await self._step(message), folder

    async def _step(self, message: dict[str, Any]) -> dict[str, Any]:
        log = self.folder / "steps.log"
        common = {"variant": None, "behavior": None, "timeout": SECONDS, "log": str(log)}
        answer = await self._process.step({**message, **common})
        if answer["status"] != "ok" or answer.get("absent"):
            msg = (
                f"{self.runtime}: {message['action']} failed: {answer.get('message')} (log: {log})"
            )
            raise BenchError(msg)
        return answer

    async def reaped(self) -> None:
        """Wait until no child is left: the kernel adds a child's time to its parent's only then."""
        until = time.monotonic() + SECONDS
        while self.process.children():
            if time.monotonic() > until:
                msg = f"{self.runtime}: the agent's children do not end"
                raise BenchError(msg)
            await asyncio.sleep(0.001)


def by_process(agent: Agent, route: Route, artifact: Path) -> Sample:
    """A process for one cell: interpreter, import, load, call, exit."""
    answer, sample = _naive(agent, route, artifact, repeat=1)
    _check_naive(answer, artifact)
    return sample


def by_loop(agent: Agent, route: Route, artifact: Path, repeat: int) -> Sample:
    """The same code again and again in one process: what TensorFlow itself costs, and no more."""
    answer, sample = _naive(agent, route, artifact, repeat=repeat + SKIPPED)
    _check_naive(answer, artifact)
    cpu, wall = answer["cpu"][SKIPPED:], answer["wall"][SKIPPED:]
    return Sample(sum(cpu) / repeat, sum(wall) / repeat, sample.peak)


async def by_agent(
    agent: Agent, route: Route, artifact: Path, repeat: int, at_once: int = 1
) -> Sample:
    """Steps through the agent. ``peak`` is the highest of its children's.

    CPU is the agent's own and that of its children: fork, copied pages and exit are in it. The
    kernel shows it in ticks of 10 ms, so a round has to have some cells.
    """
    await agent.reaped()
    before, begun = _cpu(agent), time.perf_counter()
    done: list[tuple[dict[str, Any], Path]] = []
    left = iter(range(repeat))

    async def worker() -> None:
        for _ in left:
            done.append(await agent.load(route, artifact))  # noqa: PERF401 - shared by workers

    await asyncio.gather(*(worker() for _ in range(at_once)))
    wall = time.perf_counter() - begun
    await agent.reaped()
    cpu = _cpu(agent) - before
    for answer, folder in done:
        _check_agent(answer, folder, artifact)
        shutil.rmtree(folder)
    peak = max(float(answer.get("rss_mb") or 0) for answer, _ in done)
    return Sample(cpu / repeat, wall / repeat, peak)


async def memory(agent: Agent, route: Route, artifact: Path) -> tuple[float, float]:
    """Peak megabytes: of the agent itself, and of what a child has for itself (USS).

    In a pass of its own: reading a process's maps takes its time.
    """
    watch = _UniqueMemory(agent.process)
    with watch:
        for _ in range(5):
            _, folder = await agent.load(route, artifact)
            shutil.rmtree(folder)
    return _peak(agent.process.pid), watch.peak / MEGABYTE


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / MEGABYTE


class _UniqueMemory(threading.Thread):
    """Looks at a process's children every 2 ms and keeps the highest USS."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._done = threading.Event()
        self.peak = 0

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(0.002):
            try:
                for child in self._process.children():
                    self.peak = max(self.peak, child.memory_full_info().uss)
            except (psutil.Error, OSError):  # it has just ended
                continue


def _cpu(agent: Agent) -> float:
    times = agent.process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _naive(
    agent: Agent, route: Route, artifact: Path, repeat: int
) -> tuple[dict[str, Any], Sample]:
    """Run naive.py in the agent's environment, with the same environment variables."""
    command = [str(agent.environment.python), "-s", str(NAIVE), route.loader]
    command += [str(artifact / "payload"), f"--repeat={repeat}"]
    with (agent.folder / "naive.log").open("ab") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(agent.launch.env),
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        with process.stdout:
            said = process.stdout.read()
        # The one call that tells what this child took, and no other.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = (
            f"{agent.runtime}: {route} by naive.py ended with {process.returncode}: see {log.name}"
        )
        raise BenchError(msg)
    peak = used.ru_maxrss * 1024 / MEGABYTE  # ru_maxrss is in KiB on Linux
    return json.loads(said), Sample(used.ru_utime + used.ru_stime, wall, peak)


def _check_naive(answer: Mapping[str, Any], artifact: Path) -> None:
    if not answer["stable"]:
        msg = f"{artifact}: naive.py computed other numbers in another pass"
        raise BenchError(msg)
    for outputs in answer["calls"].values():
        _compare(dict(enumerate(outputs)), artifact)


def _check_agent(answer: Mapping[str, Any], folder: Path, artifact: Path) -> None:
    observed = wire.read_tensors(folder / "observed.npz")
    for call in answer["calls"]:
        outputs = {
            int(name.split("/")[1]): tensor.value
            for name, tensor in observed.items()
            if name.endswith(f"/{call}/y")
        }
        _compare(outputs, artifact)


def _compare(outputs: Mapping[int, Any], artifact: Path) -> None:
    """Hold outputs against what the model's own numpy formula gave when it was saved."""
    record = wire.read_tensors(artifact / "record.npz")
    expected = {
        int(name.split("/")[1]): tensor.value
        for name, tensor in record.items()
        if name.endswith("/expected/y")
    }
    if set(outputs) != set(expected):
        msg = f"{artifact}: outputs for examples {sorted(outputs)}, not {sorted(expected)}"
        raise BenchError(msg)
    for index, value in expected.items():
        seen = np.asarray(outputs[index], dtype=np.float32).reshape(-1)
        if not np.allclose(seen, value.reshape(-1), rtol=1e-6):
            msg = f"{artifact}: example {index} gave {seen.tolist()}, not {value.tolist()}"
            raise BenchError(msg)
