from __future__ import annotations

import textwrap
from itertools import product

import pytest
from a_row import a_pair, a_row, a_sentence, broken, contradicted, created, loaded

from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.grid import grids
from pytest_tfroundtrip.report.lines import listed, plain
from pytest_tfroundtrip.report.places import piece_of
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
from pytest_tfroundtrip.report.terminal import header, summary
from pytest_tfroundtrip.vocabulary import Expect, Part, Promise, Verdict

SAVERS = ["builder", "simple_save", "estimator", "tf_module", "keras"]
LOADERS = ["tf1_load", "tf2_load", "keras_load"]


def matrix(runtimes: list[str], models: int = 1) -> list[Row]:
    """Everything crossed and ``same``, creations too."""
    rows = []
    for number, save, saved in product(range(models), SAVERS, runtimes):
        model = f"Model{number}"
        rows.append(created(model=model, save=save, save_runtime=saved))
        rows += [
            a_row(model=model, save=save, save_runtime=saved, load=load, load_runtime=loaded)
            for load, loaded in product(LOADERS, runtimes)
        ]
    return rows


def shown(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


# Grids


def test_a_grid_crosses_savers_and_loaders_for_each_pair_of_runtimes() -> None:
    rows = [
        created(),
        a_row(),
        a_row(load_runtime="2.15"),
        broken(load="tf2_load"),
        a_row(load="tf2_load", load_runtime="2.15"),
        created(save="keras", verdict=Verdict.ABSENT, outcome=None),
        a_row(save="keras", verdict=Verdict.ABSENT, outcome=None),
        contradicted(save="keras", load="tf2_load", load_runtime="2.15"),
    ]
    assert (
        plain(grids(rows, 80)) + "\n"
        == shown(
            """
        saving under  2.15
          builder     same
          keras       -

        saved by 2.15   loaded by 1.15       loaded by 2.15
                        tf1_load  tf2_load   tf1_load  tf2_load
          builder       same     !refused    same      same
          keras         -                             *refused

        ! failed; * contradicts the documents, cause known; - no such API in that
        release, or no keras_model()
        """
        )
        + "\n\n"
    )


@pytest.mark.parametrize(
    ("rows", "text", "mark"),
    [
        ([a_row(), a_row()], "same", " "),
        ([a_row(), broken()], "same 1/2", "!"),
        ([a_row(), contradicted()], "same 1/2", "*"),
        ([contradicted(), contradicted()], "refused", "*"),
        ([contradicted(), contradicted(), broken(verdict=Verdict.DRIFT)], "refused 2/3", "!"),
        ([a_row(verdict=None), a_row(verdict=None), broken()], "not run 2/3", "!"),
        ([a_row(), a_row(verdict=Verdict.ABSENT)], "same", " "),
        ([a_row(verdict=Verdict.ABSENT)], "-", " "),
        ([a_row(verdict=Verdict.REFUSED, outcome="xfailed")], "refused", " "),
        ([a_row(verdict=Verdict.ENV_ERROR, outcome="error")], "env_error", "!"),
        ([a_row(verdict=None, outcome=None)], "not run", " "),
        ([], "", " "),
    ],
)
def test_a_place_says_what_all_models_say_together(rows: list[Row], text: str, mark: str) -> None:
    piece = piece_of(rows)
    assert (piece.text, piece.mark) == (text, mark)


@pytest.mark.parametrize("width", [80, 100, 40])
@pytest.mark.parametrize("models", [1, 50])
@pytest.mark.parametrize(
    "runtimes",
    [
        ["2.15"],
        ["1.15", "2.15", "2.21"],
        ["1.15+v2", "2.21+v1", "2.21+tf_keras"],
        ["1.15", *(f"2.{minor}" for minor in range(22))],
    ],
    ids=len,
)
def test_grids_fit_the_width_and_are_ascii(runtimes: list[str], models: int, width: int) -> None:
    rows = matrix(runtimes, 1 if len(runtimes) > 3 else models)
    rows[1] = broken(model="Model0", save_runtime=runtimes[0], load_runtime=runtimes[0])
    text = plain(summary(rows, width=width))
    assert text.isascii()
    commands = [row for row in text.splitlines() if "rerun" in row]
    assert max(len(row) for row in text.splitlines() if row not in commands) <= width


def test_no_place_is_lost_when_a_grid_is_cut_into_blocks() -> None:
    text = plain(grids(matrix(["1.15", "2.15", "2.21"]), 60))
    assert text.count("same") == 3 * 5 + 9 * 15


def test_many_pairs_are_one_map_and_the_pairs_that_failed() -> None:
    runtimes = ["1.15", "2.3", "2.15", "2.21"]
    rows = matrix(runtimes)
    rows.append(broken(model="Model1", save_runtime="2.21", load_runtime="2.3"))
    text = plain(grids(rows, 80))
    assert "15 of 16 pairs of runtimes are all same" in text
    assert "  2.21  same !15/16  same  same" in text
    assert text.count("saved by 2.") == 1
    assert "saved by 2.21   loaded by 2.3" in text


def test_the_map_leaves_out_what_the_documents_exclude() -> None:
    excluded = a_row(
        promise=Promise.UNSUPPORTED, verdict=Verdict.REFUSED, outcome="xfailed", model="Model1"
    )
    unsaved = a_row(verdict=Verdict.UNSAVED, outcome=None, model="Model1")
    text = plain(grids([*matrix(["1.15", "2.3", "2.15", "2.21"]), excluded, unsaved], 80))
    assert "16 of 16 pairs of runtimes are all same" in text


# Summary


def test_without_rows_there_is_nothing_to_say() -> None:
    assert list(summary([])) == []


def test_cells_are_counted_by_verdict_promise_and_outcome() -> None:
    text = plain(
        summary([a_row(), broken(), contradicted(), a_row(verdict=Verdict.ABSENT, outcome=None)])
    )
    assert "4 cells: 1 same, 2 refused, 1 absent\n" in text
    assert "\nthe documents: 3 promised (without the 1 absent)\n" in text
    assert "pytest: 1 passed, 1 failed, 1 xfailed, 1 no test" in text


def test_as_many_cells_are_promised_as_the_closing_line_says() -> None:
    documents = {"expect": Expect.DOCUMENTS}
    rows = [
        a_row(**documents),
        contradicted(),
        a_row(verdict=Verdict.UNSAVED, outcome=None, **documents),
        a_row(verdict=Verdict.ABSENT, outcome=None, **documents),
        a_row(verdict=Verdict.ENV_ERROR, outcome="error", **documents),
        a_row(verdict=None, outcome=None, **documents),
    ]
    text = " ".join(plain(summary(rows)).split())
    without = "(without the 1 absent and the 1 env_error and the 1 not run)"
    assert f"the documents: 3 promised {without}" in text
    assert "TensorFlow kept its promises in 1 of 3 promised cells" in text


def test_notes_of_a_loader_stand_with_a_failure_that_no_cause_explains() -> None:
    row = broken(cause=None, why=None, remedy=None, notes=("a path was not reached", "b", "c"))
    text = plain(summary([row]))
    assert "      note: a path was not reached\n      note: b\n      rerun: pytest" in text


# Sentences, pairs of saves


def test_sentences_are_counted_by_runtime_and_those_that_failed_are_named() -> None:
    rows = [
        a_sentence(),
        a_sentence(runtime="1.15", verdict="contradicted", outcome="xfailed", why="known"),
        a_sentence("guide", verdict="contradicted", outcome="failed", message="it says\nmore"),
        a_sentence("guide", "2.21", outcome="failed", note="But it is kept."),
        a_sentence("guide", "2.8", verdict="env_error", outcome="error", message="no network"),
    ]
    text = plain(summary([], statements=rows))
    assert (
        shown(
            """
        the documents' sentences
                kept  contradicted as known  out of date  failed  env_error
          1.15  -     1                      -            -       -
          2.8   -     -                      -            -       1
          2.15  1     -                      -            1       -
          2.21  -     -                      1            -       -

        sentences that could not be tried (1 case)
          1 case under 2.8: no network

        sentences that failed (2 cases)
          - guide under 2.15: contradicted: it says
            against: "Modules track variables." (The guide)
            rerun: pytest --tf-roundtrip -k guide
          - guide under 2.21: kept
            against: "Modules track variables." (The guide)
            but: But it is kept.
            rerun: pytest --tf-roundtrip -k guide

        TensorFlow kept its word in 1 of 4 cases of the documents' sentences; 1
        contradicted as known; 1 out of date; 1 failed.
        """
        )
        == text
    )
    quiet = plain(summary([], statements=rows, quiet=True))
    assert quiet.startswith("sentences that could not be tried")
    assert "sentences that failed (2 cases)" in quiet


def test_a_run_of_cells_and_sentences_is_answered_for_both() -> None:
    text = plain(summary([a_row()], statements=[a_sentence()]))
    assert text.endswith(
        "TensorFlow kept its word in 1 of 1 case of the documents' sentences. Affine\n"
        "comes back the same in the one cell."
    )
    not_run = [a_sentence(verdict=None, outcome=None)]
    assert "No sentence of the documents was tried" in plain(summary([], statements=not_run))


def test_pairs_of_saves_are_told_by_move_and_part() -> None:
    pairs = [
        a_pair(),
        a_pair(model="AddTwo", verdict=Verdict.SAME, changes=()),
        a_pair(model="Other", verdict=None, changes=(), message="no keras_model()"),
    ]
    text = plain(summary([a_row()], save_pairs=pairs))
    assert (
        shown(
            """
        what changes for a reader (3 pairs of saves)
          builder@1.15 -> tf_module@2.15: drift for Affine; same for AddTwo; not
          compared for Other
            tags: tags were 'serve' and are none
            output: output 'y' became 'output_0'; output 'z' is missing
            not compared: no keras_model()
        """
        )
        in text
    )
    many = a_pair(changes=tuple(Change(Part.OUTPUT, f"{name!r} is new") for name in "abcde"))
    assert "output: 'a' is new; 'b' is new; 'c' is new (and 2 more)" in plain(
        summary([a_row()], save_pairs=[many])
    )
    quiet = plain(summary([a_row()], save_pairs=pairs, quiet=True))
    assert "builder@1.15 -> tf_module@2.15: drift for Affine" in quiet
    assert "tags:" not in quiet


def test_contradictions_are_listed_by_cause_with_what_the_documents_say() -> None:
    works = a_row(
        contradiction=True, expect=Expect.DOCUMENTS, statement="Not supported.", document="Page"
    )
    text = plain(summary([contradicted(), contradicted(save_runtime="2.21"), works]))
    assert (
        shown(
            """
        contradictions: the documents promise it, TensorFlow breaks it (2 cells)
          disable-copy-on-read: 2 cells, saved by 2.15 and 2.21, loaded by 1.15
            A newer TensorFlow wrote an op that this one does not know.
            against: "A TF2 SavedModel can be loaded from TF1." (The guide)
        """
        )
        in text
    )
    assert "contradictions: the documents deny it, TensorFlow does it (1 cell)" in text
    assert 'against: "Not supported." (Page)' in text


def test_failures_are_listed_by_cause_with_the_remedy() -> None:
    unknown = broken(cause=None, why=None, remedy=None, message="Boom: it\nbroke")
    text = plain(summary([broken(), broken(save="keras"), unknown]))
    assert (
        shown(
            """
        failures by cause (3 cells)
          disable-copy-on-read: 2 cells, saved by 2.15, loaded by 1.15
            why: A newer TensorFlow wrote an op that this one does not know.
            what to do: Save with TensorFlow 2.11 or older.
            rerun one: pytest --tf-roundtrip test_a.py::test
          no known cause: 1 cell, saved by 2.15, loaded by 1.15
            - Affine saved by builder under 2.15 and loaded by tf1_load under 1.15:
              refused: Boom: it
              rerun: pytest --tf-roundtrip test_a.py::test
        """
        )
        in text
    )


def test_what_is_the_same_and_should_not_be_stands_with_who_says_so() -> None:
    text = plain(summary([a_row(outcome="failed", note="x (causes.toml) is out of date")]))
    assert "the same: that was not expected (1 cell)\n  - Affine saved by builder" in text
    assert "\n    but: x (causes.toml) is out of date\n" in text
    assert "failed for coming back the same: that was not expected." in " ".join(text.split())
    assert "no known cause" not in text


def test_runtimes_that_could_not_be_had_are_told_once() -> None:
    row = a_row(verdict=Verdict.ENV_ERROR, outcome="error", message="no Python 3.7")
    text = plain(summary([row, row]))
    assert "runtimes that could not be had (2 cells)\n  2 cells: no Python 3.7" in text
    assert "failures by cause" not in text


def test_quiet_leaves_failures_and_the_closing_line() -> None:
    text = plain(summary([broken()], quiet=True))
    assert text.startswith("failures by cause")
    assert "saving under" not in text
    assert plain(summary([a_row()], quiet=True)) == ("Affine comes back the same in the one cell.")


# The closing line


def doc(**changes: object) -> Row:
    return a_row(expect=Expect.DOCUMENTS, **changes)


REFUSED = Verdict.REFUSED


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([doc(), doc()], "TensorFlow kept its promises in 2 of 2 promised cells."),
        (
            [doc(), contradicted()],
            (
                "TensorFlow kept its promises in 1 of 2 promised cells; 1 contradiction with a"
                " known cause."
            ),
        ),
        (
            [doc(), doc(verdict=Verdict.UNSAVED, outcome=None)],
            (
                "TensorFlow kept its promises in 1 of 2 promised cells; 1 had nothing to load,"
                " their save being refused."
            ),
        ),
        (
            [doc(), doc(verdict=REFUSED, outcome="failed")],
            (
                "TensorFlow kept its promises in 1 of 2 promised cells; 1 cell failed: neither"
                " documents nor known causes say so."
            ),
        ),
        (
            [doc(promise=Promise.UNPROMISED)],
            "The documents promise none of these 1 cell.",
        ),
        ([a_row(), a_row()], "Affine comes back the same in all 2 cells."),
        ([a_row(), a_row(model="B")], "2 models come back the same in all 2 cells."),
        (
            [a_row(), a_row(verdict=REFUSED, outcome="xfailed")],
            (
                "Affine comes back the same in 1 of 2 cells; 1 not, as expected (unsupported or"
                " accepted)."
            ),
        ),
        (
            [broken(), a_row(load_runtime="2.15")],
            (
                "Affine saved by 2.15 does not load under 1.15: disable-copy-on-read. 1 of 2 cells"
                " failed."
            ),
        ),
        (
            [broken(), a_row(load="tf2_load")],
            (
                "Affine saved by 2.15 does not always load under 1.15: disable-copy-on-read. 1 of 2"
                " cells failed."
            ),
        ),
        (
            [a_row(verdict=Verdict.DIFFERS, outcome="failed")],
            "Affine saved by 2.15 does not come back the same under 1.15. 1 of 1 cell failed.",
        ),
        (
            [broken(), broken(save_runtime="2.21", load_runtime="2.3", cause=None)],
            (
                "Affine does not load in 2 pairs of runtimes: disable-copy-on-read and unknown"
                " causes. 2 of 2 cells failed."
            ),
        ),
        (
            [broken(), a_row(model="B")],
            (
                "1 of 2 models (Affine) saved by 2.15 does not load under 1.15:"
                " disable-copy-on-read. 1 of 2 cells failed."
            ),
        ),
        (
            [created(verdict=REFUSED, outcome="failed", save="keras", cause="k")],
            "Affine cannot be saved by keras under 2.15: k. 1 of 1 cell failed.",
        ),
        (
            [created(verdict=Verdict.DIFFERS, outcome="failed")],
            "Affine is not saved as computed by builder under 2.15. 1 of 1 cell failed.",
        ),
        (
            [a_row(), a_row(verdict=Verdict.ENV_ERROR, outcome="error")],
            (
                "Affine comes back the same in the one cell. 1 cell says nothing: their runtimes"
                " could not be had."
            ),
        ),
        (
            [a_row(), a_row(verdict=None, outcome=None)],
            "Affine comes back the same in the one cell. 1 cell was not run.",
        ),
        (
            [a_row(verdict=Verdict.ABSENT, outcome=None)],
            "No cell was run to a verdict: nothing can be said.",
        ),
        (
            [doc(), broken()],
            (
                "TensorFlow kept its promises in 1 of 1 promised cell. Affine saved by 2.15 does"
                " not load under 1.15: disable-copy-on-read. 1 of 1 cell failed."
            ),
        ),
    ],
)
def test_the_closing_line_answers_the_question(rows: list[Row], said: str) -> None:
    assert closing(rows) == said


@pytest.mark.parametrize(
    ("row", "colour"), [(a_row(), "green"), (contradicted(), "yellow"), (broken(), "red")]
)
def test_the_closing_line_has_the_colour_of_the_worst(row: Row, colour: str) -> None:
    *_, last = summary([row])
    assert last[0][1] == {"bold": True, colour: True}


# Header


def test_the_header_says_what_runs_on_what() -> None:
    infos = [
        RuntimeInfo("2.15", "venv"),
        RuntimeInfo("1.15", "venv", "1.15.5", "2.2.4-tf", "0.12.0", "1.18.5", "3.7.16"),
    ]
    assert header(infos, cells=393, saves=42, reused=40) == [
        "tf-roundtrip: 393 cells, 42 saves (40 from the store) on 2 runtimes (venv)",
        "  1.15  TensorFlow 1.15.5, Keras 2.2.4-tf, tensorflow-hub 0.12.0, numpy 1.18.5,",
        "        Python 3.7.16",
        "  2.15  not made yet",
    ]
    assert header([], cells=0, saves=0, reused=0) == [
        "tf-roundtrip: 0 cells, 0 saves on 0 runtimes"
    ]


def test_lists_in_words() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed([str(number) for number in range(9)]) == "0, 1 ... 8 (9 of them)"


def test_of_what_nobody_can_explain_unlike_cells_are_shown_first() -> None:
    rows = [
        broken(id=f"a{number}", cause=None, why=None, message="no", load_runtime=f"2.{number}")
        for number in range(8)
    ]
    rows.append(broken(id="z", cause=None, why=None, message="no", model="Zed"))
    text = plain(summary(rows))
    assert "Zed saved by builder" in text
    assert "and 4 more cells" in text


def test_where_models_differ_in_what_is_said_it_is_said_of_one() -> None:
    one, two = (
        loaded(
            model,
            "tf1_load",
            "1.15",
            refused=True,
            why=f"/models/{model} is a pointer.",
            save_runtime="unknown",
        )
        for model in ("a", "b")
    )
    text = plain(summary([one, two]))
    assert "why: of a: /models/a is a pointer." in text
    assert "    what to do: Save with" in text
    assert "disable-copy-on-read: 2 cells of a and b, loaded by 1.15\n" in text
    assert "    why: /models/a" in plain(summary([one, one]))
