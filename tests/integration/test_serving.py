"""What serving clients ask for: predict, classify, regress; by the C API and the command line."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from .harness import MODELS, Run, artifacts, private_cache, run

if TYPE_CHECKING:
    from pathlib import Path

RUNTIMES = ("1.15", "2.15", "2.21")
SAVERS = ("builder.classify", "builder.regress", "estimator.classify", "tf_module.regress")
LOADERS = ("c_api", "saved_model_cli")
#: Where the real program runs, once each: its start alone takes 7 to 14 s.
PROGRAM = ("1.15", "2.8", "2.15", "2.21")
BACKWARD = [
    (saved, loaded)
    for (at, saved), (to, loaded) in product(enumerate(RUNTIMES), repeat=2)
    if at <= to
]
#: Estimators are gone from 2.16 on, MethodNameUpdater came with 2.3.
ABSENT = {"estimator.classify": "2.21", "tf_module.regress": "1.15"}
METHODS = {
    "classify": "tensorflow/serving/classify",
    "regress": "tensorflow/serving/regress",
}
CHECK = """
import pytest

MARK = pytest.mark.tf_roundtrip


def check(roundtrip):
    whole, empty = roundtrip.examples
    assert list(whole.inputs) == ["inputs"]
    assert whole.inputs["inputs"].shape == (2,)
    scores = [[5.5, 10.0, 2.5], [1.5625, 4.0, 1.5]]
    if roundtrip.cell.save.saver.variant == "regress":
        expected = {"outputs": [row[:1] for row in scores]}
        assert empty.outputs["outputs"].shape == (0, 1)
    else:
        expected = {"classes": [[b"0", b"1", b"2"]] * 2, "scores": scores}
        assert empty.outputs["classes"].shape == (0, 3)
    assert {name: each.tolist() for name, each in whole.outputs.items()} == expected
"""
TEST = f"""{CHECK}

@MARK("served.py:Rated", savers={list(SAVERS)}, loaders={list(LOADERS)}, variables=True)
def test_rated(roundtrip):
    check(roundtrip)


@MARK("served.py:Rated", savers=["tf_module.regress"], loaders=["hub_load", "hub_keras_layer"],
      runtimes=["2.15"], variables=True)
def test_by_signature(roundtrip):
    check(roundtrip)


@MARK("served.py:Rated", savers=["builder.classify"], loaders=["saved_model_cli.exprs"],
      save_runtimes=["1.15"], variables=True)
def test_literals(roundtrip):
    check(roundtrip)


@MARK("served.py:Rated", savers=["builder.ref"], loaders=["tf1_load", "c_api"],
      save_runtimes=["2.21"], load_runtimes=["1.15"], variables=True)
def test_references(roundtrip):
    assert roundtrip.outputs["a_count"].tolist() == [6, 2 - 2**40]


@MARK("served.py:Counted", savers=["builder.classify"], loaders=["c_api"], variables=False)
def test_counted(roundtrip):
    raise AssertionError("there is no such artifact")


@MARK("zoo.py:Dtypes", savers=["builder"], loaders=["c_api", "saved_model_cli"], variables=False)
def test_dtypes(roundtrip):
    whole, empty = roundtrip.examples
    assert whole.outputs["out_string"].tolist() == [
        [b"", b"\\xff\\0\\0"], [b"a\\0", "\\u00fc".encode()]
    ]
    assert {{each.shape for each in empty.outputs.values()}} == {{(0, 2)}}
"""
TEST_PROGRAM = f"""{CHECK}

@MARK("served.py:Rated", savers=["builder.classify"],
      loaders=["saved_model_cli.command"], variables=True)
def test_program(roundtrip):
    check(roundtrip)
"""


@dataclass(frozen=True)
class Served:
    """The run, and the records of what it saved."""

    run: Run
    records: dict[tuple[str, str, str], dict[str, Any]]  # by class, saver, TensorFlow's version


def project(folder: Path, tests: str) -> Path:
    """Put tests and their models into a folder."""
    for name in ("served.py", "zoo.py"):
        shutil.copy(MODELS / name, folder)
    (folder / "test_serving.py").write_text(tests, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = project(tmp_path_factory.mktemp("serving"), TEST)
    cache = private_cache(folder)
    seen = run(folder, f"--tf-runtimes={','.join(RUNTIMES)}", cache=cache)
    records = {
        key: json.loads((path / "record.json").read_text(encoding="utf-8"))
        for key, path in artifacts(cache).items()
    }
    return Served(seen, records)


def test_each_release_serves_what_it_and_older_ones_saved(served: Served) -> None:
    verdicts, outcomes = served.run.verdicts(), served.run.outcomes()
    for saver, loader, (saved, loaded) in product(SAVERS, LOADERS, BACKWARD):
        key = f"rated-{saver}_{saved}-to-{loader}_{loaded}-inference"
        if saved == ABSENT.get(saver):
            assert verdicts[key] == "absent", key
        else:
            assert (verdicts[key], outcomes[key]) == ("same", "passed"), served.run.cells[key]


def test_a_client_of_1_15_knows_no_newer_parsing_of_examples(served: Served) -> None:
    for saver, saved in product(SAVERS, ("2.15", "2.21")):
        if saved != ABSENT.get(saver):
            cell = served.run.cells[f"rated-{saver}_{saved}-to-c_api_1.15-inference"]
            assert (cell["verdict"], cell["stage"]) == ("refused", "load")
            # Which of what it does not know it meets first is the order of the file.
            assert any(
                name in cell["message"]
                for name in ("ParseExampleV2", "'debug_name'", "'allowed_devices'")
            ), cell["message"]


def test_the_c_api_takes_no_unknown_attribute_where_python_drops_it(served: Served) -> None:
    """Python's importer leaves out what has its default; a reader without Python meets it."""
    cells = served.run.cells
    python = cells["rated-builder.ref_2.21-to-tf1_load_1.15-inference"]
    assert (python["verdict"], python["outcome"]) == ("same", "passed"), python
    library = cells["rated-builder.ref_2.21-to-c_api_1.15-inference"]
    assert (library["verdict"], library["stage"]) == ("refused", "load"), library
    assert re.search(r"mentions attr '\w+' not in Op<name=\w+", library["message"])


def test_the_method_is_written_and_read(served: Served) -> None:
    for saver in SAVERS:
        records = [each for key, each in served.records.items() if key[:2] == ("Rated", saver)]
        assert len(records) == (2 if saver in ABSENT else 3)
        for record in records:
            signature = record["contract"]["signatures"]["serving_default"]
            assert signature["method_name"] == METHODS[saver.partition(".")[2]]
            assert {name: each["dtype"] for name, each in signature["inputs"].items()} == {
                "inputs": "string"
            }
    # What the C API hands back of it is compared: a method that changed would be `drift`.
    cell = served.run.cells["rated-tf_module.regress_2.15-to-c_api_2.21-inference"]
    assert "method_name" not in cell["not_compared"]


@pytest.mark.parametrize("loader", ["hub_load", "hub_keras_layer"])
def test_who_reads_examples_is_called_by_its_signature(served: Served, loader: str) -> None:
    """Its own ``__call__`` takes what the Examples are parsed into."""
    cell = served.run.cells[f"rated-tf_module.regress_2.15-to-{loader}_2.15-inference"]
    assert (cell["verdict"], cell["outcome"]) == ("same", "passed"), cell


def test_an_input_that_no_example_holds_is_no_cell(served: Served) -> None:
    for runtime in RUNTIMES:
        cell = served.run.cells[f"counted-builder.classify_{runtime}-creation"]
        assert cell["verdict"] == "absent"
        assert "cannot hold input 'count', which is int32" in cell["message"]


def test_every_dtype_goes_through_the_c_api(served: Served) -> None:
    verdicts, outcomes = served.run.verdicts(), served.run.outcomes()
    for saved, loaded in BACKWARD:
        key = f"dtypes-builder_{saved}-to-c_api_{loaded}-inference"
        assert (verdicts[key], outcomes[key]) == ("same", "passed"), served.run.cells[key]


def test_a_file_of_numpy_has_no_bfloat16_for_the_command_line(served: Served) -> None:
    for saved, loaded in BACKWARD:
        cell = served.run.cells[f"dtypes-builder_{saved}-to-saved_model_cli_{loaded}-inference"]
        assert (cell["verdict"], cell["stage"]) == ("refused", "call"), cell
        assert "No cast function available" in cell["message"]


@pytest.mark.parametrize("loaded", RUNTIMES)
def test_the_command_line_takes_literals(served: Served, loaded: str) -> None:
    key = f"rated-builder.classify_1.15-to-saved_model_cli.exprs_{loaded}-inference"
    cell = served.run.cells[key]
    assert (cell["verdict"], cell["outcome"]) == ("same", "passed"), cell


def test_the_program_answers_as_its_main_does(tmp_path: Path) -> None:
    """Inputs are given in a file, outputs are compared by the body of ``test_program``."""
    chosen = ("--tf-save-runtimes=1.15", f"--tf-load-runtimes={','.join(PROGRAM)}")
    seen = run(project(tmp_path, TEST_PROGRAM), *chosen)
    for loaded in PROGRAM:
        key = f"rated-builder.classify_1.15-to-saved_model_cli.command_{loaded}-inference"
        cell = seen.cells[key]
        assert (cell["verdict"], cell["outcome"]) == ("same", "passed"), cell
