"""What the plugin costs before a test runs: no TensorFlow, no runtime.

``python bench/collection.py [--cells N] [--rounds N] [--json FILE] [--check]``: collection of many
cells against as many plain parametrized items, collection of the reference, and what a run without
``--tf-roundtrip`` pays for the plugin being installed. Each is a pytest of its own, taking turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS_BOUND = 1.5  # times as many plain items
REFERENCE_BOUND = 1.0  # seconds
IDLE_BOUND = 0.020  # seconds

# Crossed with all savers and loaders. Releases of which each has most of the APIs.
RUNTIMES = ("1.15", "2.3", "2.8", "2.11", "2.13", "2.15", "2.16", "2.18", "2.20", "2.21")
MODEL = """\
import tensorflow as tf


class Model{number}(tf.Module):
    inputs = {{"x": tf.TensorSpec([None, 3], tf.float32)}}
    examples = [{{"x": [[1.0, 2.0, 3.0]]}}]

    def __call__(self, x):
        return {{"y": x}}

    def keras_model(self):
        raise NotImplementedError
"""
CELLS = """\
import pytest

{tests}
"""
CELL = """
@pytest.mark.tf_roundtrip("model.py:Model{number}", variables=True)
def test_model{number}(roundtrip):
    pass
"""
PLAIN = """\
import pytest

IDS = {ids!r}


@pytest.mark.parametrize("x", IDS)
def test_plain(x):
    pass
"""
# Without this, pytest writes a cache and the plugins of whoever runs the bench take part.
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:warnings")


@dataclass
class Runs:
    """The seconds of several runs of one command."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def run(runs: Runs, folder: Path, *arguments: str) -> str:
    """Run pytest once, in a process of its own; returns what it printed."""
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    # What is installed is compiled; a checkout's modules are by the first run, which isn't counted.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(folder.parent / "compiled")
    command = [sys.executable, "-m", "pytest", *QUIET, *arguments]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    runs.wall.append(time.perf_counter() - begun)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    runs.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}:\n{said[-2000:]}")
    return said


def collected(said: str) -> list[str]:
    """The ids in the output of ``pytest --co -q``, without the test's own name."""
    return [
        line.partition("[")[2][:-1] for line in said.splitlines() if "::" in line and "[" in line
    ]


def many_cells(folder: Path, number: int) -> int:
    """Write tests of at least that many cells; returns how many pytest finds."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    models, tests = "", ""
    found: list[str] = []
    for count in (1, None):
        each = max(1, len(found))
        wanted = count or -(-number // each)
        models = "\n\n".join(MODEL.format(number=index) for index in range(wanted))
        tests = "\n".join(CELL.format(number=index) for index in range(wanted))
        (folder / "model.py").write_text(models, encoding="utf-8")
        (folder / "test_cells.py").write_text(CELLS.format(tests=tests), encoding="utf-8")
        found = collected(run(Runs(), folder, *CELLS_ARGUMENTS))
    (folder / "test_plain.py").write_text(PLAIN.format(ids=found), encoding="utf-8")
    return len(found)


PLUGIN = ("-p", "pytest_tfroundtrip.plugin")
CELLS_ARGUMENTS = (
    *PLUGIN,
    "--tf-roundtrip",
    f"--tf-runtimes={','.join(RUNTIMES)}",
    "--tf-savers=all",
    "--tf-loaders=all",
    "--co",
    "test_cells.py",
)


def measure(options: argparse.Namespace) -> tuple[int, dict[str, Runs]]:
    """All of it; the commands take turns, so that a busy machine disturbs all alike."""
    names = ("cells", "plain items", "reference", "idle with", "idle without")
    runs = {name: Runs() for name in names}
    with tempfile.TemporaryDirectory(prefix="tf-bench-") as name:
        folder, small = Path(name) / "many", Path(name) / "small"
        folder.mkdir()
        small.mkdir()
        (small / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (small / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
        number = many_cells(folder, options.cells)
        run(Runs(), small, *PLUGIN)
        run(Runs(), small)
        for _ in range(options.rounds):
            run(runs["cells"], folder, *CELLS_ARGUMENTS)
            run(runs["plain items"], folder, "--co", "test_plain.py")
            reference = ("--tf-roundtrip", "--co", "--pyargs", "pytest_tfroundtrip.reference")
            run(runs["reference"], small, *PLUGIN, *reference)
        for _ in range(options.idle_rounds):
            run(runs["idle with"], small, *PLUGIN)
            run(runs["idle without"], small)
    return number, runs


def report(number: int, runs: dict[str, Runs]) -> tuple[bool, str]:
    """Whether the bounds hold, and the table."""
    lines = [f"{'':15}{'CPU s, min (median)':>22}{'wall s, min (median)':>24}"]
    for name, seconds in runs.items():
        cells = "".join(
            f"{f'{min(each):.3f} ({median(each):.3f})':>{width}}"
            for each, width in ((seconds.cpu, 22), (seconds.wall, 24))
        )
        lines.append(f"{name:15}{cells}")
    ratio = min(runs["cells"].cpu) / min(runs["plain items"].cpu)
    reference = min(runs["reference"].wall)
    idle = median(runs["idle with"].cpu) - median(runs["idle without"].cpu)
    holds = [
        (ratio <= ITEMS_BOUND, f"{number} cells: {ratio:.2f}x as many plain items (1.5)"),
        (reference < REFERENCE_BOUND, f"--co of the reference: {reference:.2f} s wall (1 s)"),
        (idle < IDLE_BOUND, f"without --tf-roundtrip: {1e3 * idle:.1f} ms CPU (20 ms)"),
    ]
    lines.append("")
    lines += [f"{'YES' if hold else 'NO'}: {said}" for hold, said in holds]
    return all(hold for hold, _ in holds), "\n".join(lines)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What the plugin costs before a test runs.")
    parser.add_argument("--cells", type=int, default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--idle-rounds", type=int, default=15, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound does not hold")
    return parser.parse_args(argv)


def main() -> int:
    options = parse()
    number, runs = measure(options)
    hold, said = report(number, runs)
    print(said)
    if options.json:
        samples = {name: asdict(seconds) for name, seconds in runs.items()}
        options.json.write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not hold else 0


if __name__ == "__main__":
    sys.exit(main())
