"""Who reads which folder: the grid, and the sentences that answer."""

from __future__ import annotations

from a_row import loaded, some

from pytest_tfroundtrip.report.folders import grid, held_against, made_up, of_several
from pytest_tfroundtrip.report.grid import grids
from pytest_tfroundtrip.report.lines import plain
from pytest_tfroundtrip.report.markdown import page


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


def test_of_a_folder_with_a_record_nobody_is_to_be_asked() -> None:
    row = loaded("m", "tf2_load", "2.21", reference_runtime="2.8", inputs="its record")
    assert (held_against([row]), made_up([row])) == ("", "")


def test_inputs_that_were_made_up_are_said() -> None:
    rows = [
        loaded("m", "tf2_load", "2.21", inputs="made up"),
        loaded("n", "tf2_load", "2.21", inputs="given.npz"),
    ]
    assert made_up(rows).startswith("Inputs were made up for 1 of 2: ")


def test_a_reference_by_another_release_than_the_writers_is_said() -> None:
    by_writer = loaded("m", "tf2_load", "2.21", reference_runtime="2.5")
    by_another = loaded("n", "tf2_load", "2.21", reference_runtime="2.8")
    assert held_against([by_writer]) == ""
    told = held_against([by_writer, by_another])
    assert "n (2.5) against 2.8" in told
    assert "m (2.5)" not in told
