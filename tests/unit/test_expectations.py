from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from known_cells import known_cell

from pytest_tfroundtrip.expectations import (
    Expectation,
    Outcome,
    expectation,
    known_unsaved,
    met,
    settle,
)
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Expect, Operation, Promise, Stage, Verdict

COPY_ON_READ = "Op type not registered 'DisableCopyOnRead' in binary running on host."
DEBUG_NAME = "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp; signature= -> r"
NO_KERAS = "load_model returned a _UserObject, which is no Keras Model: it has no predict."

# ---- By hand, from the documents and from what was measured -------------------------------------
#
# same     promised, and it works
# open     no word on it: anything may be seen
# denied   the documents say that it is not supported
# unsaved  Keras 3 has written nothing that could be loaded
# others   the documents promise it (or have no word on it: in brackets) and TensorFlow refuses it:
#   name       the attribute debug_name           copy   the op DisableCopyOnRead
#   name+copy  whichever is met first             keras3 Keras 3 loads no SavedModel
#   ref        a reference variable has no value  json   Keras' metadata is elsewhere
# In denied!name, denied!copy the reader stumbles before it comes to say what is not supported.

COLUMNS = [
    f"{loader}@{release}"
    for loader in ("tf1_load", "tf2_load", "keras_load")
    for release in ("1.15", "2.15", "2.21")
]

#                       tf1_load              tf2_load              keras_load
#                       1.15      2.15  2.21  1.15      2.15  2.21  1.15        2.15   2.21
WITH_VARIABLES = """
builder@1.15            same      same  same  same      same  same  denied      denied denied
simple_save@1.15        same      same  same  same      same  same  denied      denied denied
estimator@1.15          same      same  same  ref       same  same  denied      denied denied
tf_module@1.15          same      same  same  same      same  same  denied      denied denied
keras@1.15              same      same  same  same      same  same  open        same   keras3
builder@2.15            name      same  same  name      same  same  denied!name denied denied
simple_save@2.15        name      same  same  name      same  same  denied!name denied denied
estimator@2.15          name      same  same  name      same  same  denied!name denied denied
tf_module@2.15          name+copy same  same  copy      same  same  denied!copy denied denied
keras@2.15              name+copy same  same  copy      same  same  (copy)      same   keras3
builder@2.21            name      open  same  name      open  same  denied!name denied denied
simple_save@2.21        name      open  same  name      open  same  denied!name denied denied
tf_module@2.21          name+copy open  same  copy      open  same  denied!copy denied denied
keras@2.21              unsaved unsaved unsaved unsaved unsaved unsaved unsaved unsaved unsaved
"""

WITHOUT_VARIABLES = """
builder@1.15            same      same  same  same      same  same  denied      denied denied
simple_save@1.15        same      same  same  same      same  same  denied      denied denied
estimator@1.15          same      same  same  same      same  same  denied      denied denied
tf_module@1.15          same      same  same  same      same  same  denied      denied denied
keras@1.15              same      same  same  same      same  same  open        same   keras3
builder@2.15            same      same  same  same      same  same  denied      denied denied
simple_save@2.15        same      same  same  same      same  same  denied      denied denied
estimator@2.15          name      same  same  name      same  same  denied!name denied denied
tf_module@2.15          same      same  same  same      same  same  denied      denied denied
keras@2.15              same      same  same  same      same  same  (json)      same   keras3
builder@2.21            same      open  same  same      open  same  denied      denied denied
simple_save@2.21        same      open  same  same      open  same  denied      denied denied
tf_module@2.21          same      open  same  same      open  same  denied      denied denied
keras@2.21              unsaved unsaved unsaved unsaved unsaved unsaved unsaved unsaved unsaved
"""

CAUSES = {
    "name": {"debug-name-attr"},
    "copy": {"disable-copy-on-read"},
    "name+copy": {"debug-name-attr", "disable-copy-on-read"},
    "ref": {"uninitialized-ref-in-graph-mode"},
    "json": {"keras-metadata-json"},
    "keras3": {"keras3-loads-no-savedmodel"},
}


def _rows() -> list[tuple[str, bool, str]]:
    rows = []
    for table, variables in ((WITH_VARIABLES, True), (WITHOUT_VARIABLES, False)):
        for line in table.strip().splitlines():
            saved, *words = line.split()
            assert len(words) == len(COLUMNS), line
            rows += [
                (f"{saved} -> {loaded}", variables, word)
                for loaded, word in zip(COLUMNS, words, strict=True)
            ]
    return rows


@pytest.mark.parametrize(("spelling", "variables", "word"), _rows())
def test_the_default_matrix(spelling: str, variables: bool, word: str) -> None:
    cell = known_cell(spelling, variables=variables)
    assert (known_unsaved(cell) is not None) is (word == "unsaved")
    if word == "unsaved":
        return
    expected = expectation(cell, Expect.DOCUMENTS)
    told = {cause.id for cause in expected.causes}
    if word == "same":
        assert (expected.promise, expected.verdict) == (Promise.PROMISED, Verdict.SAME)
        assert not expected.strict
    elif word == "open":
        assert (expected.promise, expected.verdict) == (Promise.UNPROMISED, None)
        assert not expected.strict
    elif word.startswith("denied"):
        _, _, cause = word.partition("!")
        assert (expected.promise, expected.verdict) == (Promise.UNSUPPORTED, Verdict.REFUSED)
        assert told == CAUSES.get(cause, set())
        assert expected.strict
        assert not expected.contradiction_if_met
    else:
        unpromised = word.startswith("(")
        assert expected.promise is (Promise.UNPROMISED if unpromised else Promise.PROMISED)
        assert told == CAUSES[word.strip("()")]
        assert expected.verdict is Verdict.REFUSED
        assert expected.strict
        assert expected.contradiction_if_met is not unpromised


@pytest.mark.parametrize(
    ("spelling", "promise", "known"),
    [
        ("builder@1.15", Promise.PROMISED, None),
        ("simple_save@2.15", Promise.PROMISED, None),
        ("estimator@2.15", Promise.PROMISED, None),
        ("tf_module@1.15", Promise.PROMISED, None),
        ("tf_module@2.21", Promise.PROMISED, None),
        ("keras@1.15", Promise.UNPROMISED, None),
        ("keras@2.15", Promise.PROMISED, None),
        ("keras@2.21", Promise.PROMISED, "keras3-saves-no-savedmodel"),
        ("keras@2.21+tf_keras", Promise.PROMISED, None),
    ],
)
def test_creations(spelling: str, promise: Promise, known: str | None) -> None:
    cell = known_cell(spelling)
    expected = expectation(cell, Expect.DOCUMENTS)
    assert expected.promise is promise
    assert [cause.id for cause in expected.causes] == ([known] if known else [])
    assert expected.contradiction_if_met is (known is not None)
    assert known_unsaved(cell) is None


# ---- What pytest says of it --------------------------------------------------------------------


def _refused(message: str) -> Observation:
    return Observation(Verdict.REFUSED, Stage.LOAD, message=message)


SAME = Observation(Verdict.SAME)
DRIFT = Observation(Verdict.DRIFT, Stage.COMPARE, message="output 'y' became 'z'")

PROMISED = "builder@1.15 -> tf1_load@2.21"
OPEN = "builder@2.21 -> tf1_load@2.15"
DENIED = "tf_module@2.15 -> keras_load@2.15"
BROKEN = "tf_module@2.15 -> tf2_load@1.15"
MASKED = "tf_module@2.15 -> tf1_load@1.15"
BROKEN_OPEN = "tf_module@2.15 -> tf2_load@2.8"

Row = tuple[str, Observation, Outcome, bool]


@pytest.mark.parametrize(
    ("spelling", "observation", "outcome", "contradiction"),
    [
        (PROMISED, SAME, "passed", False),
        (PROMISED, DRIFT, "failed", False),
        (PROMISED, _refused(COPY_ON_READ), "failed", False),
        (PROMISED, Observation(Verdict.CRASHED), "failed", False),
        (OPEN, SAME, "passed", False),
        (OPEN, DRIFT, "xfailed", False),
        (OPEN, Observation(Verdict.TIMEOUT), "xfailed", False),
        (DENIED, _refused(NO_KERAS), "xfailed", False),
        (DENIED, SAME, "failed", False),
        (DENIED, _refused("another wording"), "failed", False),
        (DENIED, Observation(Verdict.DIFFERS, message=NO_KERAS), "failed", False),
        (BROKEN, _refused(COPY_ON_READ), "xfailed", True),
        (BROKEN, _refused(DEBUG_NAME), "failed", False),
        (BROKEN, SAME, "failed", False),
        (BROKEN, Observation(Verdict.CRASHED, message=COPY_ON_READ), "failed", False),
        (MASKED, _refused(DEBUG_NAME), "xfailed", True),
        (MASKED, _refused(COPY_ON_READ), "xfailed", True),
        (BROKEN_OPEN, _refused(COPY_ON_READ), "xfailed", False),
        (BROKEN_OPEN, SAME, "failed", False),
    ],
)
def test_outcomes_against_the_documents(
    spelling: str,
    observation: Observation,
    outcome: Outcome,
    contradiction: bool,
) -> None:
    settled = settle(expectation(known_cell(spelling), Expect.DOCUMENTS), observation)
    assert (settled.outcome, settled.contradiction) == (outcome, contradiction)


@pytest.mark.parametrize(
    ("spelling", "observation", "outcome"),
    [
        (PROMISED, SAME, "passed"),
        (PROMISED, DRIFT, "failed"),
        (OPEN, SAME, "passed"),
        (OPEN, DRIFT, "failed"),
        (BROKEN, _refused(COPY_ON_READ), "failed"),
        (BROKEN, SAME, "passed"),
        (BROKEN_OPEN, _refused(COPY_ON_READ), "failed"),
        (DENIED, _refused(NO_KERAS), "xfailed"),
        (DENIED, SAME, "failed"),
        ("keras@2.21", _refused("The `save_format` argument is deprecated in Keras 3."), "failed"),
    ],
)
def test_outcomes_of_a_round_trip(
    spelling: str, observation: Observation, outcome: Outcome
) -> None:
    settled = settle(expectation(known_cell(spelling), Expect.ROUND_TRIP), observation)
    assert settled.outcome == outcome
    assert not settled.contradiction


@pytest.mark.parametrize("expect", list(Expect))
@pytest.mark.parametrize("spelling", [PROMISED, OPEN, DENIED, BROKEN])
def test_a_runtime_that_could_not_be_had_is_an_error(expect: Expect, spelling: str) -> None:
    observation = Observation(Verdict.ENV_ERROR, Stage.ENV, message="no interpreter")
    assert settle(expectation(known_cell(spelling), expect), observation).outcome == "error"


@pytest.mark.parametrize("spelling", [PROMISED, OPEN, DENIED, BROKEN])
def test_a_failed_save_is_never_green(spelling: str) -> None:
    expected = expectation(known_cell(spelling), Expect.DOCUMENTS)
    observation = Observation(Verdict.UNSAVED, Stage.SAVE, message=COPY_ON_READ)
    assert settle(expected, observation).outcome == "error"
    maker = known_cell("builder@1.15")
    skipped = settle(expected, observation, maker=maker)
    assert skipped.outcome == "skipped"
    assert skipped.message.endswith(f"see {maker.id}")


def test_an_entry_out_of_date_is_named() -> None:
    expected = expectation(known_cell(BROKEN), Expect.DOCUMENTS)
    assert "disable-copy-on-read (causes.toml)" in settle(expected, SAME).message
    assert "it was same" in settle(expected, SAME).message
    assert "its message was another one" in settle(expected, _refused("other")).message
    denied = expectation(known_cell(DENIED), Expect.DOCUMENTS)
    assert "promises.toml" in settle(denied, SAME).message


def test_of_somebodys_folder_any_message_of_what_is_excluded_will_do() -> None:
    """What the entries were written for are models of ours; somebody's may use a newer op, too."""
    place = Path("m")
    folder = Folder("m", place, place, ("serve",), None, True, "2.15.1", ("tf_module",))  # noqa: FBT003
    cell = known_cell(DENIED)
    theirs = replace(cell, save=replace(cell.save, model=folder))
    expected = expectation(theirs, Expect.DOCUMENTS)
    assert expected.strict
    assert settle(expected, _refused("Op type not registered 'New'")).outcome == "xfailed"
    assert settle(expected, Observation(Verdict.CRASHED, Stage.LOAD)).outcome == "failed"
    assert settle(expected, SAME).outcome == "failed"
    own = expectation(cell, Expect.DOCUMENTS)
    assert settle(own, _refused("Op type not registered 'New'")).outcome == "failed"


def test_a_broken_promise_fails_with_its_sentence_at_hand() -> None:
    expected = expectation(known_cell(PROMISED), Expect.DOCUMENTS)
    assert settle(expected, DRIFT).outcome == "failed"
    assert expected.entry is not None
    assert expected.entry.document == "Migrate the SavedModel workflow"


def test_the_reason_of_a_contradiction_names_both_sides() -> None:
    reason = expectation(known_cell(BROKEN), Expect.DOCUMENTS).reason
    assert reason.startswith("disable-copy-on-read: ")
    assert "as long as it was saved with signatures" in reason


def test_what_comes_as_expected_needs_no_message() -> None:
    for spelling, observation in ((PROMISED, SAME), (BROKEN, _refused(COPY_ON_READ))):
        expected = expectation(known_cell(spelling), Expect.DOCUMENTS)
        assert settle(expected, observation).message == ""


def test_what_tensorflow_does_though_it_is_denied_passes_as_a_contradiction() -> None:
    entry = expectation(known_cell(DENIED), Expect.DOCUMENTS).entry
    expected = Expectation(Promise.UNSUPPORTED, entry, contradiction_if_met=True)
    worked, failed = settle(expected, SAME), settle(expected, _refused(NO_KERAS))
    assert (worked.outcome, worked.contradiction) == ("passed", True)
    assert failed.outcome == "failed"
    assert "take it out of the entry's does_work" in failed.message


@pytest.mark.parametrize("expect", list(Expect))
def test_a_denied_cell_of_a_model_that_says_nothing_takes_either_wording(expect: Expect) -> None:
    cell = known_cell("tf_module@2.15 -> keras_load@2.8", variables=None)
    expected = expectation(cell, expect)
    assert met(expected, _refused(NO_KERAS))
    assert met(expected, _refused(COPY_ON_READ))
    assert not met(expected, _refused("something else"))


@pytest.mark.parametrize(
    ("observation", "as_expected"),
    [
        (
            _refused(
                "Could not find matching function to call loaded from the SavedModel. Got: "
                "shape=(None, 1) Expected TensorSpec(shape=(None,), dtype"
            ),
            True,
        ),
        (Observation(Verdict.DRIFT, Stage.COMPARE, message="input 'x' became 'input_1'"), True),
        (Observation(Verdict.DRIFT, Stage.COMPARE, message="input 'x' became 'z'"), False),
        (_refused("input 'x' became 'input_1'"), False),
        (SAME, False),
    ],
)
def test_of_several_causes_each_has_its_own_verdict(
    observation: Observation,
    as_expected: bool,
) -> None:
    expected = expectation(known_cell("keras@2.0 -> keras_load@2.1"), Expect.DOCUMENTS)
    assert met(expected, observation) is as_expected


def test_loads_of_what_keras_3_refuses_to_save_are_known_at_collection() -> None:
    cause = known_unsaved(known_cell("keras@2.21 -> tf2_load@2.15"))
    assert cause is not None
    assert cause.id == "keras3-saves-no-savedmodel"
    assert known_unsaved(known_cell("keras@2.21+tf_keras -> tf2_load@2.15")) is None


def test_what_is_made_of_a_save_that_is_known_to_be_refused_is_a_row_only() -> None:
    refused = known_cell("keras@2.21 -> tf2_load@2.15")
    resave = replace(refused, operation=Operation.RESAVE)
    assert known_unsaved(resave) is known_unsaved(refused) is not None
    made = resave.makes
    assert made is not None
    assert known_unsaved(replace(refused, save=made)) is not None


def test_the_documents_have_no_word_on_what_is_saved_again() -> None:
    cell = known_cell("tf_module@2.15 -> tf2_load@2.21")
    assert expectation(cell, Expect.DOCUMENTS).promise is Promise.PROMISED
    resave = replace(cell, operation=Operation.RESAVE)
    assert resave.makes is not None
    for ours in (resave, replace(cell, save=resave.makes)):
        assert expectation(ours, Expect.DOCUMENTS).verdict is None
        assert expectation(ours, Expect.ROUND_TRIP).verdict is Verdict.SAME


def test_what_lost_something_on_the_way_is_there_to_be_read() -> None:
    resave = replace(known_cell("builder.ref@2.15 -> tf2_load@2.21"), operation=Operation.RESAVE)
    assert expectation(resave, Expect.DOCUMENTS).verdict is Verdict.DIFFERS
    assert resave.makes is not None
    assert (
        known_unsaved(replace(known_cell("builder.ref@2.15 -> c_api@2.21"), save=resave.makes))
        is None
    )
