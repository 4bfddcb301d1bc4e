"""The words between this project and ``saved_model_cli``."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import command_line, wire


@pytest.mark.parametrize(
    "value",
    [
        np.float32(0.1),
        np.array([[1.5, -0.0]], np.float64),
        np.array([], np.float32),
        np.array([-(2**63), 2**63 - 1], np.int64),
        np.array([True, False]),
        np.array([1 + 2j], np.complex128),
        [[b"a\0", b"\xff'\"", b"nan or infinite"]],
    ],
)
def test_a_literal_says_all_of_a_value(value: Any) -> None:
    tensor = wire.tensor(value)
    literal = command_line.literal(tensor)
    assert literal is not None
    back = np.array(ast.literal_eval(literal), tensor.value.dtype)
    assert back.shape == tensor.value.shape
    assert back.tolist() == tensor.value.tolist()


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((0, 3), np.float32),  # the shape would be lost
        np.float32("nan"),
        np.array([1, -np.inf], np.float32),
        [b"a;b"],  # the tool splits here
    ],
)
def test_what_no_literal_says_has_none(value: Any) -> None:
    assert command_line.literal(wire.tensor(value)) is None


def test_the_exception_at_the_end_is_found_with_all_its_lines() -> None:
    told = (
        "2024 I tensorflow: noise\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in <module>\n    one()\n'
        "KeyError: 'first'\n\nDuring handling of the above exception, another one:\n\n"
        "Traceback (most recent call last):\n"
        '  File "b.py", line 2, in main\n    two()\n    ^^^^^\n'
        "RuntimeError: MetaGraphDef not found.\n  Available tags: serve\n"
    )
    expected = "RuntimeError: MetaGraphDef not found.\n  Available tags: serve"
    assert command_line.last_error(told) == expected


def test_without_an_exception_it_is_what_was_said_last() -> None:
    assert command_line.last_error("usage: saved_model_cli\nerror: too few\n").endswith("too few")
    assert command_line.last_error("\n") == "it printed nothing"
