"""What ``show`` costs for models of 100 MB: time and memory, beside ``saved_model_cli show``.

``python bench/show.py [--python PYTHON_WITH_TENSORFLOW] [--megabytes N] [--folders N] [--rounds N]
[--json FILE] [--check]``. The models are made here, as bytes: no TensorFlow is needed but for the
naive way.
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

from pytest_tfroundtrip.savedmodel.folders import find
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import read_stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_BOUND = 0.3  # CPU of a whole run of the command, Python's start with it
GROWTH_BOUND = 12.0  # MB that a model of 100 MB may take beyond one of a kilobyte
STAMPS_BOUND = 2.0  # seconds for 1,000 folders
MEGABYTE = 1 << 20
FLOAT, NODE, ATTR, TENSOR, CONTENT = 1, 1, 5, 8, 4
# Runs a script or a module and tells its own peak. Not wait4's: that has its parent's from before.
WITNESS = """
import runpy, sys
kind, name, *sys.argv[1:] = sys.argv[1:]
try:
    getattr(runpy, "run_" + kind)(name, run_name="__main__")
finally:
    with open("/proc/self/status") as status:
        peak = [line for line in status if line.startswith("VmHWM")]
    sys.stderr.write("\\n" + peak[0].split()[1])
"""


@dataclass
class Runs:
    """What several runs of one command took."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)  # most resident


def framed(number: int, content: bytes) -> bytes:
    """A field of a message, as bytes."""
    size, length = len(content), bytearray()
    while size > 0x7F:  # noqa: PLR2004
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def constant(name: str, size: int) -> bytes:
    """A node with a constant of that many bytes, which our own types have no field for."""
    node = message("NodeDef")(name=name, op="Const")
    node.attr["dtype"].type = FLOAT
    value = framed(2, framed(TENSOR, framed(CONTENT, os.urandom(size))))
    return bytes(node.SerializeToString()) + framed(ATTR, framed(1, b"value") + value)


def write(folder: Path, graph: bytes) -> Path:
    """A SavedModel with that graph and a signature."""
    head = message("MetaGraphDef")()
    head.meta_info_def.tags.append("serve")
    head.meta_info_def.tensorflow_version = "2.15.1"
    head.signature_def["serving_default"].inputs["x"].name = "x:0"
    folder.mkdir(parents=True)
    content = framed(2, head.SerializeToString() + framed(2, graph))
    (folder / "saved_model.pb").write_bytes(b"\x08\x01" + content)
    return folder


def models(folder: Path, megabytes: int) -> dict[str, Path]:
    """The models by what is large in them."""
    size = megabytes * MEGABYTE
    many = 20_000
    small = message("GraphDef")()
    for number in range(20):
        small.node.add(name=f"n{number}", op="MatMul")
    made = {
        "a kilobyte": write(folder / "small", small.SerializeToString()),
        "four constants": write(
            folder / "four",
            b"".join(framed(NODE, constant(f"c{each}", size // 4)) for each in range(4)),
        ),
        "20,000 constants": write(
            folder / "many",
            b"".join(framed(NODE, constant(f"c{each}", size // many)) for each in range(many)),
        ),
    }
    made["variables"] = write(folder / "variables", small.SerializeToString())
    (made["variables"] / "variables").mkdir()
    with (made["variables"] / "variables" / "variables.data-00000-of-00001").open("wb") as shard:
        shard.truncate(size)
    index = Path(__file__).parent.parent / "tests/data/savedmodels/keras-2.8/variables"
    whole = (index / "variables.index").read_bytes()
    (made["variables"] / "variables" / "variables.index").write_bytes(whole)
    return made


def run(runs: Runs, python: str, *words: str) -> None:
    """Run a script or a module once, in a process of its own."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([python, "-c", WITNESS, *words], capture_output=True, check=False)
    runs.wall.append(time.perf_counter() - begun)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    runs.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode not in (0, 1):
        sys.exit(f"bench: {' '.join(words)} ended with {done.returncode}:\n{said[-2000:]}")
    runs.megabytes.append(int(said.split()[-1]) / 1024)


def stamps(folder: Path, number: int, rounds: int) -> Runs:
    """Finding that many folders of a megabyte and reading who wrote them, in this process."""
    one = framed(NODE, constant("c", MEGABYTE))
    for each in range(number):
        write(folder / f"m{each}", one)
    runs = Runs()
    for _ in range(rounds):
        wall, before = time.perf_counter(), time.process_time()
        found = [read_stamps(each) for each in find(folder)]
        runs.wall.append(time.perf_counter() - wall)
        runs.cpu.append(time.process_time() - before)
        runs.megabytes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        if len(found) != number:
            sys.exit(f"bench: {len(found)} of {number} folders were found")
    return runs


def report(runs: dict[str, Runs], options: argparse.Namespace) -> tuple[bool, str]:
    """Whether the bounds hold, and the table."""
    lines = [f"{'':24}{'CPU s, min (median)':>22}{'wall s, min':>14}{'MB, most':>12}"]
    for name, each in runs.items():
        cpu = f"{min(each.cpu):.3f} ({median(each.cpu):.3f})"
        lines.append(f"{name:24}{cpu:>22}{min(each.wall):>14.3f}{max(each.megabytes):>12.1f}")
    ours = {name: each for name, each in runs.items() if name.startswith("show: ")}
    least = max(runs["show: a kilobyte"].megabytes)
    slowest = max(min(each.cpu) for each in ours.values())
    growth = max(max(each.megabytes) for each in ours.values()) - least
    stamped = min(runs["stamps"].wall)
    size = f"{options.megabytes} MB"
    holds = [
        (slowest < SECONDS_BOUND, f"{size}: {slowest:.3f} s of CPU at most (0.3)"),
        (growth < GROWTH_BOUND, f"{size}: {growth:.1f} MB more than for a kilobyte (12)"),
        (stamped < STAMPS_BOUND, f"{options.folders} stamps: {stamped:.3f} s wall (2)"),
    ]
    lines += ["", *(f"{'YES' if hold else 'NO'}: {said}" for hold, said in holds)]
    return all(hold for hold, _ in holds), "\n".join(lines)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What show costs for models of 100 MB.")
    parser.add_argument("--python", metavar="PYTHON", help="one with TensorFlow: the naive way too")
    parser.add_argument("--megabytes", type=int, default=100, metavar="N")
    parser.add_argument("--folders", type=int, default=1000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound does not hold")
    return parser.parse_args(argv)


def main() -> int:
    options = parse()
    runs: dict[str, Runs] = {}
    with tempfile.TemporaryDirectory(prefix="tf-bench-") as name:
        made = models(Path(name), options.megabytes)
        show = (sys.executable, "module", "pytest_tfroundtrip", "show")
        for _ in range(options.rounds):
            for what, folder in made.items():
                run(runs.setdefault(f"show: {what}", Runs()), *show, str(folder))
        if options.python:
            cli = (options.python, "path", str(Path(options.python).with_name("saved_model_cli")))
            for what, folder in made.items():
                command = (*cli, "show", "--all", "--dir", str(folder))
                run(runs.setdefault(f"saved_model_cli: {what}", Runs()), *command)
        runs["stamps"] = stamps(Path(name) / "folders", options.folders, options.rounds)
    hold, said = report(runs, options)
    print(said)
    if options.json:
        samples = {name: asdict(each) for name, each in runs.items()}
        options.json.write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not hold else 0


if __name__ == "__main__":
    sys.exit(main())
