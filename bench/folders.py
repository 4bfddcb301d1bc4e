"""What SavedModel folders cost: collecting many, and what a cell takes besides TensorFlow's work.

``python bench/folders.py [--folders 1000] [--cells 100] [--megabytes 1] [--release 2.15]
[--rounds N] [--json FILE] [--check]``. Collection is a pytest of its own, with no TensorFlow; cells
run in the release's environment, which is made where it is not there: one folder against many, one
step at a time, so that what the steps themselves took can be taken off.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from collection import Runs, run
from show import MEGABYTE, NODE, constant, framed, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLLECTION_BOUND = 2.0  # seconds for all folders
CELL_BOUND = 0.010  # seconds of our own
PLUGIN = ("-p", "pytest_tfroundtrip.plugin", "--tf-roundtrip", "--tf-loaders=tf2_load")
REAL = Path(__file__).parent.parent / "tests" / "data" / "savedmodels" / "keras-2.8"


def collecting(folder: Path, options: argparse.Namespace) -> dict[str, Runs]:
    """Collection of folders, of as many that are a hundred times as large, and of none."""
    kinds: dict[str, Runs] = {}
    for name, count, size in (
        ("none", 0, 0),
        ("all", options.folders, options.megabytes),
        ("a tenth, large", options.folders // 10, options.megabytes * 20),
    ):
        place = folder / name.replace(" ", "_").replace(",", "")
        models = place / "models"
        models.mkdir(parents=True)
        (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (place / "test_none.py").write_text("def test_it(): ...\n", encoding="utf-8")
        node = framed(NODE, constant("c", size * MEGABYTE)) if count else b""
        for number in range(count):
            write(models / f"m{number}", node)
        named = ["--tf-model=models"] if count else ["test_none.py"]
        runs = kinds.setdefault(name, Runs())
        for _ in range(options.rounds + 1):
            said = run(runs, place, *PLUGIN, "--tf-runtimes=2.15", "--co", *named)
        runs.wall.pop(0), runs.cpu.pop(0)  # the first one compiles
        if said.count("::tf2_load") != count:
            sys.exit(f"bench: {said.count('::tf2_load')} of {count} folders were collected")
        shutil.rmtree(models)
    return kinds


def without_steps(folder: Path, options: argparse.Namespace) -> dict[int, list[float]]:
    """Seconds of runs without what their steps took: of one folder, and of many."""
    samples: dict[int, list[float]] = {1: [], options.cells: []}
    for count in samples:
        for number in range(count):
            target = folder / str(count) / "models" / f"m{number}"
            shutil.copytree(REAL, target, ignore=shutil.ignore_patterns("assets.extra"))
        (folder / str(count) / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for _ in range(options.rounds + 1):
        for count, seconds in samples.items():
            place = folder / str(count)
            chosen = (f"--tf-runtimes={options.release}", "--tf-jobs=1", "--tf-report=r.json")
            run(Runs(), place, *PLUGIN, *chosen, "models")
            report = json.loads((place / "r.json").read_text(encoding="utf-8"))
            seconds.append(report["seconds"] - sum(cell["seconds"] for cell in report["cells"]))
    return {count: seconds[1:] for count, seconds in samples.items()}  # the first one recorded


def own_seconds(samples: Mapping[int, Sequence[float]]) -> float:
    """Seconds of our own a cell: many folders against one.

    The least of each: TensorFlow's import is in both, and takes a second more or less.
    """
    (one, alone), (many, together) = sorted(samples.items())
    return (min(together) - min(alone)) / (many - one)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What SavedModel folders cost.")
    parser.add_argument("--folders", type=int, default=1000, metavar="N")
    parser.add_argument("--cells", type=int, default=100, metavar="N")
    parser.add_argument("--megabytes", type=int, default=1, metavar="N")
    parser.add_argument("--release", default="2.15", metavar="RELEASE")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound does not hold")
    return parser.parse_args(argv)


def main() -> int:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="tf-bench-") as name:
        kinds = collecting(Path(name) / "collection", options)
        cells = without_steps(Path(name) / "cells", options)
    own = own_seconds(cells)
    took = min(kinds["all"].cpu) - min(kinds["none"].cpu)
    large = min(kinds["a tenth, large"].cpu) - min(kinds["none"].cpu)
    for kind, runs in kinds.items():
        sys.stdout.write(f"{kind:16} wall {min(runs.wall):.3f} s, CPU {min(runs.cpu):.3f} s\n")
    size = f"{options.megabytes} MB"
    holds = [
        (took < COLLECTION_BOUND, f"{options.folders} folders of {size}: {took:.3f} s of CPU (2)"),
        (
            large < COLLECTION_BOUND / 10 + 0.1,
            f"a tenth of them, 20 times as large: {large:.3f} s (0.3)",
        ),
        (own < CELL_BOUND, f"a cell, without its step: {1000 * own:.1f} ms (10)"),
    ]
    for hold, said in holds:
        sys.stdout.write(f"{'YES' if hold else 'NO'}: {said}\n")
    if options.json:
        samples = {**{kind: asdict(runs) for kind, runs in kinds.items()}, "without steps": cells}
        options.json.write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not all(hold for hold, _ in holds) else 0


if __name__ == "__main__":
    sys.exit(main())
