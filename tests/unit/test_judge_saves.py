"""Two saves of one model."""

from __future__ import annotations

from typing import Any

from a_record import INPUTS, OUTPUTS, a_contract, a_record, floats

from pytest_tfroundtrip.agent.wire import Tensor
from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.judge import Example, Judgement, judge_saves
from pytest_tfroundtrip.vocabulary import Verdict


def judged_saves(**changes: Any) -> Judgement:
    return judge_saves(a_record(), a_record(**changes), Tolerances())


def test_two_saves_that_a_reader_cannot_tell_apart_are_the_same() -> None:
    assert judged_saves().verdict is Verdict.SAME


def test_what_a_reader_has_to_know_of_another_save_is_told_whole() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["tags"] = []
        raw["signatures"]["serving_default"]["method_name"] = ""
        raw["signatures"]["more"] = raw["signatures"]["serving_default"]

    told = judged_saves(contract=a_contract(change))
    assert told.verdict is Verdict.DRIFT
    assert "tags were 'serve' and are none" in told.message
    assert "signature 'more' is new" in told.message
    assert "method name was 'tensorflow/serving/predict' and is" in told.message


def test_what_changes_between_saves_has_its_part() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["tags"] = []
        signature = raw["signatures"]["serving_default"]
        signature["method_name"] = ""
        signature["inputs"]["x"] = {"dtype": "float64", "shape": [3]}
        signature["outputs"]["z"] = signature["outputs"].pop("y")
        raw["signatures"]["more"] = signature

    told = judged_saves(contract=a_contract(change))
    assert {str(each.part) for each in told.changes} == {
        *("tags", "signature_key", "method_name", "output", "dtype", "rank"),
    }
    assert {each.sentence for each in told.changes} >= {
        "signature 'serving_default': input 'x' was of rank 2 and is of rank 1",
        "signature 'serving_default': output 'y' became 'z'",
    }


def test_a_signature_under_another_key_is_compared_all_the_same() -> None:
    def change(raw: dict[str, Any]) -> None:
        moved = raw["signatures"].pop("serving_default")
        moved["inputs"] = {"z": moved["inputs"]["x"]}
        raw["signatures"]["default"] = moved

    told = judged_saves(contract=a_contract(change), signature="default")
    assert "signature 'serving_default' became 'default'" in told.message
    assert "signature 'default': input 'x' became 'z'" in told.message
    assert told.not_compared == ()

    def nameless(raw: dict[str, Any]) -> None:
        change(raw)
        del raw["signatures"]["default"]["method_name"]

    told = judged_saves(contract=a_contract(nameless), signature="default")
    assert told.not_compared == ("method_name",)


def test_a_batch_dimension_is_no_other_value() -> None:
    batched = {
        "y": Tensor("float32", OUTPUTS["y"].value.reshape(2, 1, 1)),
        "label": OUTPUTS["label"],
    }
    examples = (Example(INPUTS, batched), Example(INPUTS, batched))
    assert judged_saves(examples=examples).verdict is Verdict.SAME


def test_another_value_is_another_value() -> None:
    examples = (Example(INPUTS, {**OUTPUTS, "y": floats(9.0, -2.0)}), Example(INPUTS, OUTPUTS))
    assert judged_saves(examples=examples).verdict is Verdict.DIFFERS
