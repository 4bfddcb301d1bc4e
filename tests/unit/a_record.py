"""A record as :func:`read_record` gives it, of a model with a number and a string for outputs."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_tfroundtrip.agent.wire import Tensor
from pytest_tfroundtrip.judge import Example, Record, Variables
from pytest_tfroundtrip.judge.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACT: dict[str, Any] = {
    "tags": ["serve"],
    "signatures": {
        "serving_default": {
            "method_name": "tensorflow/serving/predict",
            "inputs": {"x": {"dtype": "float32", "shape": [None, 3]}},
            "outputs": {
                "y": {"dtype": "float32", "shape": [None, 1]},
                "label": {"dtype": "string", "shape": [None]},
            },
        }
    },
}
SIGNATURE = CONTRACT["signatures"]["serving_default"]


def floats(*values: float, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, np.array([[value] for value in values], dtype=dtype))


def strings(*values: bytes) -> Tensor:
    return Tensor("string", np.array(values, dtype=object))


INPUTS = {"x": Tensor("float32", np.zeros((2, 3), dtype="float32"))}
OUTPUTS = {"y": floats(1.5, -2.0), "label": strings(b"a", b"b")}
VARIABLES = Variables("name", ("w",), {"w": floats(0.1, 0.2, 0.3)})


def a_record(**changes: Any) -> Record:
    record = Record(
        (Example(INPUTS, OUTPUTS), Example(INPUTS, OUTPUTS)),
        Contract.parse(CONTRACT),
        "serving_default",
        VARIABLES,
        callable=False,
    )
    return replace(record, **changes)


def a_contract(change: Callable[[dict[str, Any]], None]) -> Contract | None:
    raw = deepcopy(CONTRACT)
    change(raw)
    return Contract.parse(raw)
