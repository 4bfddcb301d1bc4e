from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_cells import MODEL, a_cell, a_resave, resaved

from pytest_tfroundtrip.selectors import Selector


def selects(raw: dict[str, Any], **cell: Any) -> bool:
    return Selector.parse(raw, "here").matches(a_cell(**cell))


def test_an_empty_selector_selects_everything() -> None:
    assert selects({})
    assert selects({}, loader=None)


@pytest.mark.parametrize(
    ("raw", "matching", "other"),
    [
        ({"save": "builder"}, {"saver": "builder.ref"}, {"saver": "simple_save"}),
        ({"save": "builder.ref"}, {"saver": "builder.ref"}, {"saver": "builder"}),
        ({"save_release": ">=2.12"}, {"save_runtime": "2.12"}, {"save_runtime": "2.11"}),
        ({"load_release": "<2.10"}, {"load_runtime": "2.9"}, {"load_runtime": "2.10"}),
        ({"save_generation": "TF1"}, {"saver": "builder"}, {"saver": "tf_module"}),
        ({"load_generation": "keras"}, {"loader": "keras_load"}, {"loader": "tf2_load"}),
        ({"save_behavior": "v1"}, {"save_runtime": "1.15"}, {"save_runtime": "1.15+v2"}),
        ({"load_behavior": "v1"}, {"load_runtime": "2.21+v1"}, {"load_runtime": "2.21"}),
        ({"load_keras": 3}, {"load_runtime": "2.21"}, {"load_runtime": "2.21+tf_keras"}),
        ({"direction": ["forward"]}, {"load_runtime": "1.15", "save_runtime": "2.8"}, {}),
        ({"operation": "creation"}, {"loader": None}, {}),
    ],
)
def test_every_condition_tells_cells_apart(
    raw: dict[str, Any], matching: dict[str, Any], other: dict[str, Any]
) -> None:
    assert selects(raw, **matching)
    assert not selects(raw, **other)


def test_conditions_on_the_loading_side_never_hold_for_a_creation() -> None:
    assert not selects({"load_release": ">=1"}, loader=None)


def test_variables_hold_only_where_somebody_said_so() -> None:
    with_variables = Selector.parse({"variables": True}, "here")
    without = Selector.parse({"variables": False}, "here")
    unknown = a_cell(model=replace(MODEL, variables=None))
    assert with_variables.matches(a_cell())
    assert not with_variables.matches(unknown)
    assert not without.matches(unknown)


def test_an_estimator_always_holds_variables() -> None:
    stateless = a_cell("estimator", model=replace(MODEL, variables=False))
    assert Selector.parse({"variables": True}, "here").matches(stateless)


def test_an_unknown_condition_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"causes.toml: x: unknown condition loader"):
        Selector.parse({"loader": "tf1_load"}, "causes.toml: x")


def test_a_resave_is_spoken_of_by_name_only() -> None:
    assert not Selector.parse({"load": "tf2_load"}, "here").matches(a_resave())
    assert Selector.parse({"operation": ["resave"]}, "here").matches(a_resave())


def test_what_was_saved_again_is_spoken_of_where_that_is_said() -> None:
    again = resaved(a_cell(), "2.15")
    assert not Selector.parse({"save": "builder"}, "here").matches(again)
    assert Selector.parse({"save": "builder", "resaved": True}, "here").matches(again)
    assert not Selector.parse({"resaved": True}, "here").matches(a_cell())
