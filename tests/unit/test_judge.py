from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from a_record import (
    CONTRACT,
    INPUTS,
    OUTPUTS,
    SIGNATURE,
    VARIABLES,
    a_contract,
    a_record,
    floats,
    strings,
)

from pytest_tfroundtrip.agent.wire import Tensor
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.judge import (
    Example,
    Judgement,
    Observed,
    Record,
    Variables,
    judge_creation,
    judge_inference,
    judge_resave,
)
from pytest_tfroundtrip.judge.contract import Contract
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TF1_LOAD, TF2_LOAD = apis().loaders["tf1_load"], apis().loaders["tf2_load"]
KERAS_LOAD = apis().loaders["keras_load"]


def an_observation(*, call: str = "signature", **changes: Any) -> Observed:
    observed = Observed(
        (call,), ({call: OUTPUTS}, {call: OUTPUTS}), Contract.parse(CONTRACT), VARIABLES
    )
    return replace(observed, **changes)


def giving(**outputs: Tensor | None) -> Observed:
    """An observation whose second example gave other outputs (None: did not give it)."""
    changed = {**OUTPUTS, **outputs}
    kept = {name: tensor for name, tensor in changed.items() if tensor is not None}
    return an_observation(outputs=({"signature": OUTPUTS}, {"signature": kept}))


def everywhere(**outputs: Tensor | None) -> Observed:
    """As :func:`giving`, in both examples."""
    given = giving(**outputs).outputs[1]
    return an_observation(outputs=(given, given))


def with_contract(change: Callable[[dict[str, Any]], object]) -> Observed:
    raw = deepcopy(CONTRACT)
    change(raw)
    return an_observation(contract=Contract.parse(raw))


def judge(observed: Observed, record: Record | None = None, api: Any = TF1_LOAD) -> Judgement:
    return judge_inference(record or a_record(), observed, api, Tolerances())


def test_what_came_back_unchanged_is_same() -> None:
    assert judge(an_observation()) == Judgement(Verdict.SAME, "", 0.0, 0.0, ())


# Values


@pytest.mark.parametrize("error", [1e-3, -1e-3, 1.0])
def test_one_changed_number_differs(error: float) -> None:
    judgement = judge(giving(y=floats(1.5, -2.0 + error)))
    assert judgement.verdict is Verdict.DIFFERS
    assert judgement.max_abs_error == pytest.approx(abs(error), rel=1e-3)
    first = judgement.message.splitlines()[0]
    assert first == "call 'signature', example 1, output 'y': 1 of 2 elements differs"
    assert "worst at [1, 0]" in judgement.message


def test_asked_tolerances_can_allow_it() -> None:
    observed = giving(y=floats(1.5, -2.001))
    judgement = judge_inference(a_record(), observed, TF1_LOAD, Tolerances(atol=0.01))
    assert judgement.verdict is Verdict.SAME
    assert judgement.max_abs_error == pytest.approx(0.001, rel=1e-3)


def test_one_changed_string_differs() -> None:
    judgement = judge(giving(label=strings(b"a", b"B")))
    assert judgement.verdict is Verdict.DIFFERS
    assert "b'b'" in judgement.message
    assert "b'B'" in judgement.message


def test_every_call_is_judged() -> None:
    wrong = {**OUTPUTS, "y": floats(1.5, 2.0)}
    calls = {"signature": OUTPUTS, "call": wrong}
    judgement = judge(an_observation(calls=("signature", "call"), outputs=(calls, calls)))
    assert judgement.verdict is Verdict.DIFFERS
    assert "call 'call', example 0, output 'y'" in judgement.message


def test_a_missing_output_differs() -> None:
    judgement = judge(giving(y=None))
    assert judgement.verdict is Verdict.DIFFERS
    assert "example 1, output 'y' is missing" in judgement.message


def test_another_shape_differs_even_where_it_would_broadcast() -> None:
    judgement = judge(giving(y=Tensor("float32", np.array([1.5, -2.0], dtype="float32"))))
    assert judgement.verdict is Verdict.DIFFERS
    assert "saved was float32 of shape [2, 1]" in judgement.message
    assert "loaded float32 of shape [2]" in judgement.message


def test_another_dtype_with_equal_values_is_drift() -> None:
    judgement = judge(everywhere(y=floats(1.5, -2.0, dtype="float64")))
    assert judgement.verdict is Verdict.DRIFT
    assert judgement.message == (
        "call 'signature': output 'y' was float32 and is float64, its values are equal"
    )


def test_another_dtype_with_other_values_differs() -> None:
    assert judge(everywhere(y=floats(1.5, -2.5, dtype="float64"))).verdict is Verdict.DIFFERS


def test_a_renamed_output_with_equal_values_is_drift_and_told() -> None:
    judgement = judge(everywhere(y=None, output_0=OUTPUTS["y"]))
    assert judgement.verdict is Verdict.DRIFT
    assert "output 'y' became 'output_0'" in judgement.message


def test_a_renamed_output_with_other_values_differs() -> None:
    judgement = judge(everywhere(y=None, output_0=floats(1.5, 2.0)))
    assert judgement.verdict is Verdict.DIFFERS
    assert "'y' is missing; there is 'output_0', with other values" in " ".join(
        judgement.message.split()
    )


def test_two_outputs_that_changed_places_differ() -> None:
    outputs = {"a": floats(1.0), "b": floats(2.0)}
    record = a_record(examples=(Example(INPUTS, outputs),), contract=None, variables=None)
    swapped = {"signature": {"a": outputs["b"], "b": outputs["a"]}}
    judgement = judge(an_observation(outputs=(swapped,), variables=None), record)
    assert judgement.verdict is Verdict.DIFFERS


def test_a_new_output_is_drift() -> None:
    judgement = judge(everywhere(more=floats(1.0)))
    assert judgement.verdict is Verdict.DRIFT
    assert "new outputs: 'more'" in judgement.message


# Structure


def test_nothing_recorded_is_not_same() -> None:
    empty = a_record(examples=(Example(INPUTS, {}),))
    assert judge(an_observation(outputs=()), empty).verdict is Verdict.DIFFERS
    assert judge_creation(empty, Tolerances()).verdict is Verdict.DIFFERS
    none = a_record(examples=())
    assert judge(an_observation(outputs=()), none).verdict is Verdict.DIFFERS


def test_nothing_called_is_not_same() -> None:
    judgement = judge(an_observation(calls=(), outputs=()))
    assert judgement.verdict is Verdict.DIFFERS
    assert "not called" in judgement.message


@pytest.mark.parametrize("outputs", [({"signature": OUTPUTS},), ({"signature": OUTPUTS}, {})])
def test_an_example_without_an_answer_differs(
    outputs: tuple[Mapping[str, Mapping[str, Tensor]], ...],
) -> None:
    judgement = judge(an_observation(outputs=outputs))
    assert judgement.verdict is Verdict.DIFFERS
    assert "example 1: gave no outputs" in judgement.message


def test_an_example_that_nobody_recorded_differs() -> None:
    answers = ({"signature": OUTPUTS},) * 3
    assert judge(an_observation(outputs=answers)).verdict is Verdict.DIFFERS


def test_empty_batches_are_same_and_say_that_no_value_was_seen() -> None:
    outputs = {"y": Tensor("float32", np.zeros((0, 1), dtype="float32"))}
    record = a_record(examples=(Example(INPUTS, outputs),), variables=None)
    judgement = judge(an_observation(outputs=({"signature": outputs},)), record)
    assert judgement.verdict is Verdict.SAME
    assert judgement.not_compared == ("values (every output is empty)",)


def test_many_findings_are_cut_and_numbers_come_first() -> None:
    outputs = {f"y{index}": floats(1.0) for index in range(9)}
    wrong = {name: floats(2.0) for name in outputs} | {"new": floats(0.0)}
    record = a_record(examples=(Example(INPUTS, outputs),), variables=None)
    judgement = judge(an_observation(outputs=({"signature": wrong},)), record)
    assert judgement.message.splitlines()[-1] == "... and 5 more findings"
    assert "new outputs" not in judgement.message
    assert max(map(len, judgement.message.splitlines())) <= 80


# Variables


def test_a_changed_variable_differs_by_the_last_bit() -> None:
    values = {"w": floats(0.1, 0.2, float(np.nextafter(np.float32(0.3), np.float32(1))))}
    judgement = judge(an_observation(variables=Variables("name", ("w",), values)))
    assert judgement.verdict is Verdict.DIFFERS
    assert "variable 'w': 1 of 3 elements differs" in judgement.message


def test_a_renamed_variable_is_drift_a_lost_one_differs() -> None:
    renamed = Variables("name", ("v",), {"v": VARIABLES.values["w"]})
    judgement = judge(an_observation(variables=renamed))
    assert judgement.verdict is Verdict.DRIFT
    assert "variable 'w' became 'v'" in judgement.message
    two = Variables("name", ("w", "b"), {**VARIABLES.values, "b": floats(1.0)})
    lost = judge(an_observation(), a_record(variables=two))
    assert lost.verdict is Verdict.DIFFERS
    assert "variable 'b' is missing" in lost.message
    more = judge(an_observation(variables=two))
    assert more.verdict is Verdict.DRIFT
    assert "new variables: 'b'" in more.message


@pytest.mark.parametrize(
    "shown", [None, Variables("name", (), {}), Variables("path", ("w",), VARIABLES.values)]
)
def test_variables_that_cannot_be_seen_are_named_as_not_compared(shown: Variables | None) -> None:
    judgement = judge(an_observation(variables=shown))
    assert judgement.verdict is Verdict.SAME
    assert judgement.not_compared == ("variables",)


def test_a_reference_variable_that_tf2_does_not_show_is_named_as_not_compared() -> None:
    values = {**VARIABLES.values, "step": Tensor("int64", np.array(1))}
    record = a_record(variables=Variables("name", ("w", "step"), values, frozenset({"step"})))
    judgement = judge(an_observation(), record, TF2_LOAD)
    assert judgement.verdict is Verdict.SAME
    assert "variable 'step'" in judgement.not_compared
    assert judge(an_observation(), record, TF1_LOAD).verdict is Verdict.DIFFERS


def test_a_model_without_variables_has_none_to_compare() -> None:
    record = a_record(variables=Variables("path", (), {}))
    assert judge(an_observation(variables=None), record).not_compared == ()


# Contract


def _signature(raw: dict[str, Any]) -> dict[str, Any]:
    signature: dict[str, Any] = raw["signatures"]["serving_default"]
    return signature


CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda raw: raw.update(tags=["serve", "gpu"]), "tags were 'serve' and are 'gpu', 'serve'"),
    (lambda raw: raw.update(tags=[]), "are none"),
    (lambda raw: raw["signatures"].update(extra=SIGNATURE), "signature 'extra' is new"),
    (
        lambda raw: raw["signatures"].update(serve=raw["signatures"].pop("serving_default")),
        "signature 'serving_default' became 'serve'",
    ),
    (lambda raw: raw["signatures"].clear(), "signature 'serving_default' is missing"),
    (lambda raw: _signature(raw).update(method_name="p"), "predict' and is 'p'"),
    (
        lambda raw: _signature(raw)["inputs"].update(a=_signature(raw)["inputs"].pop("x")),
        "input 'x' became 'a'",
    ),
    (lambda raw: _signature(raw)["outputs"].pop("y"), "output 'y' is missing"),
    (
        lambda raw: _signature(raw)["inputs"]["x"].update(dtype="float64"),
        "input 'x' was float32 and is float64",
    ),
    (
        lambda raw: _signature(raw)["outputs"]["y"].update(shape=[]),
        "output 'y' was of rank 2 and is of rank 0",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[said for _, said in CHANGES])
def test_a_changed_contract_is_drift_and_told(
    change: Callable[[dict[str, Any]], object], said: str
) -> None:
    judgement = judge(with_contract(change))
    assert judgement.verdict is Verdict.DRIFT
    assert said in " ".join(judgement.message.split())


def test_other_dimensions_of_the_same_rank_and_another_order_are_no_drift() -> None:
    observed = with_contract(lambda raw: _signature(raw)["outputs"]["y"].update(shape=[2, 1]))
    assert judge(observed).verdict is Verdict.SAME
    reference = with_contract(
        lambda raw: _signature(raw)["outputs"]["y"].update(dtype="float32_ref")
    )
    assert judge(reference).verdict is Verdict.SAME


def test_an_unknown_rank_is_not_compared() -> None:
    def forget(raw: dict[str, Any]) -> None:
        _signature(raw)["outputs"]["y"].update(shape=None)

    judgement = judge(with_contract(forget))
    assert (judgement.verdict, judgement.not_compared) == (Verdict.SAME, ("output_ranks",))


@pytest.mark.parametrize("side", ["saved", "loaded"])
def test_a_dtype_that_nobody_says_is_not_compared(side: str) -> None:
    raw = deepcopy(CONTRACT)
    _signature(raw)["outputs"]["y"].update(dtype=None)
    untold = Contract.parse(raw)
    record = a_record(contract=untold) if side == "saved" else a_record()
    observed = an_observation(contract=untold) if side == "loaded" else an_observation()
    judgement = judge(observed, record)
    assert (judgement.verdict, judgement.not_compared) == (Verdict.SAME, ("output_dtypes",))


def test_an_input_that_took_any_rank_and_no_longer_does_is_drift() -> None:
    raw = deepcopy(CONTRACT)
    _signature(raw)["inputs"]["x"].update(shape=None)
    judgement = judge(an_observation(), a_record(contract=Contract.parse(raw)))
    assert judgement.verdict is Verdict.DRIFT
    assert "was of any rank and is of rank 2" in " ".join(judgement.message.split())


def test_what_the_loader_does_not_show_is_named_not_held_against_it() -> None:
    def hide(raw: dict[str, Any]) -> None:
        raw["tags"] = None
        _signature(raw)["method_name"] = None

    judgement = judge(with_contract(hide), api=TF2_LOAD)
    assert judgement.verdict is Verdict.SAME
    assert judgement.not_compared == ("tags", "method_name")
    keras = judge(with_contract(hide), api=KERAS_LOAD)
    assert keras.not_compared == ("tags", "signature_keys", "method_name")


def test_a_contract_not_shown_at_all_is_named() -> None:
    judgement = judge(an_observation(contract=None))
    assert judgement.verdict is Verdict.SAME
    assert judgement.not_compared == (
        "tags",
        "signature_keys",
        "method_name",
        "inputs",
        "outputs",
    )


def test_a_restored_call_that_was_not_called_is_named() -> None:
    record = a_record(callable=True)
    assert "restored __call__" in judge(an_observation(), record, TF2_LOAD).not_compared
    assert judge(an_observation(), record, TF1_LOAD).not_compared == ()


# Creation


def created(expected: Mapping[str, Tensor] | None, **changes: Any) -> Judgement:
    examples = (Example(INPUTS, OUTPUTS, expected),)
    return judge_creation(a_record(examples=examples, **changes), Tolerances())


def test_a_save_is_same_where_it_computes_what_its_oracle_says() -> None:
    assert created(OUTPUTS) == Judgement(Verdict.SAME, "", 0.0, 0.0, ())
    wide = {**OUTPUTS, "y": floats(1.5, -2.0, dtype="float64")}
    assert created(wide).verdict is Verdict.SAME


def test_a_save_that_computes_otherwise_differs() -> None:
    judgement = created({**OUTPUTS, "y": floats(1.5, -2.001)})
    assert judgement.verdict is Verdict.DIFFERS
    assert "expected  computed" in judgement.message


def test_a_save_without_oracle_says_so() -> None:
    assert created(None).not_compared == ("values (the model has no expected())",)


@pytest.mark.parametrize(
    ("part", "name", "change", "said"),
    [
        ("outputs", "y", {"dtype": "float64"}, "output 'y' is written as float64, computed was"),
        ("outputs", "y", {"shape": [None]}, "written with rank 1, computed was rank 2"),
        ("outputs", "y", None, "output 'y' is missing in what was written"),
        ("inputs", "x", {"dtype": "int32"}, "input 'x' is written as int32, fed was float32"),
    ],
)
def test_a_written_contract_that_does_not_fit_what_was_computed_is_drift(
    part: str, name: str, change: dict[str, Any] | None, said: str
) -> None:
    raw = deepcopy(CONTRACT)
    if change is None:
        del _signature(raw)[part][name]
    else:
        _signature(raw)[part][name].update(change)
    judgement = created(OUTPUTS, contract=Contract.parse(raw))
    assert judgement.verdict is Verdict.DRIFT
    assert said in " ".join(judgement.message.split())


def test_a_save_without_its_signature_is_drift() -> None:
    judgement = created(OUTPUTS, signature="other")
    assert judgement.verdict is Verdict.DRIFT
    assert "there are: 'serving_default'" in " ".join(judgement.message.split())


def test_a_saver_that_gives_names_of_its_own_is_drift_at_creation_and_not_at_loads() -> None:
    """What is loaded is held against what was written: that has the saver's names."""
    raw = {"renamed": {"inputs": {"features": "x"}, "outputs": {"score": "y"}}}
    judgement = created(OUTPUTS, raw=raw)
    assert judgement.verdict is Verdict.DRIFT
    said = " ".join(judgement.message.split())
    assert "input 'features' of the model was written as 'x'" in said
    assert "output 'score' of the model was written as 'y'" in said
    assert judge(an_observation(), a_record(raw=raw)).verdict is Verdict.SAME


# What is saved again


def test_what_is_saved_again_is_held_to_the_first_files_contract() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["signatures"]["serving_default"]["method_name"] = ""

    told = judge_resave(a_record(), a_record(contract=a_contract(change)), Tolerances())
    assert told.verdict is Verdict.DRIFT
    assert "method" in told.message
    same = judge_resave(a_record(), a_record(), Tolerances())
    assert same.verdict is Verdict.SAME
    assert same.not_compared == ("values",)  # nothing was computed


def test_a_variable_that_was_lost_on_the_way_differs_whatever_its_name() -> None:
    old = a_record()
    assert old.variables is not None
    stored = {f"{name}/.ATTRIBUTES": each for name, each in old.variables.values.items()}
    assert judge_resave(old, a_record(resaved=stored), Tolerances()).verdict is Verdict.SAME
    gone, _ = stored.popitem()
    told = judge_resave(old, a_record(resaved=stored), Tolerances())
    assert told.verdict is Verdict.DIFFERS
    assert gone.partition("/")[0] in told.message


# Rounding, and what is set anew by every load


@pytest.mark.parametrize(("error", "told"), [(2e-3, True), (2e-2, False)])
def test_what_the_last_bit_of_the_inputs_explains_differs_and_is_told_as_such(
    error: float, told: bool
) -> None:
    record = a_record(raw={"rounding": {"y": 3e-5}})
    judged = judge(giving(y=floats(1.5 + error, -2.0)), record)
    assert judged.verdict is Verdict.DIFFERS
    assert ("the last bit of the inputs alone moved this output by 3e-05" in judged.message) is told


def test_a_variable_that_each_load_sets_anew_is_not_compared() -> None:
    renewed = replace(VARIABLES, renewed=frozenset({"w"}))
    loaded = replace(VARIABLES, values={"w": floats(7.0, 7.0, 7.0)})
    judged = judge(an_observation(variables=loaded), a_record(variables=renewed))
    assert judged.verdict is Verdict.SAME
    assert "value of variable 'w' (loading sets it anew each time)" in judged.not_compared
