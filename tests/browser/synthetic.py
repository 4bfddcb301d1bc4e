"""Reports as large as people's are: every release of the catalogue crossed with every other.

Nothing runs. Of each cell is said what the documents and the known causes say of it, and some cells
are made to fail in ways that nobody foresaw, so that there is something to find.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip import expectations
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.causes import diagnose
from pytest_tfroundtrip.cells import Cell, Matrix, Model, absence
from pytest_tfroundtrip.observation import Change, Observation
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo, row_of
from pytest_tfroundtrip.vocabulary import Expect, Operation, Part, Stage, Verdict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SAVERS = ("builder", "simple_save", "estimator", "tf_module", "keras")
LOADERS = ("tf1_load", "tf2_load", "keras_load", "hub_load", "c_api")
MORE_SAVERS = ("keras_export", "keras_saved_model", "builder.ref")
MORE_LOADERS = ("tfsm_layer", "hub_keras_layer", "hub_module", "wrap_function")
MODEL = Model(
    "Affine", Path("/models/affine.py"), Path("/models"), variables=True, keras_model=True
)
FAR = """call 'session', example 0, output 'y': 3 of 4 elements differ
  max abs error 0.25, max rel error 0.125, worst at [1, 0]
  allowed: rtol 1e-05, atol 1e-06 (float32)
  index   saved  loaded
  [0, 1]  2.0    2.25"""
MESSAGES = Path(__file__).parents[1] / "unit" / "data" / "messages.toml"
EVERY = 97  # cells that come back the same, one is made to fail


def runtime_names() -> list[str]:
    """Every release of the catalogue."""
    return list(releases())


def rows(
    savers: Sequence[str] = SAVERS,
    loaders: Sequence[str] = LOADERS,
    runtimes: Sequence[str] = (),
    operations: Sequence[Operation] = (Operation.CREATION, Operation.INFERENCE),
    expect: Expect = Expect.DOCUMENTS,
) -> list[Row]:
    """A row for each cell of one model."""
    names = [parse_runtime(name) for name in runtimes or runtime_names()]
    known = apis()
    matrix = Matrix(
        save_runtimes=tuple(names),
        load_runtimes=tuple(names),
        savers=tuple(known.savers[name] for name in savers),
        loaders=tuple(known.loaders[name] for name in loaders),
        operations=tuple(operations),
    )
    unforeseen = _unforeseen()
    return [_row(cell, expect, unforeseen) for cell in matrix.cells([MODEL])]


def infos(runtimes: Sequence[str] = ()) -> list[RuntimeInfo]:
    """What they were run under."""
    known = releases()
    return [
        RuntimeInfo(name, "venv", known[name].tensorflow, python=known[name].python, lock="0" * 64)
        for name in runtimes or runtime_names()
    ]


def _row(cell: Cell, expect: Expect, unforeseen: Iterator[Observation]) -> Row:
    expected = expectations.expectation(cell, expect)
    entry, cause = expected.entry, expectations.known_unsaved(cell)
    why = absence(cell)
    outcome, contradiction, note = None, False, ""
    if why:
        seen, cause = Observation(Verdict.ABSENT, message=why), None
    elif cause:
        seen = Observation(Verdict.UNSAVED, Stage.SAVE, message="its artifact cannot be made")
    else:
        seen = _seen(cell, expected, unforeseen)
        settled = expectations.settle(expected, seen)
        outcome, contradiction, note = settled.outcome, settled.contradiction, settled.message
        found = diagnose(seen, cell)
        cause = found.cause if found else None
    return row_of(
        cell,
        seen,
        expected.promise,
        expect=expect,
        outcome=outcome,
        contradiction=contradiction,
        cause=cause.id if cause else None,
        why=cause.says() if cause else None,
        remedy=cause.advises() if cause else None,
        thread=cause.thread if cause else None,
        note=note,
        statement=entry.english if entry else None,
        document=entry.document if entry else None,
        signature="serving_default",
        nodeids=[f"test_affine.py::test_affine[{cell.id}]"] if outcome else [],
    )


def _seen(
    cell: Cell, expected: expectations.Expectation, unforeseen: Iterator[Observation]
) -> Observation:
    if expected.causes and not (expected.contradiction_if_met and not expected.strict):
        cause = expected.causes[0]
        message = f"{_wordings()[cause.id]}, in {cell.save.runtime.name}"
        return Observation(cause.verdict, Stage.LOAD, "ValueError", message, seconds=0.25)
    if expected.strict and expected.entry:
        pattern = expected.patterns[0]
        words = next((text for text in _wordings().values() if re.search(pattern, text)), "no")
        return Observation(Verdict.REFUSED, Stage.LOAD, "ValueError", words)
    return next(unforeseen)


@cache
def _wordings() -> dict[str, str]:
    """What TensorFlow says where a cause strikes."""
    content = tomllib.loads(MESSAGES.read_text(encoding="utf-8"))
    return {each["cause"]: each["text"] for each in reversed(content["message"])}


def _unforeseen() -> Iterator[Observation]:
    """The same, and now and then not."""
    changes = (
        Change(Part.INPUT, "signature 'serving_default': input 'x' became 'input_1'"),
        Change(Part.DTYPE, "signature 'serving_default': output 'y' was float32 and is float64"),
    )
    odd = [
        Observation(Verdict.DIFFERS, Stage.COMPARE, message=FAR, max_abs_error=0.25),
        Observation(Verdict.CRASHED, Stage.CALL, message="killed by SIGSEGV"),
        Observation(
            Verdict.DRIFT,
            Stage.COMPARE,
            message="\n".join(change.sentence for change in changes),
            max_abs_error=0.0,
            changes=changes,
        ),
        Observation(Verdict.TIMEOUT, Stage.LOAD, message="it took longer than 120 s"),
        Observation(Verdict.REFUSED, Stage.LOAD, "OpError", "a word that nobody knows"),
    ]
    same = Observation(Verdict.SAME, Stage.COMPARE, max_abs_error=1e-7, max_rel_error=2e-7)
    number = 0
    while True:
        number += 1
        yield odd[number // EVERY % len(odd)] if number % EVERY == 0 else same
