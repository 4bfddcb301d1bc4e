"""Runs pytest as a user does, in a process of its own, and reads what it said and what it left.

A run is watched from outside: every process that it starts inherits a variable of the
environment, by which it is found again whatever session or parent it has moved to. Which agents it
started is noted in its own process, when it starts them (:mod:`starts`): looking from outside, now
and then, may miss one. How large they become can only be looked at.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from pytest_tfroundtrip.settings import default_cache

from .starts import FILE as STARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
MODELS = HERE.parent / "models"
PROJECTS = HERE.parent / "projects"
REFERENCE = ("--pyargs", "pytest_tfroundtrip.reference")

#: Plugins of the development environment that these tests are not about.
NEIGHBOURS = ("asyncio", "randomly", "rerunfailures", "timeout", "pytest_cov")
#: Agents pass on variables with this prefix, so what a model starts has it too.
RUN = "TF_ROUNDTRIP_TEST_RUN"
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Agent:
    """A process that was started to import one TensorFlow."""

    interpreter: str
    config: str  # its one argument: what its runtime is expected to be
    megabytes: float  # the most resident memory that was seen of it; 0: nobody looked in time


@dataclass(frozen=True)
class Run:
    """A pytest run that is over."""

    status: int
    output: str
    report: Mapping[str, Any]  # the JSON report; empty where none was written
    seconds: float
    agents: tuple[Agent, ...]  # all that it started, in their order
    left: tuple[str, ...]  # processes that outlived pytest

    @property
    def cells(self) -> dict[str, dict[str, Any]]:
        """The report's cells by their ids."""
        cells = {cell["id"]: cell for cell in self.report["cells"]}
        assert len(cells) == len(self.report["cells"]), "two cells share an id"
        return cells

    def verdicts(self) -> dict[str, str]:
        """What was seen, by cell."""
        return {key: cell["verdict"] for key, cell in self.cells.items()}

    def outcomes(self) -> dict[str, str | None]:
        """What pytest said, by cell."""
        return {key: cell["outcome"] for key, cell in self.cells.items()}


@dataclass
class Started:
    """A pytest run that is under way."""

    process: subprocess.Popen[str]
    token: str
    report: Path
    starts: Path  # what it started
    _sizes: dict[tuple[str, ...], int] = field(default_factory=dict)  # bytes by command line

    def processes(self) -> Iterator[psutil.Process]:
        """What this run started and is alive, pytest itself left out."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if (
                    process.environ().get(RUN) == self.token
                    and process.pid != self.process.pid
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    yield process

    def agents(self) -> dict[int, psutil.Process]:
        """The agents that are alive by their pids: pytest started them, not one of them another."""
        running = {}
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if process.ppid() == self.process.pid and _is_agent(process.cmdline()):
                    running[process.pid] = process
        return running

    def watch(self) -> None:
        """Note how large the agents are that there are now."""
        for process in self.agents().values():
            with contextlib.suppress(psutil.Error):
                words, size = tuple(process.cmdline()), process.memory_info().rss
                self._sizes[words] = max(size, self._sizes.get(words, 0))

    def all_agents(self) -> tuple[Agent, ...]:
        """Every agent that it started until now."""
        lines = self.starts.read_text(encoding="utf-8").splitlines()
        commands = [tuple(json.loads(line)) for line in lines]
        return tuple(
            Agent(words[0], words[-1], self._sizes.get(words, 0) / MEGABYTE)
            for words in commands
            if _is_agent(words)
        )

    def left(self, seconds: float = 10) -> tuple[str, ...]:
        """What is alive though pytest is not, after a moment to end; it is killed then."""
        end = time.monotonic() + seconds
        while (left := list(self.processes())) and time.monotonic() < end:
            time.sleep(0.1)
        told = []
        for process in left:
            with contextlib.suppress(psutil.Error):
                told.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
                process.kill()
        return tuple(told)


def start(
    folder: Path,
    *arguments: str,
    cache: Path | None = None,
    plugins: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> Started:
    """Start pytest with round trips in ``folder``.

    Args:
        folder: where it runs.
        arguments: of its command line.
        cache: another cache than the user's; see :func:`private_cache`.
        plugins: modules of this folder to be loaded as plugins.
        environ: more variables of its environment.
    """
    token = uuid.uuid4().hex
    (starts := folder / "starts.jsonl").write_text("", encoding="utf-8")
    without = [part for name in NEIGHBOURS for part in ("-p", f"no:{name}")]
    extra = [part for name in ("starts", *plugins) for part in ("-p", name)]
    inherited = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    path = os.pathsep.join(filter(None, [str(HERE), inherited.get("PYTHONPATH")]))
    noted = {RUN: token, STARTS: str(starts)}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "--tf-roundtrip", "--tf-report=report.json"),
            *("-o", "tf_provider=venv"),  # a machine with images would take these
            *(without + extra),
            *([f"--tf-cache={cache}"] if cache else []),
            *arguments,
        ],
        cwd=folder,
        env={**inherited, **noted, "PYTHONPATH": path, "COLUMNS": "80", **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return Started(process, token, folder / "report.json", starts)


def run(
    folder: Path,
    *arguments: str,
    cache: Path | None = None,
    plugins: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
    timeout: float = 900,
) -> Run:
    """Run pytest with round trips to its end. The first run makes the environments."""
    (folder / "report.json").unlink(missing_ok=True)
    began = time.monotonic()
    started = start(folder, *arguments, cache=cache, plugins=plugins, environ=environ)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            started.watch()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        output, _ = started.process.communicate(timeout=timeout)
    finally:
        over.set()
        watching.join()
        if started.process.poll() is None:
            started.process.kill()
            started.process.communicate()
    seconds = time.monotonic() - began
    report: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError):
        report = json.loads(started.report.read_text(encoding="utf-8"))
    return Run(
        started.process.returncode, output, report, seconds, started.all_agents(), started.left()
    )


def private_cache(folder: Path) -> Path:
    """A cache with a store of artifacts of its own, and the environments of the user's."""
    shared, cache = default_cache(), folder / "cache"
    cache.mkdir()
    (shared / "environments").mkdir(parents=True, exist_ok=True)
    for each in shared.iterdir():
        if each.name not in ("artifacts", "runs"):
            (cache / each.name).symlink_to(each)
    return cache


def artifacts(cache: Path) -> dict[tuple[str, str, str], Path]:
    """The artifacts of a cache by model class, saver and TensorFlow's version."""
    found = {}
    for file in (cache / "artifacts").glob("*/*/record.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        saver = ".".join(filter(None, [record["saver"], record["variant"]]))
        key = record["model"]["class"], saver, record["runtime"]["tensorflow"]
        found[key] = file.parent
    return found


@dataclass(frozen=True)
class Kept:
    """A run, and the artifacts that it left by model class, saver and TensorFlow's version."""

    seen: Run
    artifacts: Mapping[tuple[str, str, str], Path]


def run_keeping(folder: Path, *arguments: str) -> Kept:
    """A run with a store of its own, as :func:`run`."""
    cache = private_cache(folder)
    return Kept(run(folder, *arguments, cache=cache), artifacts(cache))


def _is_agent(words: Sequence[str]) -> bool:
    return any(word.endswith("pytest_tfroundtrip/agent/__main__.py") for word in words[:5])
