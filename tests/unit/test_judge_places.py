"""Rows that changed places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent.wire import Tensor
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.judge import Judgement, Observed, Record, judge_inference
from pytest_tfroundtrip.judge.records import Example
from pytest_tfroundtrip.vocabulary import Verdict


def tensor(value: Any, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, np.asarray(value, dtype=object if dtype == "string" else dtype))


#: A picture with four things in it; of the second and the third nobody knows which is surer.
SCORES = tensor([[0.9, 0.5, 0.5000001, 0.1]])
BOXES = tensor([[[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3], [0, 0, 4, 4]]])
NAMES = tensor([[b"cat", b"dog", b"owl", b"ant"]], "string")
SWAPPED = [0, 2, 1, 3]


def judged(old: dict[str, Tensor], new: dict[str, Tensor]) -> Judgement:
    record = Record((Example({}, old),), None, "serving_default", None, callable=False)
    observed = Observed(("session",), ({"session": new},), None, None)
    return judge_inference(record, observed, apis().loaders["tf1_load"], Tolerances())


def of(scores: Tensor = SCORES, boxes: Tensor = BOXES, names: Tensor = NAMES) -> dict[str, Tensor]:
    return {"scores": scores, "boxes": boxes, "names": names, "count": tensor([4.0])}


def taken(order: list[int], each: Tensor) -> Tensor:
    return each._replace(value=each.value[:, order])


def test_rows_of_equal_score_that_changed_places_are_told_as_such() -> None:
    seen = judged(of(), of(SCORES, taken(SWAPPED, BOXES), taken(SWAPPED, NAMES)))
    assert seen.verdict is Verdict.DIFFERS
    assert " ".join(seen.message.split()) == (
        "call 'session', example 0: 2 rows changed places among those whose 'scores' is the same,"
        " in 'boxes', 'names'; nothing else differs in them"
    )
    assert seen.max_abs_error == pytest.approx(1e-7, abs=1e-7)  # of the scores


def test_rows_along_the_first_axis_are_rows_too() -> None:
    old = {
        name: each._replace(value=each.value[0]) for name, each in of().items() if name != "count"
    }
    new = {**old, "boxes": old["boxes"]._replace(value=old["boxes"].value[SWAPPED])}
    assert "elements differ" in judged(old, new).message  # the names did not go with them
    new["names"] = old["names"]._replace(value=old["names"].value[SWAPPED])
    assert "2 rows changed places" in judged(old, new).message


@pytest.mark.parametrize(
    "new",
    [
        of(boxes=taken(SWAPPED, BOXES)),  # the names stay where they are
        of(taken([3, 1, 2, 0], SCORES), taken([3, 1, 2, 0], BOXES), taken([3, 1, 2, 0], NAMES)),
        of(
            boxes=tensor(BOXES.value + np.reshape([0, 1, 0, 0], [4, 1]))
        ),  # another box, no other place
        of(boxes=tensor(BOXES.value[:, [0, 1, 1, 3]]), names=taken([0, 1, 1, 3], NAMES)),
    ],
)
def test_what_is_no_change_of_places_differs_as_it_does(new: dict[str, Tensor]) -> None:
    seen = judged(of(), new)
    assert seen.verdict is Verdict.DIFFERS
    assert "places" not in seen.message
    assert "differ" in seen.message


def test_an_error_within_the_limit_beside_it_is_none() -> None:
    near = tensor(BOXES.value[:, SWAPPED] + 1e-7)
    assert "2 rows changed places" in judged(of(), of(SCORES, near, taken(SWAPPED, NAMES))).message


def test_another_output_that_differs_is_told_besides() -> None:
    new = of(SCORES, taken(SWAPPED, BOXES), taken(SWAPPED, NAMES)) | {"count": tensor([5.0])}
    seen = judged(of(), new)
    assert "places" not in seen.message
    assert "output 'count'" in seen.message


def test_a_batch_in_another_order_is_no_matter_of_scores() -> None:
    old = {"y": tensor([[1.0, 2.0], [3.0, 4.0]]), "z": tensor([1.0, 2.0])}
    new = {name: each._replace(value=each.value[::-1]) for name, each in old.items()}
    assert "places" not in judged(old, new).message
