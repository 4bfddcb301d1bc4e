from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from a_row import a_row, created

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, Model, Save
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.report.rows import command_of, disambiguate, in_order, row_of
from pytest_tfroundtrip.vocabulary import Direction, Expect, Operation, Promise, Stage, Verdict

MODEL = Model("Affine", Path("/r/models/affine.py"), Path("/r"))
SAVE = Save(MODEL, apis().savers["builder"], parse_runtime("2.15"))
LOAD = Cell(SAVE, Operation.INFERENCE, apis().loaders["tf1_load"], parse_runtime("1.15"))
CREATION = Cell(SAVE, Operation.CREATION)


def test_a_row_has_what_the_cell_and_the_observation_say() -> None:
    seen = Observation(Verdict.DIFFERS, Stage.COMPARE, message="y", max_abs_error=0.5, reused=True)
    row = row_of(
        LOAD, seen, Promise.PROMISED, expect=Expect.DOCUMENTS, outcome="failed", nodeids=["t::a"]
    )
    assert row.id == LOAD.id
    assert (row.save, row.save_runtime, row.load, row.load_runtime) == (
        "builder",
        "2.15",
        "tf1_load",
        "1.15",
    )
    assert (row.direction, row.verdict, row.stage) == (
        Direction.FORWARD,
        Verdict.DIFFERS,
        Stage.COMPARE,
    )
    assert (row.max_abs_error, row.reused, row.file) == (0.5, True, "models/affine.py")
    assert row.sentence == "Affine saved by builder under 2.15 and loaded by tf1_load under 1.15"


def test_a_cell_that_was_not_run_has_no_verdict() -> None:
    row = row_of(CREATION, None, Promise.PROMISED, expect=Expect.ROUND_TRIP)
    assert (row.verdict, row.outcome, row.load, row.load_runtime) == (None, None, "", "")
    assert row.sentence == "Affine saved by builder under 2.15"


@pytest.mark.parametrize(
    ("called", "named"),
    [
        ({"signature": "serving_default"}, "m"),
        ({"signature": "classify"}, "m (signature 'classify')"),
        ({"signature": None}, "m"),
        ({"signature": None, "function": "__call__"}, "m"),
        ({"signature": None, "function": "en.tokenize"}, "m (function 'en.tokenize')"),
    ],
)
def test_what_of_a_folder_is_called_stands_by_its_name_unless_it_is_the_usual(
    called: dict[str, str | None], named: str
) -> None:
    row = a_row(model="m", writers=("tf_module",), **called)
    assert row.named == named
    assert row.sentence.startswith(f"{named}, written by tf_module")


@pytest.mark.parametrize(
    ("writers", "release", "said"),
    [
        (("builder", "simple_save"), "1.15", "written by builder or simple_save under 1.15"),
        (("tf_module",), "unknown", "written by tf_module under a release that it does not name"),
        # A pointer of Git LFS has no release, no saver, nothing.
        (("builder", "simple_save"), "unknown", "which does not say what wrote it"),
    ],
)
def test_a_folder_is_said_to_be_written_by_what_its_file_says(
    writers: tuple[str, ...], release: str, said: str
) -> None:
    row = a_row(model="m", writers=writers, save_runtime=release, load="tf1_load")
    assert row.sentence.startswith(f"m, {said}, loaded by tf1_load")


def test_a_command_selects_the_function_of_a_folder() -> None:
    place = Path.cwd() / "m"
    folder = Folder("m", place, place, ("serve",), None, False, "2.8", ("tf_module",))  # noqa: FBT003
    cell = replace(LOAD, save=replace(SAVE, model=replace(folder, function="tokenize")))
    assert command_of(cell, ()).endswith("-k tokenize-tf1_load")


def test_a_model_outside_of_the_rootdir_is_named_by_its_whole_path() -> None:
    cell = Cell(
        Save(Model("A", Path("/x/a.py"), Path("/r")), SAVE.saver, SAVE.runtime), LOAD.operation
    )
    assert row_of(cell, None, Promise.PROMISED, expect=Expect.ROUND_TRIP).file == "/x/a.py"


def test_a_command_reruns_the_test_with_the_options_it_needs() -> None:
    command = command_of(LOAD, ["a b.py::t[x-y]", "c.py::t"], options=["--tf-runtimes=2.15,1.15"])
    assert shlex.split(command) == [
        "pytest",
        "--tf-roundtrip",
        "--tf-runtimes=2.15,1.15",
        "a b.py::t[x-y]",
    ]


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        (LOAD, "--tf-loaders=tf1_load --tf-load-runtimes=1.15 --tf-operations=inference"),
        (CREATION, "--tf-operations=creation"),
    ],
)
def test_a_cell_that_is_no_test_is_singled_out_by_options(cell: Cell, options: str) -> None:
    assert command_of(cell, [], test="test_a.py") == (
        f"pytest --tf-roundtrip --tf-savers=builder --tf-save-runtimes=2.15 {options} test_a.py"
    )


def test_models_of_one_name_are_told_apart_by_as_much_path_as_it_takes() -> None:
    rows = [a_row(file="x/a.py"), a_row(file="y/a.py"), a_row(file="b.py", model="Other", id="o")]
    told = disambiguate(rows)
    assert [row.model for row in told] == ["x/a.py:Affine", "y/a.py:Affine", "Other"]
    assert told[0].id == f"x/a.py:{rows[0].id}"
    assert [row.model for row in disambiguate([a_row(file="x/a.py"), a_row(file="x/b.py")])] == [
        "a.py:Affine",
        "b.py:Affine",
    ]
    assert disambiguate(told) == told


def test_the_order_is_that_of_releases_and_of_the_catalogue() -> None:
    rows = [
        a_row(save_runtime="2.15", save="keras"),
        a_row(save_runtime="2.15", save="builder", load="tf2_load"),
        a_row(save_runtime="2.15", save="builder", load="tf1_load", load_runtime="2.21+v1"),
        a_row(save_runtime="2.15", save="builder", load="tf1_load", load_runtime="2.9"),
        created(save_runtime="2.15", save="builder"),
        a_row(save_runtime="prod"),
        a_row(save_runtime="2.3", save="tf_module"),
    ]
    ordered = in_order(rows)
    assert ordered == [rows[6], rows[4], rows[3], rows[2], rows[1], rows[0], rows[5]]
    assert in_order(reversed(rows)) == ordered
