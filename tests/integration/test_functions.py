"""SavedModels without signatures: functions of the restored object, on real releases."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.saved_models import DATA

from .harness import Run, private_cache, run

if TYPE_CHECKING:
    from pathlib import Path

RUNTIMES = "--tf-runtimes=1.15,2.15,2.21"
LOADERS = "--tf-loaders=tf1_load,tf2_load,c_api,hub_load,hub_keras_layer,saved_model_cli,tfsm_layer"
#: Whose API has no way to a function of an object.
BY_SIGNATURE = {"tf1_load", "c_api", "saved_model_cli"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("functions")
    shutil.copytree(DATA / "functions-2.8", found / "models" / "encoder")
    shutil.copytree(DATA / "nested-2.8", found / "nested" / "languages")
    return found


@pytest.fixture(scope="module")
def cache(folder: Path) -> Path:
    return private_cache(folder)


@pytest.fixture(scope="module")
def seen(folder: Path, cache: Path) -> Run:
    return run(folder, RUNTIMES, LOADERS, "models", cache=cache)


def test_who_restores_objects_calls_each_and_gets_the_same(seen: Run) -> None:
    told = {
        (cell["load"], cell["function"]): cell
        for cell in seen.cells.values()
        if cell["load"] not in BY_SIGNATURE
    }
    every = {"__call__", "forget", "tokenize", "total"}
    assert set(told) == (
        {(load, name) for load in ("tf2_load", "hub_load", "tfsm_layer") for name in every}
        | {("hub_keras_layer", "__call__")}
    )
    for cell in seen.cells.values():
        if cell["load"] in BY_SIGNATURE or cell["verdict"] == "absent":
            continue
        assert cell["verdict"] == "same", cell
        values = [each for each in cell["not_compared"] if each.startswith("values")]
        gives_nothing = cell["function"] == "forget"
        assert values == (["values (not called: it gives nothing back)"] if gives_nothing else [])


def test_under_1_15_they_are_called_in_a_session(seen: Run) -> None:
    told = seen.cells["encoder.total-to-tf2_load_1.15-inference"]
    assert told["verdict"] == "same"
    assert not [each for each in told["not_compared"] if each.startswith("values")]


def test_who_calls_signatures_is_refused_as_foretold(seen: Run) -> None:
    told = [cell for cell in seen.cells.values() if cell["load"] in BY_SIGNATURE]
    assert len(told) == len(BY_SIGNATURE) * 3  # once for the model, not for each function
    for cell in told:
        assert (cell["verdict"], cell["cause"]) == ("refused", "only-functions")
        assert cell["predicted"] == "will_fail"
        assert "no signature" in cell["predicted_reason"]


def test_what_was_made_up_suits_the_graph_and_the_names_are_those_of_show(
    seen: Run, cache: Path
) -> None:
    """Ids below the eight rows of the table, whole ragged tensors, no training mode."""
    assert seen.cells
    records = {}
    for file in cache.glob("artifacts/*/*/record.json"):
        told = json.loads(file.read_text(encoding="utf-8"))
        records[told["function"]["name"]] = told
    call = records["__call__"]
    assert call["fed"] == "made up"
    assert call["function"]["positional"][1] == {"value": False}
    assert list(call["function"]["inputs"]) == ["ids", "weights"]
    assert records["total"]["function"]["kinds"] == {"rows": "ragged"}
    assert records["tokenize"]["examples"] > 0


def test_functions_of_objects_in_the_root_are_called_by_their_paths(
    folder: Path, cache: Path
) -> None:
    loaders = "--tf-loaders=tf1_load,tf2_load,hub_load,hub_keras_layer,tfsm_layer"
    told = run(folder, RUNTIMES, loaders, "nested", cache=cache)
    by_load: dict[str, list[str]] = {}
    for cell in told.cells.values():
        if cell["verdict"] != "absent":
            by_load.setdefault(cell["load"], []).append(cell["verdict"])
            assert (cell["predicted"] == "will_fail") is (cell["verdict"] == "refused"), cell
    functions = 3  # forget, tokenize and total of en; what is deeper down is not called
    assert by_load == {
        "tf1_load": ["refused"] * 3,
        "tf2_load": ["same"] * functions * 3,
        "hub_load": ["same"] * functions * 3,
        "tfsm_layer": ["refused"] * functions,  # an endpoint is an attribute of the root
    }
    assert "languages.en.total-to-hub_load_2.21-inference" in told.cells


def test_examples_by_the_names_of_a_functions_inputs(folder: Path, cache: Path) -> None:
    (folder / "x.json").write_text('{"ids": [[0, 1, 2, 7]], "weights": [[1, 1, 1, 1]]}')
    told = run(
        folder,
        *("--tf-runtimes=2.15", "--tf-loaders=tf2_load", "--tf-examples=x.json", "models"),
        *("-k", "not tokenize and not total and not forget"),
        cache=cache,
    )
    (cell,) = told.cells.values()
    assert (cell["verdict"], cell["inputs"]) == ("same", "x.json")


def test_what_nobody_can_load_is_refused_by_who_calls_signatures_too(
    folder: Path, cache: Path
) -> None:
    """A session takes a graph whose functions have unknown ops, and can call nothing of it."""
    place = folder / "unknown" / "encoder"
    shutil.copytree(DATA / "functions-2.8", place)
    file = place / "saved_model.pb"
    file.write_bytes(file.read_bytes().replace(b"StringSplitV2", b"StringSplitV9"))
    loaders = "--tf-loaders=tf1_load,tf2_load,hub_keras_layer,tfsm_layer,saved_model_cli"
    told = run(folder, "--tf-runtimes=2.21", loaders, "unknown", cache=cache)
    causes = {cell["load"]: (cell["verdict"], cell["cause"]) for cell in told.cells.values()}
    assert causes == {
        "tf1_load": ("refused", "only-functions"),
        "saved_model_cli": ("refused", "only-functions"),
        "tf2_load": ("refused", "op-not-registered"),
        "hub_keras_layer": ("refused", "op-not-registered"),
        "tfsm_layer": ("refused", "op-not-registered"),
    }
    promises = {cell["load"]: cell["promise"] for cell in told.cells.values()}
    assert promises["tf2_load"] == "promised"
    assert promises["tf1_load"] == "unpromised"  # "as long as it was saved with signatures"
    foretold = {cell["load"]: cell["predicted"] for cell in told.cells.values()}
    assert set(foretold.values()) == {"will_fail"}
