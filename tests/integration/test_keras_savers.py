"""Keras' other ways to a SavedModel, read by every loader; Model.fit in eager and graph mode."""

from __future__ import annotations

import json
import shutil
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip import reference
from pytest_tfroundtrip.agent.wire import read_tensors

from .harness import HERE, MODELS, run_keeping
from .tables import Seen, contradicting

if TYPE_CHECKING:
    from .harness import Kept

HEAD = """
import pytest

LAYERS = ["tfsm_layer", "tfsm_layer.signature"]
"""
OF_REFERENCE = """
MARK = pytest.mark.tf_roundtrip(
    "models.py:{model}",
    savers=["keras_export", "keras_saved_model"],
    save_runtimes=["2.15", "2.21"],
    load_runtimes=["2.15", "2.21", "2.21+v1"],
    variables=True,
)
ALL = ["tf1_load", "tf2_load", "keras_load", *LAYERS]


@MARK.with_args(loaders=ALL, operations=["creation", "inference"])
def test_inference_{model}(roundtrip):
    assert roundtrip.outputs
    assert set(roundtrip.outputs) == set(roundtrip.expected)


@MARK.with_args(loaders=["tf1_load", "tf2_load", "tfsm_layer"], operations=["fine_tuning"])
def test_fine_tuning_{model}(roundtrip):
    assert roundtrip.variables
"""
OF_TRAINING = """
@pytest.mark.tf_roundtrip(
    "keras_training.py:{model}",
    savers=["{saver}"],
    loaders=["keras_load"],
    operations=["fine_tuning"],
    save_runtimes=["1.15", "2.15"],
    load_runtimes=["1.15", "1.15+v2", "2.15", "2.15+v1"],
    variables=True,
)
def test_fit_{model}(roundtrip):
    assert roundtrip.variables
"""

TRAINED = {"Listed": "keras", "Keyed": "keras.save_model"}
LOADED_UNDER = ("2.15", "2.21", "2.21+v1")
RELEASES = ("2.15.1", "2.21.0")
WORDS = {
    "same": Seen("same"),
    "absent": Seen("absent"),
    "user": Seen("refused", "load_model returned a _UserObject", "not-a-keras-model"),
    "meta": Seen("refused", "lacks the Keras metadata file", "keras-metadata-missing"),
    "keras3": Seen("refused", "Keras 3 only supports", "keras3-loads-no-savedmodel"),
    # A session restores nothing that Keras 3 holds.
    "lost": Seen("refused", "Could not find variable", "keras3-untracked-variables"),
    # TFSMLayer hands its endpoint one argument, and a signature takes its inputs by name.
    "one": Seen("refused", "takes 0 positional arguments, got 1"),
    "none": Seen("refused", "the graph's collections have no variable that can be trained"),
    # Keras 3 has no graph mode.
    "data": Seen("refused", "`tf.data.Dataset` only supports Python-style iteration"),
}

#: Model.export asks nobody for the names of outputs; a model that returns a dict keeps its keys.
RENAMED = Seen("drift", "output 'y' of the model was written as 'output_0'")


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("keras")
    shutil.copy(MODELS / "keras_training.py", folder)
    shutil.copy(Path(reference.__path__[0]) / "models.py", folder)
    parts = [
        HEAD,
        *(OF_REFERENCE.format(model=model) for model in ("Affine", "TwoByTwo")),
        *(OF_TRAINING.format(model=model, saver=saver) for model, saver in TRAINED.items()),
    ]
    (folder / "test_keras.py").write_text("".join(parts), encoding="utf-8")
    return run_keeping(folder)


def read_table(file: Path) -> dict[str, Seen]:
    """What the table has, by the ids of the cells."""
    table: dict[str, Seen] = {}
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            operation, _, loaders = line.strip("[]").partition(": ")
            columns = list(product(loaders.split(", "), LOADED_UNDER))
        elif line:
            model, saver, saved, *words = line.split()
            for (loader, loaded), word in zip(columns, words, strict=True):
                key = f"{model}-{saver}_{saved}-to-{loader}_{loaded}-{operation}"
                assert key not in table, f"{key} is there twice"
                table[key] = WORDS[word]
    return table


def test_every_verdict_is_as_the_table_says(keras: Kept) -> None:
    table = read_table(HERE / "data" / "keras.txt")
    assert len(table) == 8 * 15 + 8 * 9
    for key in list(table):
        is_renamed = key.startswith("affine-keras_export")
        table[f"{key.partition('-to-')[0]}-creation"] = RENAMED if is_renamed else Seen("same")
    cells = {
        key: cell
        for key, cell in keras.seen.cells.items()
        if key.startswith(("affine", "two_by_two"))
    }
    assert not list(contradicting(table, cells))
    outcomes = keras.seen.outcomes()
    same = [key for key, verdict in keras.seen.verdicts().items() if verdict == "same"]
    assert {outcomes[key] for key in same} == {"passed"}


@pytest.mark.parametrize(("model", "saver"), TRAINED.items())
def test_fit_takes_several_outputs_in_eager_and_graph_mode(
    keras: Kept, model: str, saver: str
) -> None:
    """One loss for each floating output and none for an integer one, whatever they are called."""
    pairs = [*product(["1.15"], ["1.15", "1.15+v2", "2.15", "2.15+v1"]), ("2.15", "2.15"),
             ("2.15", "2.15+v1")]  # fmt: skip
    ids = [f"{model.lower()}-{saver}_{one}-to-keras_load_{two}-fine_tuning" for one, two in pairs]
    found = {key: (keras.seen.cells[key]["verdict"], keras.seen.cells[key]["message"])
             for key in ids}  # fmt: skip
    assert {key: each for key, each in found.items() if each[0] != "same"} == {}


@pytest.mark.parametrize("saver", ["keras_export", "keras_saved_model"])
@pytest.mark.parametrize("version", RELEASES)
def test_the_recorded_step_is_that_of_gradient_descent(
    keras: Kept, saver: str, version: str
) -> None:
    """In closed form: W -= rate * 2 / (n * m) * x.T @ y, and b likewise."""
    artifact = keras.artifacts["Affine", saver, version]
    tensors = {name: each.value for name, each in read_tensors(artifact / "record.npz").items()}
    (y,) = (each for name, each in tensors.items() if name.startswith("examples/0/outputs/"))
    x = tensors["examples/0/inputs/x"]
    rate = 0.125 * 2 / y.size
    for item in read_record(artifact)["variables"]["items"]:
        gradient = x.T @ y if len(item["shape"]) == 2 else y.sum(0)
        name = item["name"]
        expected = tensors[f"variables/{name}"] - rate * gradient
        np.testing.assert_allclose(tensors[f"trained/variables/{name}"], expected, rtol=1e-6)


@pytest.mark.parametrize("version", RELEASES)
def test_export_records_the_signature_that_was_written(keras: Kept, version: str) -> None:
    record = read_record(keras.artifacts["Affine", "keras_export", version])
    written = record["contract"]["signatures"]
    assert set(written) == {"serve", "serving_default"}
    assert record["signature"] == "serving_default"
    assert set(written["serving_default"]["outputs"]) == {"output_0"}
    assert record["renamed"] == {"inputs": {}, "outputs": {"y": "output_0"}}


def test_variables_of_keras_3_are_found_where_its_layers_hold_them(keras: Kept) -> None:
    """Its model has no list of them when it is restored, as that of Keras 2 has."""
    keys = {
        version: read_record(keras.artifacts["Affine", "keras_saved_model", version])["variables"]
        for version in RELEASES
    }
    assert {version: each["key"] for version, each in keys.items()} == {
        "2.15.1": "order",
        "2.21.0": "path",
    }
    assert [len(each["items"]) for each in keys.values()] == [2, 2]


def read_record(artifact: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((artifact / "record.json").read_text(encoding="utf-8"))
    return record
