"""``diff-saves``: what changes for a reader when a writer moves.

``diff-saves affine.py:Affine builder@1.15 tf_module@2.15 keras_export@2.21`` saves a model by each
API under each TensorFlow and tells, from each save to the next, what a reader has to know:
signature keys, names, dtypes and ranks of inputs and outputs, method names, tags, values.
``diff-saves DIR DIR ...`` does the same with artifacts that are there (``--tf-store``).
``--report=FILE.json`` writes it into a report as well, which ``report merge`` takes.

Exit codes: 0 nothing changes for a reader; 1 something does, or a save failed; 2 asked for wrongly.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_tfroundtrip.cells import Cell, Matrix, Model, Save, Tolerances, absence
from pytest_tfroundtrip.commands.common import cache_of, complain, known_apis, own_runtimes, say
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.model_source import find_model
from pytest_tfroundtrip.report.json_report import report, write, write_text
from pytest_tfroundtrip.report.lines import wrap
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.report.save_pairs import Side
from pytest_tfroundtrip.save_pairs import compared, side_of
from pytest_tfroundtrip.settings import PROVIDERS, Settings
from pytest_tfroundtrip.vocabulary import Expect, Operation, Verdict
from pytest_tfroundtrip.writers import read_writers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_tfroundtrip.catalogue.apis import Apis
    from pytest_tfroundtrip.report.rows import RuntimeInfo
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.save_pairs import Found

NAME = "diff-saves"
HELP = "what changes for a reader when a writer moves to another API or TensorFlow"
_LEAST = 2
_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help="path.py:Class, then SAVER@RUNTIME twice or more; or artifacts' folders",
    )
    parser.add_argument("--provider", choices=PROVIDERS, default="auto", help="as --tf-provider")
    parser.add_argument("--cache", type=Path, default=None, metavar="DIR", help="as --tf-cache")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="also write a report of it (.json, its save_pairs; or .md)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    words: Sequence[str] = arguments.what
    file: Path | None = arguments.report
    if file is not None and file.suffix not in (".json", ".md"):
        msg = f"--report: {file.name} should end in .json or .md"
        raise UsageProblem(msg)
    began = datetime.now(timezone.utc)
    infos: list[RuntimeInfo] = []
    if ":" in words[0] and not Path(words[0]).is_dir():
        pairs, infos = _made(words, arguments)
        titles = list(words[1:])
    else:
        pairs, titles = _there(words), list(words)
    for (one, other), pair in zip(pairwise(titles), pairs, strict=True):
        _tell(f"{one} -> {other}", pair)
    if file is not None:
        _write(file, pairs, infos, began)
    return 0 if all(pair.verdict is Verdict.SAME for pair in pairs) else 1


def _tell(title: str, pair: SavePair) -> None:
    """Print what changes from one save to the next."""
    if pair.verdict is None:
        complain(f"{title}: not compared: {pair.message}")
        return
    say(f"{title}: {pair.verdict}")
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    for change in pair.changes:
        first, *table = change.sentence.splitlines()  # of a value: with the first side by side
        told = wrap(f"{change.part}: {first}", width, "  ", "    ")
        say("\n".join([*told, *(f"  {line}" for line in table)]))
    if pair.not_compared:
        say("\n".join(wrap(", ".join(pair.not_compared), width, "  not compared: ", "    ")))


def _made(
    words: Sequence[str], arguments: argparse.Namespace
) -> tuple[list[SavePair], list[RuntimeInfo]]:
    """The pairs of a model that is saved for them, and what it was saved under."""
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415  imports numpy
    from pytest_tfroundtrip.infos import infos  # noqa: PLC0415

    known = known_apis(savers=[word.partition("@")[0] for word in words[1:]])
    writers = read_writers(words[1:], NAME, known, own_runtimes(Path.cwd()))
    if not writers:
        _too_few()
    model = find_model(words[0], beside=Path.cwd(), root=Path.cwd(), variables=None)
    cells = [
        Cell(Save(model, writer.saver, writer.runtime), Operation.CREATION) for writer in writers
    ]
    for writer, cell in zip(writers, cells, strict=True):
        if why := absence(cell):
            msg = f"{NAME}: {writer}: {why}"
            raise UsageProblem(msg)
    engine = Engine(_settings(arguments, known))
    engine.start()
    try:
        engine.submit(cells)
        engine.prepare(complain)
        found: list[tuple[Side, Found]] = []
        for writer, cell in zip(writers, cells, strict=True):
            seen = engine.observe(cell)
            why = f"{seen.verdict}: {seen.message.strip()}"
            found.append((side_of(writer), Path(seen.artifact) if seen.artifact else why))
        return _compared(model, found), infos(engine)
    finally:
        engine.stop()


def _there(words: Sequence[str]) -> list[SavePair]:
    """The pairs of artifacts that are there."""
    if len(words) < _LEAST:
        _too_few()
    found: list[tuple[Side, Found]] = []
    models = []
    for word in words:
        model, side = _described(Path(word))
        models.append(model)
        found.append((side, Path(word)))
    return _compared(models[0], found)


def _compared(model: Model, found: Sequence[tuple[Side, Found]]) -> list[SavePair]:
    return [compared(model, old, new, Tolerances()) for old, new in pairwise(found)]


def _described(folder: Path) -> tuple[Model, Side]:
    """What an artifact's record says that it is of."""
    from pytest_tfroundtrip.judge import read_record  # noqa: PLC0415  imports numpy

    raw = read_record(folder).raw
    try:
        model, said = raw["model"], raw["runtime"]
        saver = ".".join(filter(None, (raw["saver"], raw.get("variant"))))
        release = ".".join(str(said["tensorflow"]).split(".")[:2])
        usual = "v1" if release.startswith("1.") else "v2"
        behavior = said.get("behavior") or usual
        runtime = release if behavior == usual else f"{release}+{behavior}"
        return Model(str(model["class"]), Path(model["file"]), Path()), Side(saver, runtime)
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{folder}: its record does not say what it is of ({error}): it is no artifact"
        raise UsageProblem(msg) from error


def _too_few() -> NoReturn:
    msg = "diff-saves compares two saves or more"
    raise UsageProblem(msg)


def _write(
    file: Path, pairs: Sequence[SavePair], infos: Sequence[RuntimeInfo], began: datetime
) -> None:
    if file.suffix == ".md":
        write_text(file, page([], infos, save_pairs=pairs), "--report")
        return
    content = report(
        [],
        infos,
        started=began,
        seconds=(datetime.now(timezone.utc) - began).total_seconds(),
        tool=version("pytest-tfroundtrip"),
        save_pairs=pairs,
    )
    write(file, content, "--report")


def _settings(arguments: argparse.Namespace, known: Apis) -> Settings:
    return Settings(
        rootdir=Path.cwd(),
        matrix=Matrix((), (), (), (), ()),
        expect=Expect.ROUND_TRIP,
        explicit_expect=False,
        provider=arguments.provider,
        cache=cache_of(arguments),
        jobs=min(2, os.cpu_count() or 1),
        timeout=120.0,
        own=own_runtimes(Path.cwd()),
        apis=known,
    )
