from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from test_cells import MODEL, a_cell, a_resave, resaved

from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.engine.plan import Plan


def test_a_save_is_made_once_for_all_its_loads() -> None:
    plan = Plan()
    cells = [a_cell(loader=None), a_cell(loader="tf1_load"), a_cell(loader="tf2_load")]
    saves, loads = plan.add(cells)
    assert len(saves) == 1
    assert len(loads) == 2
    assert [runtime.name for runtime in plan.runtimes()] == ["1.15", "2.21"]


def test_a_load_needs_its_save_though_nobody_asked_for_the_creation() -> None:
    plan = Plan()
    saves, _ = plan.add([a_cell()])
    assert len(saves) == 1


def test_the_same_cell_again_changes_nothing() -> None:
    plan = Plan()
    plan.add([a_cell()])
    assert plan.add([a_cell()]) == ([], [])
    assert len(plan.cells) == 1


def test_cells_that_differ_in_tolerance_share_a_load() -> None:
    plan = Plan()
    _, loads = plan.add([a_cell(), replace(a_cell(), tolerances=Tolerances(rtol=0.1))])
    assert len(loads) == 1


def test_models_of_one_name_in_two_files_share_nothing() -> None:
    plan = Plan()
    other = replace(MODEL, file=Path("/other/affine.py"))
    saves, loads = plan.add([a_cell(), a_cell(model=other)])
    assert (len(saves), len(loads)) == (2, 2)


def test_what_is_saved_again_is_saved_first() -> None:
    plan = Plan()
    saves, loads = plan.add([resaved(a_cell(), "2.15")])
    assert [plan.saves[key].id for key in saves] == [
        "affine-builder_1.15",
        "affine-builder_1.15-resave_2.15",
    ]
    assert len(loads) == 1
    assert [runtime.name for runtime in plan.runtimes()] == ["1.15", "2.15", "2.21"]


def test_a_resave_is_a_save_and_no_load() -> None:
    plan = Plan()
    saves, loads = plan.add([a_resave(), resaved(a_cell(), "2.15")])
    assert len(saves) == 2
    assert len(loads) == 1
