from __future__ import annotations

import pytest
from known_cells import known_cell

from pytest_tfroundtrip.index import Index, any_matches, selectors

ANY_LOAD = "builder@2.15 -> tf1_load@1.15"


def test_a_condition_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="here: unknown condition loads"):
        selectors({"loads": "tf1_load"}, "here")


def test_any_of_several_tables_is_enough() -> None:
    either = selectors([{"load": "tf2_load"}, {"save": "builder"}], "here")
    assert any_matches(either, known_cell(ANY_LOAD))


def test_no_table_speaks_of_nothing() -> None:
    assert selectors(None, "here") == ()
    assert not any_matches((), known_cell(ANY_LOAD))


def test_what_the_model_holds_is_not_what_the_artifact_holds() -> None:
    stateless = selectors({"model_variables": False, "variables": True}, "here")
    assert any_matches(stateless, known_cell("estimator@1.15", variables=False))
    assert not any_matches(stateless, known_cell("builder@1.15", variables=False))
    assert not any_matches(stateless, known_cell("estimator@1.15", variables=True))
    assert not any_matches(stateless, known_cell("estimator@1.15", variables=None))


CELLS = [
    ANY_LOAD,
    "builder.ref@2.15 -> tf2_load@2.15+v1",
    "keras@2.15 -> keras_load@2.21+tf_keras",
    "tf_module@1.15+v2 -> tf1_load@2.21",
    "tf_module@2.21",
]


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"operation": "creation"},
        {"operation": "inference", "direction": ["forward", "backward"]},
        {"direction": "same_release"},
        {"variables": True, "save_generation": "TF1", "load": "tf1_load"},
        {"variables": False},
        {"model_variables": True, "load_keras": 2, "load_release": ">=2.16"},
        {"save_behavior": "v2", "save_release": "<2"},
        {"save": "builder", "load_behavior": "v1", "load_release": ">=2"},
        {"save_keras": 3},
        {"load_generation": "TF1"},
    ],
)
@pytest.mark.parametrize("variables", [True, False, None])
def test_the_index_finds_what_the_selectors_match(
    table: dict[str, object],
    variables: bool | None,
) -> None:
    selector = selectors(table, "here")
    index = Index([("found", selector), ("twice", selector + selector)])
    for spelling in CELLS:
        cell = known_cell(spelling, variables=variables)
        expected = ("found", "twice") if any_matches(selector, cell) else ()
        assert index.of(cell) == expected, spelling
