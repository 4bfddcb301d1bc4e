"""Who reads which folder: the grid, and the sentences that answer."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_row, broken

from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.folders import grid, held_against, of_several, sentences
from pytest_tfroundtrip.report.grid import grids
from pytest_tfroundtrip.report.lines import plain
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.vocabulary import Operation, Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.report.rows import Row


def loaded(model: str, load: str, release: str, **changes: Any) -> Row:
    """A folder that 2.5 wrote, under a release."""
    made = broken if changes.pop("refused", False) else a_row
    row = {"writers": ("tf_module",), "save": "tf_module", "save_runtime": "2.5"}
    return made(**{**row, "model": model, "load": load, "load_runtime": release, **changes})


def some() -> list[Row]:
    """``good`` is read by all, ``half`` by one load API under 1.15, ``bad`` by nobody there."""
    rows = []
    for model, load, release in product(
        ("good", "half", "bad"), ("tf1_load", "tf2_load"), ("1.15", "2.21")
    ):
        old = release == "1.15"
        refused = old and (model == "bad" or (model == "half" and load == "tf2_load"))
        rows.append(loaded(model, load, release, refused=refused))
    return rows


def test_a_folder_is_a_line_with_the_release_that_wrote_it() -> None:
    assert plain(grids(some(), 80)).splitlines()[:6] == [
        "written by     loaded by 1.15       loaded by 2.21",
        "               tf1_load  tf2_load   tf1_load  tf2_load",
        "  bad (2.5)   !refused  !refused    same      same",
        "  good (2.5)   same      same       same      same",
        "  half (2.5)   same     !refused    same      same",
        "",
    ]


def test_of_many_releases_each_load_api_has_its_own_columns() -> None:
    rows = [loaded("m", "tf1_load", release) for release in ("1.15", "2.3", "2.8", "2.21")]
    found = grid(rows, most=9)
    assert {column.group for column in found.columns} == {"tf1_load under"}
    assert [column.heading for column in found.columns] == ["1.15", "2.3", "2.8", "2.21"]


def test_of_many_folders_those_that_are_the_same_everywhere_are_counted() -> None:
    rows = [loaded(f"m{number}", "tf2_load", "2.21") for number in range(9)]
    rows.append(loaded("bad", "tf2_load", "2.21", refused=True))
    found = grid(rows, most=5)
    assert (found.labels, found.left_out) == (("bad (2.5)",), 9)


def test_signatures_of_a_folder_share_a_place() -> None:
    rows = [
        loaded("m", "tf2_load", "2.21"),
        loaded("m", "tf2_load", "2.21", signature="predict", refused=True),
    ]
    (column,) = grid(rows, most=9).columns
    assert [piece.text for piece in column.pieces] == ["same 1/2"]
    assert of_several(rows) == ["same 1/2: so for 1 of 2 signatures of a folder"]
    assert of_several(rows[:1]) == []


def test_markdown_has_the_same_table() -> None:
    text = page(some())
    assert "| written by | loaded by 1.15 |  | loaded by 2.21 |  |" in text
    assert "| half (2.5) | same | ❌ refused | same | same |" in text


def test_the_answer_says_who_reads_what_under_which_release() -> None:
    assert list(sentences(some())) == [
        "Under 1.15 good comes back the same by each load API; half by some; bad by none.",
        "Under 2.21 bad, good and half come back the same by each load API.",
    ]
    assert closing(some()).endswith("each load API. 3 of 12 cells failed.")


def test_releases_with_the_same_answer_share_a_sentence() -> None:
    rows = [loaded("m", "tf2_load", release) for release in ("2.3", "2.8", "2.21")]
    assert list(sentences(rows)) == [
        "Under 2.3, 2.8 and 2.21 m comes back the same by each load API."
    ]


def test_a_signature_that_fails_counts_against_its_load_api() -> None:
    rows = [
        loaded("m", "tf1_load", "2.21"),
        loaded("m", "tf1_load", "2.21", signature="predict", verdict=Verdict.DIFFERS),
    ]
    assert list(sentences(rows)) == ["Under 2.21 m comes back the same by none."]


def test_fine_tuning_is_no_answer_where_there_is_inference() -> None:
    tuned = loaded("m", "tf2_load", "2.21", operation=Operation.FINE_TUNING, refused=True)
    assert "by each load API" in next(sentences([loaded("m", "tf2_load", "2.21"), tuned]))
    assert "by none" in next(sentences([tuned]))


@pytest.mark.parametrize("alone", [True, False])
def test_what_was_held_against_itself_alone_is_said(alone: bool) -> None:
    rows = [
        loaded("m", "tf2_load", "2.21", reference_load="tf2_load", reference_runtime="2.21"),
    ]
    if not alone:
        rows.append(
            loaded("m", "tf1_load", "2.21", reference_load="tf2_load", reference_runtime="2.21")
        )
    said = "m was compared with nothing but itself."
    assert (said in list(sentences(rows))) is alone


def test_a_reference_by_another_release_than_the_writers_is_said() -> None:
    by_writer = loaded("m", "tf2_load", "2.21", reference_runtime="2.5")
    by_another = loaded("n", "tf2_load", "2.21", reference_runtime="2.8")
    assert held_against([by_writer]) == ""
    told = held_against([by_writer, by_another])
    assert "n (2.5) against 2.8" in told
    assert "m (2.5)" not in told
