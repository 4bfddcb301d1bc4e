"""TensorFlow Hub: its TF1 format, hub.load, hub.KerasLayer, hub.Module, as its guides use them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip import reference

from .harness import MODELS, Run, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOADERS = ("hub_load", "hub_keras_layer", "hub_module")
TEST = """
import pytest

MARK = pytest.mark.tf_roundtrip
# What is known of plain modules (causes.toml) is not so of those that list what can be trained.
DOCUMENTS = {"variables": True, "expect": "documents"}
LOADERS = ["hub_load", "hub_keras_layer", "hub_module"]
IN_MODELS = ["hub_keras_layer", "hub_keras_layer.sequential", "hub_keras_layer.tf_keras",
             "hub_keras_layer.estimator"]


@MARK("hub_models.py:TwoInputs", savers=["hub_module.signatures"], save_runtimes=["1.15"],
      loaders=[*LOADERS, "hub_keras_layer.output_key"], operations=["inference"], **DOCUMENTS)
def test_tags_and_signatures(roundtrip):
    assert roundtrip.outputs["difference"].tolist() == [-3.0, 9.0]
    assert roundtrip.outputs["total"].tolist() == [6.0, -3.0]


@MARK("hub_models.py:Conventional", savers=["hub_module", "hub_module.eager"],
      save_runtimes=["2.15"], load_runtimes=["2.15", "2.15+v1", "2.21"],
      loaders=[*LOADERS, "hub_module.eager"], operations=["creation", "inference"], **DOCUMENTS)
def test_without_names(roundtrip):
    assert roundtrip.outputs["default"].tolist() == [[4.0]]


@MARK("hub_models.py:Doubled", savers=["hub_module", "hub_module.train"], save_runtimes=["1.15"],
      loaders=["hub_load", "hub_module"], operations=["fine_tuning"], **DOCUMENTS)
def test_train_graph(roundtrip):
    # W -= 1/8 * 2/n * x.T @ y with two rows; twice the y means four times the gradient.
    times = 4 if roundtrip.cell.save.saver.variant == "train" else 1
    x, weights = roundtrip.inputs["x"], [[0.5], [-1.25], [2.0]]
    expected = weights - times * 0.125 * x.T @ (x @ weights)
    assert abs(roundtrip.variables["w"] - expected).max() < 1e-5


@MARK("hub_models.py:Reusable", savers=["tf_module"], save_runtimes=["2.15"],
      load_runtimes=["2.15", "2.15+v1", "2.21"], loaders=["hub_load", *IN_MODELS],
      operations=["fine_tuning"], variables=True)
def test_reusable(roundtrip):
    pass


@MARK("hub_models.py:Reusable", savers=["tf_module"], runtimes=["1.15"],
      loaders=["hub_load", *IN_MODELS], operations=["fine_tuning"], variables=True)
def test_reusable_in_tf1(roundtrip):
    pass


BOTH = {"operations": ["inference", "fine_tuning"], "variables": True}


def doubled(roundtrip):
    if roundtrip.cell.operation == "fine_tuning":
        x, weights = roundtrip.inputs["x"], [[0.5], [-1.25], [2.0]]
        expected = weights - 4 * 0.125 * x.T @ (x @ weights)
        assert abs(roundtrip.variables["w"] - expected).max() < 1e-5


@MARK("hub_models.py:Doubled", savers=["tf_module", "tf_module.concrete"], **BOTH,
      save_runtimes=["1.15"], loaders=["tf2_load", "hub_load"])
def test_modes(roundtrip):
    doubled(roundtrip)


@MARK("hub_models.py:Doubled", savers=["tf_module"], **BOTH, save_runtimes=["2.15"],
      load_runtimes=["2.15", "2.15+v1", "2.21"], loaders=["tf2_load", "hub_load", "tfsm_layer"])
def test_modes_of_2_15(roundtrip):
    doubled(roundtrip)


@MARK("hub_models.py:Moving", savers=["tf_module"], **BOTH, save_runtimes=["1.15"],
      loaders=["tf2_load", "hub_load"])
def test_modes_that_assign(roundtrip):
    pass


@MARK("models.py:Affine", savers=["builder", "tf_module", "hub_module"], save_runtimes=["2.15"],
      load_runtimes=["2.15"], loaders=["hub_keras_layer", "hub_module"],
      operations=["fine_tuning"], **DOCUMENTS)
def test_not_trainable(roundtrip):
    pass


@MARK("models.py:TwoByTwo", savers=["tf_module"], runtimes=["2.15"], operations=["inference"],
      loaders=["hub_load", "hub_keras_layer"], **DOCUMENTS)
def test_two_inputs(roundtrip):
    pass
"""


@dataclass(frozen=True)
class Hub:
    """One run, and what the agents noted on its loads."""

    run: Run
    notes: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    folder = tmp_path_factory.mktemp("hub")
    shutil.copy(MODELS / "hub_models.py", folder)
    shutil.copy(Path(reference.__file__).with_name("models.py"), folder)
    (folder / "test_hub.py").write_text(TEST, encoding="utf-8")
    seen = run(folder, plugins=("notes",))
    return Hub(seen, json.loads((folder / "notes.json").read_text(encoding="utf-8")))


def assert_same(hub: Hub, ids: Iterable[str]) -> None:
    """The cells are ``same``, and the body that looks at their values passed."""
    found = {key: hub.run.cells[key] for key in ids}
    assert found
    seen = {key: (cell["verdict"], cell["outcome"]) for key, cell in found.items()}
    assert {key: each for key, each in seen.items() if each != ("same", "passed")} == {}


def refusal(hub: Hub, key: str) -> str:
    """What TensorFlow, or a loader, says in a cell that is refused."""
    cell = hub.run.cells[key]
    assert cell["verdict"] == "refused", cell["message"]
    return str(cell["message"])


def test_hub_load_gives_what_hub_module_gave(hub: Hub) -> None:
    """By tags {"foo", "bar"} and the signature "sig", called with x1 and x2."""
    loaders = [*LOADERS, "hub_keras_layer.output_key"]
    cells = set(product(loaders, ("1.15", "2.15", "2.21"))) - {("hub_module", "2.21")}
    assert_same(
        hub,
        [f"two_inputs-hub_module.signatures_1.15-to-{a}_{b}-inference" for a, b in cells],
    )


def test_default_names_need_not_be_named(hub: Hub) -> None:
    cells = set(product(LOADERS, ("2.15", "2.15+v1", "2.21"))) - {("hub_module", "2.21")}
    assert_same(hub, [f"conventional-hub_module_2.15-to-{a}_{b}-inference" for a, b in cells])


def test_hub_module_is_gone_with_hub_0_16(hub: Hub) -> None:
    cell = hub.run.cells["conventional-hub_module_2.15-to-hub_module_2.21-inference"]
    assert (cell["verdict"], cell["message"]) == (
        "absent",
        "hub.Module is not in tensorflow-hub 0.16.1",
    )


def test_the_tf1_format_is_made_in_tensorflow_2_inside_a_graph_only(hub: Hub) -> None:
    assert_same(hub, ["conventional-hub_module_2.15-creation"])
    text = "meta graphs is not supported when eager execution is enabled"
    assert text in refusal(hub, "conventional-hub_module.eager_2.15-creation")
    key = "conventional-hub_module_2.15-to-hub_module.eager_2.15-inference"
    assert text in refusal(hub, key)


def test_a_train_graph_is_trained_where_there_is_one(hub: Hub) -> None:
    savers, loaded = ("hub_module", "hub_module.train"), ("1.15", "2.15")
    assert_same(
        hub,
        [
            f"doubled-{saver}_1.15-to-{loader}_{runtime}-fine_tuning"
            for saver, loader, runtime in product(savers, ("hub_load", "hub_module"), loaded)
        ],
    )


@pytest.mark.parametrize("loader", ["tf2_load", "hub_load"])
def test_both_modes_of_a_module_are_saved_and_training_is_done_in_its_own(
    hub: Hub, loader: str
) -> None:
    """The loss of a step in inference mode is another one: the values would differ."""
    loads = [
        *product(("tf_module_1.15", "tf_module.concrete_1.15"), ("1.15", "2.15", "2.21")),
        *product(("tf_module_2.15",), ("2.15", "2.15+v1", "2.21")),
    ]
    ids = [f"doubled-{saver}-to-{loader}_{loaded}-fine_tuning" for saver, loaded in loads]
    moving = [f"moving-tf_module_1.15-to-{loader}_{loaded}-fine_tuning"
              for loaded in ("1.15", "2.15", "2.21")]  # fmt: skip
    assert_same(hub, [*ids, *moving])
    assert_same(hub, [each.replace("fine_tuning", "inference") for each in (*ids, *moving)])
    assert {tuple(hub.notes[each]) for each in (*ids, *moving)} == {("called with training=True",)}


def test_a_layer_of_a_signature_trains_in_inference_mode(hub: Hub) -> None:
    key = "doubled-tf_module_2.15-to-tfsm_layer_2.21-fine_tuning"
    assert hub.run.cells[key]["verdict"] == "differs", hub.run.cells[key]
    (note,) = hub.notes[key]
    assert note.startswith("trained by the signature, which is the model in inference mode")
    assert hub.run.cells[key]["cause"] == "trained-in-inference-mode"


@pytest.mark.parametrize(("saved", "loaded"), [("1.15",) * 2, ("2.15",) * 2, ("2.15", "2.15+v1")])
def test_a_reusable_savedmodel_is_trained_in_each_documented_way(
    hub: Hub, saved: str, loaded: str
) -> None:
    loaders = (
        "hub_load",
        *(f"hub_keras_layer{part}" for part in ("", ".sequential", ".estimator")),
    )
    start = f"reusable-tf_module_{saved}-to"
    assert_same(hub, [f"{start}-{loader}_{loaded}-fine_tuning" for loader in loaders])
    assert "called with training=True" in hub.notes[f"{start}-hub_load_{loaded}-fine_tuning"]


def test_keras_3_takes_no_hub_layer(hub: Hub) -> None:
    start = "reusable-tf_module_2.15-to-hub_keras_layer"
    text = "Only instances of `keras.Layer` can be added to a Sequential model"
    assert text in refusal(hub, f"{start}.sequential_2.21-fine_tuning")
    assert "A KerasTensor is symbolic" in refusal(hub, f"{start}_2.21-fine_tuning")
    assert_same(hub, [f"{start}.tf_keras_2.21-fine_tuning"])


def test_what_the_layer_cannot_train(hub: Hub) -> None:
    layer = "to-hub_keras_layer_2.15-fine_tuning"
    told = {saver: refusal(hub, f"affine-{saver}_2.15-{layer}") for saver in
            ("builder", "tf_module", "hub_module")}  # fmt: skip
    assert "trainable = True is unsupported when calling a SavedModel sig" in told["builder"]
    assert "the hub.KerasLayer has no variable that can be trained" in told["tf_module"]
    assert "is unsupported when loading from the TF1 Hub format" in told["hub_module"]


@pytest.mark.parametrize("saver", ["builder", "tf_module"])
def test_hub_module_reads_its_own_format_only(hub: Hub, saver: str) -> None:
    key = f"affine-{saver}_2.15-to-hub_module_2.15-fine_tuning"
    assert "tfhub_module.pb; No such file" in refusal(hub, key)


def test_only_hub_module_enters_its_variables_among_the_trainable_ones(hub: Hub) -> None:
    """Among all variables the layer's stand too: ``tf.saved_model.load`` enters them."""
    module = hub.notes["doubled-hub_module_1.15-to-hub_module_1.15-fine_tuning"]
    layer = hub.notes["reusable-tf_module_1.15-to-hub_keras_layer_1.15-fine_tuning"]
    told = "the graph's collections hold {}, 0 UPDATE_OPS, 0 REGULARIZATION_LOSSES"
    assert module == [told.format("1 GLOBAL_VARIABLES, 1 TRAINABLE_VARIABLES")]
    assert layer == [told.format("3 GLOBAL_VARIABLES, 0 TRAINABLE_VARIABLES")]


def test_two_inputs_go_to_the_signature(hub: Hub) -> None:
    """Of an object's ``__call__`` the layer fills one argument."""
    start = "two_by_two-tf_module_2.15-to"
    assert_same(hub, [f"{start}-{each}_2.15-inference" for each in ("hub_load", "hub_keras_layer")])
    (note,) = hub.notes[f"{start}-hub_keras_layer_2.15-inference"]
    assert "called by its signature" in note
