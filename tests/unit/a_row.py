"""Rows for the tests of the report's views."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.rows import Row
from pytest_tfroundtrip.report.save_pairs import SavePair, Side
from pytest_tfroundtrip.report.statements import StatementRow
from pytest_tfroundtrip.vocabulary import Direction, Expect, Operation, Part, Promise, Verdict

_ROW = Row(
    id="affine-builder_2.15-to-tf1_load_1.15-inference",
    model="Affine",
    save="builder",
    save_runtime="2.15",
    load="tf1_load",
    load_runtime="1.15",
    operation=Operation.INFERENCE,
    direction=Direction.FORWARD,
    promise=Promise.PROMISED,
    verdict=Verdict.SAME,
    outcome="passed",
    contradiction=False,
    stage=None,
    exception="",
    message="",
    cause=None,
    remedy=None,
    max_abs_error=None,
    max_rel_error=None,
    seconds=0.1,
    signature="serving_default",
    command="pytest --tf-roundtrip test_a.py::test",
    not_compared=(),
    nodeids=("test_a.py::test",),
    reused=False,
    expect=Expect.ROUND_TRIP,
    why=None,
    statement=None,
    document=None,
    file="affine.py",
    log=None,
    note="",
)


def a_row(**changes: Any) -> Row:
    """``Affine``, by the builder of 2.15 to ``tf1_load`` of 1.15, ``same`` and passed."""
    return replace(_ROW, **changes)


def created(**changes: Any) -> Row:
    """The creation of it."""
    creation = {"operation": Operation.CREATION, "load": "", "load_runtime": ""}
    return a_row(**creation, direction=Direction.SAME_RELEASE, **changes)


def broken(**changes: Any) -> Row:
    """As :func:`a_row`, refused for a known cause, and failed."""
    return a_row(
        **{
            "verdict": Verdict.REFUSED,
            "outcome": "failed",
            "message": "Op type not registered 'DisableCopyOnRead'",
            "cause": "disable-copy-on-read",
            "why": "A newer TensorFlow wrote an op that this one does not know.",
            "remedy": "Save with TensorFlow 2.11 or older.",
            **changes,
        }
    )


def contradicted(**changes: Any) -> Row:
    """As :func:`broken`, held against the documents: an expected failure."""
    return broken(
        **{
            "outcome": "xfailed",
            "contradiction": True,
            "expect": Expect.DOCUMENTS,
            "statement": "A TF2 SavedModel can be loaded from TF1.",
            "document": "The guide",
            **changes,
        }
    )


_PAIR = SavePair(
    id="affine-builder_1.15-becomes-tf_module_2.15",
    model="Affine",
    old=Side("builder", "1.15"),
    new=Side("tf_module", "2.15"),
    verdict=Verdict.DRIFT,
    message="",
    changes=(
        Change(Part.TAGS, "tags were 'serve' and are none"),
        Change(Part.OUTPUT, "output 'y' became 'output_0'"),
        Change(Part.OUTPUT, "output 'z' is missing"),
    ),
    not_compared=("method_name",),
    max_abs_error=0.5,
    max_rel_error=None,
    file="affine.py",
)


def a_pair(**changes: Any) -> SavePair:
    """``Affine`` by the builder of 1.15 and by ``tf_module`` of 2.15: a drift."""
    return replace(_PAIR, **changes)


def a_sentence(case: str = "tracks", runtime: str = "2.15", **changes: Any) -> StatementRow:
    """A sentence that is kept under a runtime."""
    row = StatementRow(
        id=f"{case}-{runtime}",
        case=case,
        runtime=runtime,
        statements=("tracked",),
        verdict="kept",
        outcome="passed",
        exception="",
        message="",
        why=None,
        seconds=0.5,
        sentences=("Modules track variables.",),
        documents=("The guide",),
        command=f"pytest --tf-roundtrip -k {case}",
    )
    return replace(row, **changes)


def loaded(model: str, load: str, release: str, **changes: Any) -> Row:
    """A folder that 2.5 wrote, under a release."""
    made = broken if changes.pop("refused", False) else a_row
    row = {"writers": ("tf_module",), "save": "tf_module", "save_runtime": "2.5"}
    return made(**{**row, "model": model, "load": load, "load_runtime": release, **changes})


def some() -> list[Row]:
    """``good`` is read by all, ``half`` by one load API under 1.15, ``bad`` by nobody there."""
    rows = []
    for model, load, release in product(
        ("good", "half", "bad"), ("tf1_load", "tf2_load"), ("1.15", "2.21")
    ):
        old = release == "1.15"
        refused = old and (model == "bad" or (model == "half" and load == "tf2_load"))
        rows.append(loaded(model, load, release, refused=refused))
    return rows
