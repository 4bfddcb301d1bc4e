"""``record``: freeze what a SavedModel gives today into a copy of it.

``record DIR --to=COPY`` computes the outputs of every signature, under the runtime nearest to the
release that wrote the file (or ``--runtime``), and writes them with their inputs into the copy, in
``assets.extra/tf_roundtrip``, which TensorFlow ignores. The copy is a golden test: every later
``pytest --tf-roundtrip COPY`` is held against these values, without the TensorFlow that gave them.

Exit codes: 0 recorded; 1 a signature could not be; 2 asked for wrongly.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.cells import Cell, Matrix
from pytest_tfroundtrip.commands.common import complain, say
from pytest_tfroundtrip.commands.folders import add_options, chosen_folders, settings_of
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.fetching import is_elsewhere
from pytest_tfroundtrip.golden import RECORD, freeze, refuse
from pytest_tfroundtrip.vocabulary import Operation, Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_tfroundtrip.folder import Folder
    from pytest_tfroundtrip.observation import Observation

_NOTHING = "gives nothing back"  # as an agent says it, see reference.py there
NAME = "record"
HELP = "freeze what a SavedModel gives today into a copy of it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_options(parser)
    parser.add_argument(
        "--to", type=Path, metavar="COPY", help="the copy (default: DIR-recorded, beside it)"
    )
    parser.add_argument(
        "--runtime",
        metavar="RUNTIME",
        action="append",
        help="that computes the values (default: 1.15, 2.15 or 2.21, whichever is nearest)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.to is None and is_elsewhere(arguments.folder):
        msg = f"{arguments.folder} is no folder: say with --to=COPY where the copy goes"
        raise UsageProblem(msg)
    # Whatever record it carries: that may be of other files.
    folders = tuple(replace(folder, anew=True) for folder in chosen_folders(arguments))
    source = folders[0].file
    target: Path = arguments.to or source.with_name(f"{source.name}-recorded")
    refuse(source, target)
    from pytest_tfroundtrip.engine.files import files_of  # noqa: PLC0415  imports protobuf

    if damaged := [fault for fault in files_of(source).faults if fault.stops]:
        for fault in damaged:
            complain(f"{fault.sentence} {fault.remedy}")
        return 1
    seen = _observed(arguments, folders)
    records, failed = [], False
    for folder, (observation, why) in seen.items():
        shown = f"signature {folder.signature!r}" if folder.signature else "no signature"
        if folder.function:
            shown = f"function {folder.function!r}"
        if why.startswith(_NOTHING):
            say(f"{shown}: left out: it gives nothing back, there is nothing to record")
            continue
        if observation is None or observation.artifact is None:
            complain(f"{shown}: not recorded: {why}")
            failed = True
            continue
        records.append((folder, Path(observation.artifact)))
        say(f"{shown}: recorded{why}{_how(Path(observation.artifact))}")
    if failed or not records:
        complain(f"{target} was not written: name what can be recorded with --signature=KEY")
        return 1
    freeze(source, target, sorted(records, key=lambda pair: not pair[0].default))
    say(f"{target}: a golden test. Run it with pytest --tf-roundtrip {target}")
    return 0


def _observed(
    arguments: argparse.Namespace, folders: tuple[Folder, ...]
) -> dict[Folder, tuple[Observation | None, str]]:
    """Each signature as the runtime that records it loads it again, and why it is no good."""
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415  imports numpy
    from pytest_tfroundtrip.engine.references import attempts  # noqa: PLC0415

    known = apis()
    settings = settings_of(arguments, runtimes=arguments.runtime)
    matrix: Matrix = settings.matrix
    engine = Engine(settings)
    engine.start()
    try:
        cells = {}
        for folder in folders:
            save = next(iter(matrix.cells_of_folder(folder, known.savers))).save
            first = next(attempts(save, known))
            loader = known.loaders[first.loader]
            cells[folder] = Cell(save, Operation.INFERENCE, loader, first.runtime)
        engine.submit(cells.values())
        engine.prepare(complain)
        return {folder: _judged(engine.observe(cell)) for folder, cell in cells.items()}
    finally:
        # What was recorded is in the store, which stays.
        engine.stop()


def _how(record: Path) -> str:
    """Who computed the values, and what from: an answer to made-up inputs is worth less."""
    told = json.loads((record / RECORD).read_text(encoding="utf-8"))
    if told.get("uncalled") or not told.get("loader"):
        return ""
    fed = "made up" if told.get("fed") == "made up" else f"from {told.get('fed')}"
    return f", by {told['loader']} of TensorFlow {told['runtime']['tensorflow']}, inputs {fed}"


def _is_nothing(missed: Sequence[str]) -> bool:
    return any(each.startswith("values (not called") and _NOTHING in each for each in missed)


def _judged(observation: Observation) -> tuple[Observation | None, str]:
    if observation.verdict is not Verdict.SAME:
        return None, f"{observation.verdict}: {observation.message.strip()}"
    missed = [each for each in observation.not_compared if each.startswith("values")]
    if _is_nothing(missed):
        return None, _NOTHING
    if any(each.startswith("values (not called") for each in missed):
        return None, missed[0]
    return observation, f" (not compared: {', '.join(missed)})" if missed else ""
