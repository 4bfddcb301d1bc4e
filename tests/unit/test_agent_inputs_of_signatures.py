"""What is made for inputs of which the signature tells little."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import input_values, inputs
from pytest_tfroundtrip.agent.input_specs import SPARSE, Spec


def spec(name: str, dtype: str, shape: tuple[int | None, ...] | None) -> Any:
    return Spec(
        name=name,
        dtype=dtype,
        shape=shape,
        kind=None,
        strings=(),
        bound=None,
        words=(),
        features=None,
        splits=(),
        wrapped=False,
    )


def sparse(first: int) -> list[Any]:
    """The three inputs that a flattened sparse tensor becomes, counted on from ``first``."""
    names = ["inputs" if each == 0 else f"inputs_{each}" for each in range(first, first + 3)]
    return [
        spec(names[0], "int64", (None, 2)),
        spec(names[1], "float32", (None,)),
        spec(names[2], "int64", (2,)),
    ]


def test_the_parts_of_several_sparse_tensors_are_counted_on() -> None:
    flat = [each for first in range(0, 15, 3) for each in sparse(first)]
    found = inputs._flattened(sorted(flat, key=lambda each: str(each.name)), ragged=False)
    assert found == [
        (tuple(each.name for each in sparse(first)), SPARSE) for first in range(0, 15, 3)
    ]


def test_sparse_parts_fit_each_other_in_every_choice() -> None:
    specs = sparse(0) + sparse(3)
    choices = list(islice(inputs._choices(specs), inputs.MOST))
    assert {choice.size for choice in choices} >= {1, 8}
    for choice in choices:
        made: dict[str, Any] = {}
        random = np.random.RandomState(0)
        for each in specs:
            made.update(input_values.made_of(each, choice, random))
        for names, kind in inputs._flattened(specs, choice.ragged):
            indices, values, dims = inputs._parts_of(kind, names, made, choice)
            assert len(indices.value) == len(values.value)
            assert (indices.value < dims.value).all()


@pytest.mark.parametrize("form", [(), (None,), (None, None), (None, None, None, 3)])
def test_every_form_of_an_open_rank_is_tried(form: tuple[int | None, ...]) -> None:
    choices = islice(inputs._choices([spec("delta", "float32", None)]), inputs.MOST)
    assert form in {choice.shape for choice in choices}
