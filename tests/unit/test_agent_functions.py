"""How a function of a restored object is called, and what it gave is named."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_tfroundtrip.agent import functions

TEMPLATES: dict[str, Any] = {
    "positional": [
        {"dict": {"ids": {"tensor": "ids"}, "more": {"list": [{"tensor": "a"}, {"value": None}]}}},
        {"value": False},
    ],
    "keywords": {"how": {"value": "mean"}, "pair": {"tuple": [{"tensor": "a"}, {"value": 1}]}},
}


def test_tensors_are_put_where_they_belong_and_plain_values_among_them() -> None:
    seen: list[Any] = []

    def function(*positional: Any, **keywords: Any) -> str:
        seen.extend((positional, keywords))
        return "y"

    assert functions.callable_as(function, TEMPLATES)(ids="i", a="A") == {"output_0": "y"}
    assert seen == [
        ({"ids": "i", "more": ["A", None]}, False),
        {"how": "mean", "pair": ("A", 1)},
    ]


@pytest.mark.parametrize(
    ("template", "some"),
    [
        (TEMPLATES["positional"][0], True),
        (TEMPLATES["positional"][1], False),
        (TEMPLATES["keywords"]["pair"], True),
        ({"list": []}, False),
        ({"dict": {}}, False),
    ],
)
def test_whether_an_argument_takes_tensors(template: dict[str, Any], *, some: bool) -> None:
    assert functions.has_tensors(template) is some


@pytest.mark.parametrize(
    ("outputs", "named"),
    [
        ("y", {"output_0": "y"}),
        (["y", "z"], {"output_0": "y", "output_1": "z"}),
        ({"b": "y", "a": "z"}, {"a": "z", "b": "y"}),
        ({"a": ["y", {"b": "z"}]}, {"a.0": "y", "a.1.b": "z"}),
        ((["y"],), {"output_0.0": "y"}),
        ({"a": None, "b": "y"}, {"b": "y"}),
        (None, {}),
        ([], {}),
    ],
)
def test_what_it_gave_is_named_by_where_it_stands(outputs: Any, named: dict[str, Any]) -> None:
    assert functions.named(outputs) == named
