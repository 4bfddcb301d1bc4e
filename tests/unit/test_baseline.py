"""What is accepted as broken: entries, their file, the file written anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from a_row import a_row

from pytest_tfroundtrip.baseline import Baseline, Entry, objection, updated
from pytest_tfroundtrip.baseline_file import read, text_of
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 21)
ENTRY = Entry(
    cells=("affine-*_2.21-to-*_1.15-inference",),
    verdict=Verdict.REFUSED,
    cause="debug-name-attr",
    message=None,
    reason="1.15 is gone in spring",
    until=date(2027, 3, 31),
    thread="https://example.org/7",
    where="baseline.toml, entry 1",
)
BY_MESSAGE = replace(ENTRY, cells=("b",), cause=None, message=r"no op '\w+'", until=None, thread="")
REFUSED = Observation(Verdict.REFUSED, message="mentions attr 'debug_name'")


def test_an_entry_speaks_of_cells_by_globs() -> None:
    baseline = Baseline((ENTRY,))
    assert baseline.of("affine-builder_2.21-to-tf1_load_1.15-inference") is ENTRY
    assert baseline.of("affine-builder_2.15-to-tf1_load_1.15-inference") is None
    elsewhere = ["affine-builder_2.15-creation"]
    assert baseline.unused(elsewhere, lambda _: True) == [ENTRY]
    assert baseline.unused(elsewhere, lambda _: False) == []


def test_what_is_broken_as_accepted_is_accepted_to_its_last_day() -> None:
    assert objection(ENTRY, REFUSED, "debug-name-attr", TODAY) is None
    assert objection(ENTRY, REFUSED, "debug-name-attr", date(2027, 3, 31)) is None
    late = objection(ENTRY, REFUSED, "debug-name-attr", date(2027, 4, 1))
    assert late is not None
    assert "held until 2027-03-31" in late


@pytest.mark.parametrize(
    ("seen", "cause", "said"),
    [
        (Observation(Verdict.SAME), None, "it is the same"),
        (REFUSED, "disable-copy-on-read", "it is refused (disable-copy-on-read)"),
        (Observation(Verdict.CRASHED), None, "it is crashed: that is another failure"),
    ],
)
def test_what_is_not_as_accepted_is_told_with_what_to_do(
    seen: Observation, cause: str | None, said: str
) -> None:
    told = objection(ENTRY, seen, cause, TODAY)
    assert told is not None
    assert told.startswith(
        "baseline.toml, entry 1 accepts it as refused (debug-name-attr): 1.15 is"
    )
    assert said in told
    assert "--tf-baseline-update" in told


def test_a_failure_without_a_known_cause_is_told_by_its_message() -> None:
    assert BY_MESSAGE.describes(Verdict.REFUSED, None, "there is no op 'A'\nat")
    assert not BY_MESSAGE.describes(Verdict.REFUSED, None, "something else")


# Its file


def test_entries_survive_the_file(tmp_path: Path) -> None:
    odd = replace(BY_MESSAGE, reason='a "quote", a \\ and\na line\x7f', where="")
    baseline = Baseline((replace(ENTRY, where=""), odd))
    path = tmp_path / "baseline.toml"
    path.write_text(text_of(baseline), encoding="utf-8")
    again = Baseline(tuple(replace(entry, where="") for entry in read(path).entries))
    assert again == baseline


FINE = 'cells = "a"\nverdict = "refused"\nreason = "r"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FINE.replace('reason = "r"', ""), "entry 1: it has no reason"),
        (FINE.replace('"r"', '" "'), "it has no reason"),
        (FINE + 'causes = "a"', "unknown key 'causes'. Did you mean 'cause'?"),
        (FINE.replace('"a"', "[]"), "cells: a list of ids"),
        (FINE.replace("refused", "same"), "verdict: one of drift, differs, refused"),
        (FINE + 'until = "soon"', "until: a date was expected"),
        (FINE + "until = 2026-01-01T00:00:00", "until: a date was expected"),
        (FINE + 'message = "("', "no regular expression"),
        (FINE + "thread = 7", "thread: a text was expected"),
    ],
)
def test_an_entry_that_is_not_in_form_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(f"[[accept]]\n{text}\n", encoding="utf-8")
    with pytest.raises(UsageProblem) as raised:
        read(path)
    assert said in str(raised.value)
    assert "baseline.toml" in str(raised.value)


@pytest.mark.parametrize("text", ["[[accept", "[accept]\ncells = 1", "[[other]]\n"])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem, match=r"baseline\.toml"):
        read(path)


# Written anew

SAME = a_row(id="affine-builder_2.21-to-tf1_load_1.15-inference")
BROKEN = a_row(id=SAME.id, verdict=Verdict.REFUSED, cause="debug-name-attr")
OTHER = a_row(id="affine-keras_2.21-to-tf1_load_1.15-inference", verdict=Verdict.REFUSED)


def test_what_is_still_broken_keeps_its_entry_and_reason() -> None:
    assert updated(Baseline((ENTRY,)), [BROKEN], [BROKEN]) == Baseline((ENTRY,))


def test_what_works_now_is_taken_out() -> None:
    assert updated(Baseline((ENTRY,)), [SAME], []) == Baseline()


def test_what_the_run_did_not_have_stays() -> None:
    elsewhere = a_row(id="affine-builder_2.15-creation")
    assert updated(Baseline((ENTRY,)), [elsewhere], []) == Baseline((ENTRY,))


def test_what_there_is_no_more_is_taken_out() -> None:
    elsewhere = a_row(id="affine-builder_2.15-creation")
    two = replace(ENTRY, cells=(*ENTRY.cells, "other"))
    after = updated(Baseline((two, ENTRY)), [elsewhere], [], lambda glob: glob != "other")
    assert after == Baseline((replace(ENTRY, cells=("other",)),))


def test_a_glob_of_which_a_part_works_now_becomes_the_cells_that_do_not() -> None:
    works = a_row(id=OTHER.id)
    (entry,) = updated(Baseline((ENTRY,)), [BROKEN, works], [BROKEN]).entries
    assert entry == replace(ENTRY, cells=(BROKEN.id,))


def test_what_is_new_gets_an_entry_without_a_reason() -> None:
    known = replace(OTHER, cause="attr-not-in-op")
    silent = replace(OTHER, id="c", message="no (op)\nat 7")
    (first, second) = updated(Baseline(), [known, silent], [known, silent]).entries
    assert (first.cells, first.cause, first.reason) == ((OTHER.id,), "attr-not-in-op", "")
    assert second.cause is None
    assert second.describes(Verdict.REFUSED, None, silent.message)
    assert not second.describes(Verdict.REFUSED, None, "no op")


def test_cells_that_break_for_one_cause_are_one_entry() -> None:
    rows = [replace(BROKEN, id=name) for name in "ba"]
    (entry,) = updated(Baseline(), rows, rows).entries
    assert entry.cells == ("a", "b")
