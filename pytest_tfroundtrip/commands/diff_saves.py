"""``diff-saves``: what changes for a reader when a writer moves.

``diff-saves affine.py:Affine builder@1.15 tf_module@2.15 keras_export@2.21`` saves a model by each
API under each TensorFlow and tells, from each save to the next, what a reader has to know:
signature keys, names, dtypes and ranks of inputs and outputs, method names, tags, values.
``diff-saves DIR DIR ...`` does the same with artifacts that are there (``--tf-store``).

Exit codes: 0 nothing changes for a reader; 1 something does, or a save failed; 2 asked for wrongly.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, Matrix, Save, Tolerances, absence
from pytest_tfroundtrip.commands.common import complain, known_apis, say
from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.model_source import find_model
from pytest_tfroundtrip.settings import PROVIDERS, Settings, default_cache
from pytest_tfroundtrip.vocabulary import Expect, Operation, Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.catalogue.apis import Apis
    from pytest_tfroundtrip.cells import Model

NAME = "diff-saves"
HELP = "what changes for a reader when a writer moves to another API or TensorFlow"
_LEAST = 2


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


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    words: Sequence[str] = arguments.what
    if ":" in words[0] and not Path(words[0]).is_dir():
        saves = list(_made(words, arguments))
        if len(saves) + 1 < len(words):
            return 1
    else:
        saves = [(word, Path(word)) for word in words]
    if len(saves) < _LEAST:
        msg = "diff-saves compares two saves or more"
        raise UsageProblem(msg)
    changed = [_told(one, other) for one, other in pairwise(saves)]
    return 1 if any(changed) else 0


def _told(one: tuple[str, Path], other: tuple[str, Path]) -> bool:
    """Print what changes from one save to the next; whether anything does."""
    from pytest_tfroundtrip.judge import judge_saves, read_record  # noqa: PLC0415  imports numpy

    judgement = judge_saves(read_record(one[1]), read_record(other[1]), Tolerances())
    say(f"{one[0]} -> {other[0]}: {judgement.verdict}")
    for line in judgement.message.splitlines():
        say(f"  {line}")
    if judgement.not_compared:
        say(f"  not compared: {', '.join(judgement.not_compared)}")
    return judgement.verdict is not Verdict.SAME


def _made(words: Sequence[str], arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """The artifacts of a model's saves, in order; what failed is told and left out."""
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415  imports numpy

    model = find_model(words[0], beside=Path.cwd(), root=Path.cwd(), variables=None)
    known = known_apis(savers=[word.partition("@")[0] for word in words[1:]])
    cells = [Cell(_save(model, word, known), Operation.CREATION) for word in words[1:]]
    engine = Engine(_settings(arguments, known))
    engine.start()
    try:
        engine.submit(cells)
        engine.prepare(complain)
        for word, cell in zip(words[1:], cells, strict=True):
            seen = engine.observe(cell)
            if seen.artifact is None:
                complain(f"{word}: {seen.verdict}: {seen.message.strip()}")
            else:
                yield word, Path(seen.artifact)
    finally:
        engine.stop()


def _save(model: Model, word: str, known: Apis) -> Save:
    saver, at, runtime = word.partition("@")
    if not at:
        msg = f"{word!r}: write SAVER@RUNTIME, as in builder@1.15"
        raise UsageProblem(msg)
    savers = known.savers
    if saver not in savers:
        there = ", ".join(savers)
        msg = f"unknown saver {saver!r}.{meant(saver, savers)} There are: {there}."
        raise UsageProblem(msg)
    save = Save(model, savers[saver], parse_runtime(runtime))
    if why := absence(Cell(save, Operation.CREATION)):
        msg = f"{word}: {why}"
        raise UsageProblem(msg)
    return save


def _settings(arguments: argparse.Namespace, known: Apis) -> Settings:
    return Settings(
        rootdir=Path.cwd(),
        matrix=Matrix((), (), (), (), ()),
        expect=Expect.ROUND_TRIP,
        explicit_expect=False,
        provider=arguments.provider,
        cache=arguments.cache or default_cache(),
        jobs=2,
        timeout=120.0,
        apis=known,
    )
