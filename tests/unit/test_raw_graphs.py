"""Graphs outside of a SavedModel are asked of the loaders that read them, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Matrix, Model
from pytest_tfroundtrip.vocabulary import Operation

MODEL = Model("Affine", Path("/models/affine.py"), Path("/models"), variables=True)
READERS = {
    "meta_graph": {"import_meta_graph", "wrap_function"},
    "graph_def": {"wrap_function", "import_graph_def"},
}


def asked(saver: str, *operations: Operation) -> set[str]:
    """The loaders that one saver's artifacts are asked of, when every loader is chosen."""
    runtime = parse_runtime("2.21")
    loaders = tuple(apis().loaders.values())
    matrix = Matrix((runtime,), (runtime,), (apis().savers[saver],), loaders, operations)
    return {cell.loader.name for cell in matrix.cells([MODEL]) if cell.loader}


@pytest.mark.parametrize(
    "saver", [name for name, api in apis().savers.items() if api.base in READERS]
)
def test_a_raw_graph_is_asked_of_its_two_loaders(saver: str) -> None:
    loaders = asked(saver, Operation.INFERENCE)
    assert {name.partition(".")[0] for name in loaders} == READERS[saver.partition(".")[0]]


@pytest.mark.parametrize("saver", ["builder", "tf_module"])
def test_a_saved_model_is_asked_of_none_of_them(saver: str) -> None:
    raw = set.union(*READERS.values())
    loaders = {name.partition(".")[0] for name in asked(saver, *Operation)}
    assert "tf1_load" in loaders
    assert not loaders & raw


def test_a_graph_def_has_no_saver_to_restore_it() -> None:
    assert "wrap_function.own_saver" in asked("meta_graph", Operation.INFERENCE)
    assert "wrap_function.own_saver" not in asked("graph_def", Operation.INFERENCE)


def test_a_graph_def_is_not_trained_in_a_session() -> None:
    assert asked("graph_def", Operation.FINE_TUNING) == {"wrap_function"}
    assert "import_meta_graph" in asked("meta_graph", Operation.FINE_TUNING)


def test_raw_graphs_are_tried_only_when_they_are_asked_for() -> None:
    raw = [*READERS, *set.union(*READERS.values())]
    everything = {**apis().savers, **apis().loaders}
    assert not [name for name in raw if everything[name].default]
