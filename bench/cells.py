"""What a cell costs, three ways in one run: see README.md.

``python bench/cells.py [--runtimes 1.15,2.15,2.21] [--repeat N] [--rounds N] [--json FILE]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from ways import ROUTES, SAVERS, Agent, Route, Sample, by_agent, by_loop, by_process, memory

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.runtimes.prepare import Providers
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES, default_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment

LOOP_BOUND = 3.5  # times the bare loop's CPU that a cell may cost
PROCESS_BOUND = 0.1  # of a process's CPU


@dataclass
class Costs:
    """The samples of one route, a round each, and what it takes of memory (megabytes)."""

    process: list[Sample] = field(default_factory=list)
    loop: list[Sample] = field(default_factory=list)
    agent: list[Sample] = field(default_factory=list)
    two: list[Sample] = field(default_factory=list)
    parent_peak: float = 0.0
    child_own: float = 0.0

    def best(self, way: str, what: str = "cpu") -> float:
        """The minimum over the rounds: the least disturbed one."""
        return min(_each(getattr(self, way), what))

    def middle(self, way: str, what: str = "cpu") -> float:
        """The median over the rounds."""
        return median(_each(getattr(self, way), what))

    @property
    def of_loop(self) -> float:
        """How many times the bare loop's CPU a cell costs."""
        return self.best("agent") / self.best("loop")

    @property
    def of_process(self) -> float:
        """Which part of a process's CPU a cell costs."""
        return self.best("agent") / self.best("process")

    @property
    def holds(self) -> bool:
        """Whether both bounds hold."""
        return self.of_loop <= LOOP_BOUND and self.of_process <= PROCESS_BOUND


def _each(samples: Sequence[Sample], what: str) -> list[float]:
    return [float(getattr(sample, what)) for sample in samples]


async def measure(
    runtime: Runtime, environment: Environment, folder: Path, options: argparse.Namespace
) -> tuple[Mapping[str, str | None], dict[Route, Costs]]:
    """All routes of a runtime. The ways take turns, so that a busy machine disturbs all alike."""
    agent = Agent(runtime, environment, folder)
    versions = await agent.start()
    try:
        artifacts = {saver: await agent.save(saver) for saver in SAVERS}
        costs = {route: Costs() for route in ROUTES}
        for _ in range(options.rounds):
            for route, cost in costs.items():
                artifact = artifacts[route.saver]
                cost.process.append(by_process(agent, route, artifact))
                cost.loop.append(by_loop(agent, route, artifact, options.repeat))
                cost.agent.append(await by_agent(agent, route, artifact, options.repeat))
                cost.two.append(await by_agent(agent, route, artifact, options.repeat, at_once=2))
        for route, cost in costs.items():
            cost.parent_peak, cost.child_own = await memory(agent, route, artifacts[route.saver])
    finally:
        await agent.close()
    return versions, costs


def table(title: str, costs: Mapping[Route, Costs]) -> str:
    """The costs of one runtime, 80 columns wide."""
    ways = ("process", "loop", "agent")
    lines = [title, ""]

    def block(heads: str, row: Callable[[Costs], str]) -> None:
        lines.append(heads.rstrip())
        lines.extend(f"{route!s:21}{row(cost)}" for route, cost in costs.items())
        lines.append("")

    heads, three = ("".join(f"{way:>{width}}" for way in ways) for width in (15, 10))
    lines.append(f"{'':21}{heads}   agent against")
    block(
        f"{'CPU ms, min (median)':21}{'':45}{'loop':>6}{'process':>8}",
        lambda cost: (
            "".join(
                f"{1e3 * cost.best(way):7.1f}{f'({1e3 * cost.middle(way):.1f})':>8}" for way in ways
            )
            + f"{cost.of_loop:5.2f}x{f'1/{1 / cost.of_process:.0f}':>8}"
        ),
    )
    block(
        f"{'wall ms, minimum':21}{three}{'2 at once':>12}{'gain':>8}",
        lambda cost: (
            "".join(f"{1e3 * cost.best(way, 'wall'):10.1f}" for way in ways)
            + f"{1e3 * cost.best('two', 'wall'):12.1f}"
            + f"{cost.best('agent', 'wall') / cost.best('two', 'wall'):7.2f}x"
        ),
    )
    block(
        f"{'peak memory, MB':21}{three}{'a child':>12}{'its own':>10}",
        lambda cost: (
            f"{cost.best('process', 'peak'):10.0f}{cost.best('loop', 'peak'):10.0f}"
            f"{cost.parent_peak:10.0f}{cost.best('agent', 'peak'):12.0f}{cost.child_own:10.0f}"
        ),
    )
    return "\n".join(lines)


def verdict(results: Mapping[str, Mapping[Route, Costs]]) -> tuple[bool, str]:
    """Whether both bounds hold everywhere, in a line; where not, a line for each that doesn't."""
    said = f"a cell for itself costs at most {LOOP_BOUND} times the bare loop, a tenth of a process"
    broken = [
        f"  {name} {route}: {cost.of_loop:.2f} of the loop, {cost.of_process:.3f} of a process"
        for name, costs in results.items()
        for route, cost in costs.items()
        if not cost.holds
    ]
    if broken:
        return False, "\n".join([f"NO: {said} (CPU), but not", *broken])
    return True, f"YES: {said} (CPU)"


def as_json(results: Mapping[str, Mapping[Route, Costs]]) -> dict[str, Any]:
    """All samples, for whoever compares runs."""
    return {
        name: {
            str(route): {
                **asdict(cost),
                "agent_of_loop": cost.of_loop,
                "agent_of_process": cost.of_process,
                "holds": cost.holds,
            }
            for route, cost in costs.items()
        }
        for name, costs in results.items()
    }


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What a cell costs, three ways in one run.")
    parser.add_argument("--runtimes", default=",".join(DEFAULT_RUNTIMES), metavar="NAMES")
    parser.add_argument("--repeat", type=int, default=20, metavar="N", help="cells in a round")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound does not hold")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    options = parser.parse_args(argv)
    if min(options.repeat, options.rounds) < 1:
        parser.error("--repeat and --rounds are 1 or more")
    return options


def main() -> int:
    options = parse()
    chosen = [parse_runtime(name) for name in options.runtimes.replace(",", " ").split()]
    providers = Providers(options.cache, "venv")
    made = providers.prepare(chosen, lambda line: print(line, file=sys.stderr))
    results = {}
    for runtime in chosen:
        environment = made[runtime.environment]
        if isinstance(environment, EnvironmentFailed):
            raise environment
        with tempfile.TemporaryDirectory(prefix="tf-bench-") as folder:
            work = measure(runtime, environment, Path(folder), options)
            versions, results[runtime.name] = asyncio.run(work)
        title = f"{runtime}: TensorFlow {versions['tensorflow']}, Python {versions['python']}"
        cells = f"{options.rounds} rounds of {options.repeat} cells"
        print(table(f"{title}, {cells}", results[runtime.name]), flush=True)
    hold, line = verdict(results)
    print(line)
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not hold else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RoundTripError as error:
        sys.exit(f"bench: {error}")
