"""Inputs made up for a signature of a graph."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.agent import inputs
from pytest_tfroundtrip.agent.input_specs import specs_of
from pytest_tfroundtrip.savedmodel.dtypes import dtype_name

if TYPE_CHECKING:
    import pytest
    from graph_types import Graph

    from pytest_tfroundtrip.agent import wire

FLOAT, INT32, UINT8, INT8, STRING, COMPLEX64, INT64, BOOL = 1, 3, 4, 6, 7, 8, 9, 10
BFLOAT16, HALF = 14, 19
KEY = "serving_default"
SAVED = Path(__file__).parents[1] / "data" / "savedmodels"


def specs(graph: Graph, folder: object = "gone") -> dict[str, Any]:
    found = specs_of(graph.meta_graph, KEY, str(folder), dtype_name)
    return {spec.name: spec for spec in found}


def made(graph: Graph, seed: int = 0, folder: object = "gone") -> list[dict[str, wire.Tensor]]:
    return list(inputs.candidates(graph.meta_graph, KEY, str(folder), seed, dtype_name))


def first(graph: Graph, name: str = "x", folder: object = "gone") -> wire.Tensor:
    return made(graph, folder=folder)[0][name]


def form(tensors: dict[str, wire.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tensor.value.shape for name, tensor in tensors.items()}


class Slot:
    """The lists of a Feature."""

    def __init__(self) -> None:
        self.bytes_list = SimpleNamespace(value=[])
        self.int64_list = SimpleNamespace(value=[])
        self.float_list = SimpleNamespace(value=[])

    @property
    def values(self) -> list[Any]:
        found: list[Any] = [
            *self.bytes_list.value,
            *self.int64_list.value,
            *self.float_list.value,
        ]
        return found


class Example:
    """Stands for tf.train.Example; the last ones are kept."""

    kept: list[dict[str, list[Any]]]

    def __init__(self) -> None:
        self.slots: dict[str, Slot] = {}
        self.features = SimpleNamespace(feature=Features(self.slots))

    def SerializeToString(self, *, deterministic: bool) -> bytes:  # noqa: N802  protobuf's name
        assert deterministic
        self.kept.append({name: slot.values for name, slot in self.slots.items()})
        return b"example %d" % len(self.kept)


class Features:
    """A map whose values come to be when they are asked for, as protobuf's do."""

    def __init__(self, slots: dict[str, Slot]) -> None:
        self._slots = slots

    def __getitem__(self, name: str) -> Slot:
        return self._slots.setdefault(name, Slot())


def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[Any]]]:
    """Have Examples serialized without a TensorFlow; what they are made of comes into the list."""
    kept: list[dict[str, list[Any]]] = []
    of = type("Kept", (Example,), {"kept": kept})
    package = SimpleNamespace(example_pb2=SimpleNamespace(Example=of))
    monkeypatch.setitem(sys.modules, "tensorflow.core.example", package)
    return kept
