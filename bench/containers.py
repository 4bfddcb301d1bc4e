#!/usr/bin/env python
"""What a container costs over an environment: per runtime and per cell, in one run.

    python bench/containers.py [--runtimes 1.15,2.15,2.21] [--rounds 10] [--repeat 10]

Both run the same steps through the same code. Both are alive at once and take turns cell by cell,
so that what else this machine does meets both; minima are compared. Images and environments are
made first, where they are missing.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import reference
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.prepare import Providers
from pytest_tfroundtrip.runtimes.process import AgentProcess
from pytest_tfroundtrip.runtimes.provider import Workplace
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES, default_cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment

MODELS = Path(reference.__path__[0]) / "models.py"
PROVIDERS = ("venv", "docker")
SECONDS = 180.0
START_BOUND = 0.5  # seconds that a container may add to a runtime's start
CELL_BOUND = 0.005  # seconds that it may add to a cell


class BenchError(Exception):
    """Something failed: no number is worth printing."""


@dataclass
class Costs:
    """Seconds, one sample each."""

    start: list[float] = field(default_factory=list)  # to TensorFlow's import done
    cell: list[float] = field(default_factory=list)  # one load
    close: list[float] = field(default_factory=list)


@dataclass
class Bench:
    """One agent at a time, of one provider."""

    providers: Providers
    runtime: Runtime
    environment: Environment
    folder: Path
    costs: Costs = field(default_factory=Costs)
    _numbers: count[int] = field(default_factory=count)
    _agent: AgentProcess = field(init=False)
    _place: Path = field(init=False)

    async def start(self) -> None:
        """Start an agent, save once, load once."""
        self._place = self.folder / f"round-{next(self._numbers)}"
        await asyncio.to_thread((self._place / "files").mkdir, parents=True)
        workplace = Workplace(self._place / "files", (MODELS.parent, self.folder))
        provider = self.providers.of(self.runtime)
        self._agent = AgentProcess(self.runtime)
        began = time.perf_counter()
        await self._agent.start(
            provider.command(self.environment, self.runtime, workplace),
            log=self._place / "agent.log",
            start_timeout=SECONDS,
        )
        self.costs.start.append(time.perf_counter() - began)
        model = {"file": str(MODELS), "class": "Affine", "root": str(MODELS.parent)}
        save = {"action": "save", "saver": "tf_module", "model": model, "seed": 0}
        await self._step(save, self._place / "artifact")
        await self._load()

    async def cell(self) -> None:
        """Load."""
        began = time.perf_counter()
        await self._load()
        self.costs.cell.append(time.perf_counter() - began)

    async def close(self) -> None:
        """End the agent, remove its files."""
        began = time.perf_counter()
        await self._agent.close()
        self.costs.close.append(time.perf_counter() - began)
        await asyncio.to_thread(shutil.rmtree, self._place)

    async def _load(self) -> None:
        load = {"action": "load", "operation": "inference", "loader": "tf2_load"}
        folder = self._place / f"cell-{next(self._numbers)}"
        await self._step({**load, "artifact": str(self._place / "artifact")}, folder)

    async def _step(self, message: dict[str, Any], folder: Path) -> None:
        await asyncio.to_thread(folder.mkdir)
        log = folder.with_suffix(".log")
        common = {"variant": None, "behavior": None, "timeout": SECONDS}
        answer = await self._agent.step(
            {**message, **common, "folder": str(folder), "log": str(log)}
        )
        if answer["status"] != "ok":
            msg = f"{self.runtime} ({self.environment.provider}): {answer.get('message')}"
            raise BenchError(msg)


async def a_round(benches: Sequence[Bench], repeat: int) -> None:
    """Start each, load ``repeat`` times in turn, end each; another one is first every time."""
    started: list[Bench] = []
    try:
        for bench in benches:
            started.append(bench)
            await bench.start()
        for number in range(repeat):
            for bench in benches if number % 2 else benches[::-1]:
                await bench.cell()
    finally:
        for bench in started:
            await bench.close()


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runtimes", default=",".join(DEFAULT_RUNTIMES))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    return parser.parse_args(argv)


def main() -> int:
    options = parse()
    runtimes = [parse_runtime(name) for name in options.runtimes.replace(",", " ").split()]
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.cache) as name:
        benches: dict[tuple[str, str], Bench] = {}
        for word in PROVIDERS:
            providers = Providers(options.cache, word, jobs=2)
            made = providers.prepare(runtimes, lambda line: print(line, file=sys.stderr))
            for runtime in runtimes:
                there = made[runtime.environment]
                if isinstance(there, EnvironmentFailed):
                    print(there, file=sys.stderr)
                    return 1
                folder = Path(name, word, runtime.name)
                folder.mkdir(parents=True)
                benches[word, runtime.name] = Bench(providers, runtime, there, folder)
        for runtime in runtimes:
            both = [benches[word, runtime.name] for word in PROVIDERS]
            asyncio.run(a_round(both, 1))
            for bench in both:
                bench.costs = Costs()  # the page cache is not what is compared
            for number in range(options.rounds):
                asyncio.run(a_round(both if number % 2 else both[::-1], options.repeat))
    print(f"{'seconds, min (median)':24}{'start':>16}{'cell':>20}{'close':>16}")
    holds = True
    for runtime in runtimes:
        for word in PROVIDERS:
            cost = benches[word, runtime.name].costs
            columns = ((cost.start, 8, 2), (cost.cell, 11, 4), (cost.close, 8, 2))
            row = "".join(
                f"{min(each):>{width}.{digits}f} ({median(each):.{digits}f})"
                for each, width, digits in columns
            )
            print(f"{runtime.name:12}{word:12}{row}")
        venv, docker = (benches[word, runtime.name].costs for word in PROVIDERS)
        start, cell = min(docker.start) - min(venv.start), min(docker.cell) - min(venv.cell)
        middle = median(docker.cell) - median(venv.cell)
        holds = holds and start < START_BOUND and cell < CELL_BOUND
        print(f"{'':12}{'added':12}{start:>8.2f}{'':7}{cell * 1000:>8.1f} ({middle * 1000:.1f}) ms")
    print(f"bounds: {START_BOUND} s a runtime, {CELL_BOUND * 1000:.0f} ms a cell: {holds}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
