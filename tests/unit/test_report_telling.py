"""Which failures tell the same, and what is said of those that do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_row, broken, loaded

from pytest_tfroundtrip.report.telling import references, telling_of
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.report.rows import Row

FIRST = broken(stage=Stage.LOAD)
POINTER = "{} is a Git LFS pointer, and the graph restores {} variables."


def referred(*rows: Row) -> list[str | None]:
    """What stands in the place of each; None where it is told."""
    tellings = [telling_of(row) for row in rows]
    return [
        None if reference is None else reference.text(telling, 80)
        for telling, reference in zip(tellings, references(tellings), strict=True)
    ]


def test_a_cause_is_told_once_for_every_model_and_message() -> None:
    other = broken(model="Other", message="in another wording", nodeids=("test_b.py::test",))
    assert referred(FIRST, other, FIRST) == [
        None,
        "refused [disable-copy-on-read]: as told with test_a.py::test",
        "refused while loading [disable-copy-on-read]: as told with test_a.py::test",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"cause": "debug-name-attr"},
        {"verdict": Verdict.CRASHED},
        {"why": "It is something quite different that is said here."},
        {"note": "it was expected to load"},
        {"remedy": "Save with TensorFlow 2.11 or older. " + "And more besides. " * 20},
    ],
)
def test_what_differs_by_more_than_names_is_told(other: dict[str, Any]) -> None:
    assert referred(FIRST, broken(stage=Stage.LOAD, **other)) == [None, None]


def test_what_is_told_whole_is_referred_to_by_its_own_kind() -> None:
    noted = broken(note="it was expected to load", nodeids=("test_b.py::test",))
    third = referred(FIRST, noted, broken(note=noted.note))[2]
    assert third is not None
    assert third.endswith("test_b.py::test")


def test_of_many_that_are_unlike_the_same_words_are_still_found() -> None:
    """Words that are near are looked for among the first few: it is a search of each in each."""
    unlike = [
        broken(why=" ".join(f"{word}{number}" for word in "abcdefgh")) for number in range(99)
    ]
    seen = referred(*unlike, unlike[98], replace(unlike[98], why=f"{unlike[98].why} x"))
    assert seen[:99] == [None] * 99
    assert seen[99] is not None
    assert seen[100] is None


def test_names_and_numbers_that_differ_are_said() -> None:
    one = broken(why="The op Odd, of the graph, is not there.")
    two = broken(why="The op Even, of the graph, is not there.")
    assert str(referred(one, two)[1]).splitlines()[1:] == ["  here: Even (there Odd)"]
    pointers = [
        broken(why=POINTER.format(f"/models/{'long/' * 10}{name}", count))
        for name, count in (("a", 3), ("b", 21))
    ]
    assert str(referred(*pointers)[1]).split("here: ")[1].split() == [
        f"/models/{'long/' * 10}b;",
        "21",
        "variables",
    ]


def test_the_first_of_those_that_differ_little_is_the_one() -> None:
    whys = [f"The op {name} is not there." for name in ("A", "B", "B")]
    rows = [broken(why=why, nodeids=(f"t.py::{n}",)) for n, why in enumerate(whys)]
    assert [text and "t.py::0" in text for text in referred(*rows)] == [None, True, True]


def test_without_a_cause_it_is_the_same_message_of_one_model() -> None:
    unknown: dict[str, Any] = {"cause": None, "why": None, "remedy": None}
    one = broken(**unknown, message="function __f_50 of 0x7f1 failed")
    two = broken(**unknown, message="function __f_47 of 0x7f1 failed")
    assert referred(one, two) == [
        None,
        "refused: as told with test_a.py::test\n  here: __f_47 (there __f_50)",
    ]
    assert referred(one, broken(**unknown, message="another")) == [None, None]
    assert referred(one, broken(**{**unknown, "model": "B"}, message=one.message)) == [None, None]


def test_how_far_values_are_off_is_each_cells_own() -> None:
    one, two = (
        a_row(
            verdict=Verdict.DIFFERS,
            message="output 'y': 2 of 2 elements differ\n  and a table",
            max_abs_error=error,
        )
        for error in (0.5, 0.25)
    )
    assert referred(one, one)[1] == "differs: as told with test_a.py::test"
    assert str(referred(one, two)[1]).splitlines()[1:] == [
        "  here: output 'y': 2 of 2 elements differ, max abs error 0.25"
    ]


def test_a_runtime_that_cannot_be_had_is_told_once_whatever_wanted_it() -> None:
    one = a_row(verdict=Verdict.ENV_ERROR, message="no interpreter\n" * 9)
    two = a_row(verdict=Verdict.ENV_ERROR, message=one.message, model="Other", load="tf2_load")
    three = a_row(verdict=Verdict.ENV_ERROR, message="another")
    assert referred(one, two, three) == [
        None,
        "env_error (this says nothing of the model): as told with test_a.py::test",
        None,
    ]


def test_a_folders_cell_goes_by_its_own_id() -> None:
    """Its node id is in no heading of pytest's, and -k takes the cell's."""
    row = loaded("m", "tf1_load", "1.15", refused=True, id="m-to-tf1_load_1.15-inference")
    assert str(referred(row, row)[1]).endswith("as told with m-to-tf1_load_1.15-inference")
