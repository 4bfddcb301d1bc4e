from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, Matrix, Model, Save, Tolerances, absence, from_json
from pytest_tfroundtrip.vocabulary import Direction, Operation

MODEL = Model("Affine", Path("/models/affine.py"), Path("/models"), variables=True)


def a_cell(
    saver: str = "builder",
    save_runtime: str = "1.15",
    loader: str | None = "tf2_load",
    load_runtime: str = "2.21",
    model: Model = MODEL,
) -> Cell:
    save = Save(model, apis().savers[saver], parse_runtime(save_runtime))
    if loader is None:
        return Cell(save, Operation.CREATION)
    return Cell(save, Operation.INFERENCE, apis().loaders[loader], parse_runtime(load_runtime))


def test_an_id_reads_as_a_sentence() -> None:
    assert a_cell().id == "affine-builder_1.15-to-tf2_load_2.21-inference"
    assert a_cell("builder.ref", "2.21+v1").id.startswith("affine-builder.ref_2.21+v1-to-")
    assert a_cell(loader=None).id == "affine-builder_1.15-creation"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("AddTwo", "add_two"), ("Affine", "affine"), ("MLPNet", "mlp_net"), ("A1B", "a1_b")],
)
def test_a_model_stands_in_ids_in_lower_case_words(name: str, slug: str) -> None:
    assert Model(name, Path("m.py"), Path()).slug == slug


@pytest.mark.parametrize(
    ("saved", "loaded", "direction"),
    [
        ("1.15", "2.21", Direction.BACKWARD),
        ("2.21", "1.15", Direction.FORWARD),
        ("2.15", "2.15", Direction.SAME_RELEASE),
        ("2.21", "2.21+v1", Direction.SAME_RELEASE),
        ("2.9", "2.10", Direction.BACKWARD),
    ],
)
def test_direction_says_which_release_is_older(
    saved: str, loaded: str, direction: Direction
) -> None:
    assert a_cell(save_runtime=saved, load_runtime=loaded).direction is direction


def test_a_matrix_has_each_creation_before_its_loads() -> None:
    runtimes = (parse_runtime("1.15"), parse_runtime("2.21"))
    savers = (apis().savers["builder"], apis().savers["tf_module"])
    matrix = Matrix(runtimes, runtimes, savers, (apis().loaders["tf1_load"],), tuple(Operation))
    ids = [cell.id for cell in matrix.cells([MODEL])]
    assert len(ids) == len(set(ids)) == 2 * 2 * (1 + 2 * 2)
    assert ids[:3] == [
        "affine-builder_1.15-creation",
        "affine-builder_1.15-to-tf1_load_1.15-inference",
        "affine-builder_1.15-to-tf1_load_2.21-inference",
    ]


def test_a_cell_survives_the_way_to_another_process() -> None:
    cell = Cell(
        Save(MODEL, apis().savers["tf_module.concrete"], parse_runtime("2.21+tf_keras"), seed=7),
        Operation.INFERENCE,
        apis().loaders["keras_load"],
        parse_runtime("1.15+v2"),
        Tolerances(1e-3, None),
    )
    again = from_json(cell.to_json(), {})
    assert again == cell
    assert again.tolerances == cell.tolerances
    creation = a_cell(loader=None)
    assert from_json(creation.to_json(), {}) == creation


def test_two_models_of_one_name_are_two_cells() -> None:
    other = a_cell(model=Model("Affine", Path("/other/affine.py"), Path("/other")))
    assert other.id == a_cell().id
    assert other.key != a_cell().key


def test_an_api_that_a_release_lacks_is_absent_with_the_reason() -> None:
    assert absence(a_cell("estimator", "2.15")) is None
    why = absence(a_cell("estimator", "2.16"))
    assert why == "tf.estimator.Estimator.export_saved_model is not in TensorFlow 2.16.2"


def test_a_model_without_keras_model_has_no_keras_cells() -> None:
    plain = Model("Plain", Path("p.py"), Path(), keras_model=False)
    assert "no keras_model()" in str(absence(a_cell("keras", "2.15", model=plain)))
    unknown = Model("Plain", Path("p.py"), Path(), keras_model=None)
    assert absence(a_cell("keras", "2.15", model=unknown)) is None


def test_marks_are_strings_for_selection() -> None:
    assert a_cell().mark("promised") == {
        "save": "builder",
        "save_runtime": "1.15",
        "resave_runtime": "",
        "load": "tf2_load",
        "load_runtime": "2.21",
        "operation": "inference",
        "direction": "backward",
        "promise": "promised",
    }


def resaved(cell: Cell, runtime: str) -> Cell:
    return replace(cell, save=replace(cell.save, resaved=parse_runtime(runtime)))


def a_resave(runtime: str = "2.15") -> Cell:
    return Cell(a_cell().save, Operation.RESAVE, apis().resaver, parse_runtime(runtime))


def test_what_is_saved_again_says_so_in_the_ids_of_who_reads_it() -> None:
    assert a_resave().id == "affine-builder_1.15-to-tf2_load_2.15-resave"
    cell = resaved(a_cell(), "2.15")
    assert cell.id == "affine-builder_1.15-resave_2.15-to-tf2_load_2.21-inference"
    assert cell.mark("unpromised")["resave_runtime"] == "2.15"


def test_who_saved_again_wrote_the_file() -> None:
    assert a_cell(load_runtime="2.8").direction is Direction.BACKWARD
    assert resaved(a_cell(load_runtime="2.8"), "2.15").direction is Direction.FORWARD


def test_creation_and_resave_make_an_artifact() -> None:
    assert a_cell(loader=None).makes == a_cell().save
    assert a_cell().makes is None
    assert a_resave().makes == resaved(a_cell(), "2.15").save
    assert a_resave().artifact.original == a_cell().save


def test_resaves_come_after_the_loads_each_with_who_reads_it() -> None:
    runtimes = (parse_runtime("1.15"), parse_runtime("2.21"))
    matrix = Matrix(
        runtimes[:1],
        runtimes,
        (apis().savers["builder"], apis().savers["meta_graph"]),
        (apis().loaders["c_api"],),
        (Operation.INFERENCE, Operation.RESAVE),
        resave_runtimes=(parse_runtime("2.15"),),
    )
    assert [cell.id for cell in matrix.cells([MODEL])] == [
        "affine-builder_1.15-to-c_api_1.15-inference",
        "affine-builder_1.15-to-c_api_2.21-inference",
        "affine-builder_1.15-to-tf2_load_2.15-resave",
        "affine-builder_1.15-resave_2.15-to-c_api_1.15-inference",
        "affine-builder_1.15-resave_2.15-to-c_api_2.21-inference",
    ]


def test_who_reads_what_was_saved_again_survives_the_way_to_another_process() -> None:
    cell = resaved(a_cell(), "2.21+tf_keras")
    assert from_json(cell.to_json(), {}) == cell
    assert from_json(a_resave().to_json(), {}) == a_resave()


def test_a_graph_def_holds_no_variables_whatever_the_model() -> None:
    frozen = a_cell("graph_def")
    assert frozen.save.has_variables is False
    training = replace(frozen, operation=Operation.FINE_TUNING)
    assert "graph_def makes constants" in str(absence(training))
