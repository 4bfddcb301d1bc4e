"""Models that came back, whose values nobody held against anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from a_row import a_row

from pytest_tfroundtrip.report.terminal import summary
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.report.rows import Row

UNCALLED = "values (not called: it has no signature)"
GIVES_NOTHING = "values (not called: its signature gives nothing back)"
UNTAKEN = "values (not called: none of the inputs that were made up for it was taken)"


def of_folder(model: str, *missed: str, verdict: Verdict = Verdict.SAME) -> Row:
    return a_row(model=model, id=model, writers=("builder",), not_compared=missed, verdict=verdict)


def said(*rows: Row) -> list[str]:
    return ["".join(text for text, _ in line) for line in summary(rows, width=200)]


def test_each_reason_is_told_with_its_models_and_what_to_do() -> None:
    lines = said(
        of_folder("a", UNCALLED),
        of_folder("b", "tags", UNCALLED),
        of_folder("c", "values (the model gives others each time it is called)"),
        of_folder("d", "tags"),
        of_folder("e", UNTAKEN),
    )
    start = lines.index("values not compared (4 cells)")
    assert lines[start + 1 : start + 6] == [
        "  a, b: not called: it has no signature",
        "  c: the model gives others each time it is called",
        "  e: not called: none of the inputs that were made up for it was taken",
        "  what to do: save it with a signature, tf.saved_model.save(..., signatures=...)",
        "  what to do: give inputs that it takes with --tf-examples=FILE.npz (or .json)",
    ]
    assert lines[-1].endswith("No values of a, b, c and e were compared.")


def test_of_several_signatures_the_one_is_named() -> None:
    action, metadata = (of_folder("a", *missed) for missed in [(), (GIVES_NOTHING,)])
    lines = said(action, replace(metadata, id="a.get_metadata", signature="get_metadata"))
    assert "  a (signature 'get_metadata'): not called: its signature gives nothing back" in lines


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("it has no signature, and no function of its own", "save it with a signature"),
        ("it gives nothing back", ""),
        ("its signature gives nothing back", ""),
    ],
)
def test_inputs_are_no_advice_where_none_would_help(why: str, advice: str) -> None:
    told = "\n".join(said(of_folder("a", f"values (not called: {why})")))
    assert f"a: not called: {why}" in told
    assert advice in told
    assert "--tf-examples" not in told
    assert ("what to do" in told) is bool(advice)


def test_many_models_are_counted() -> None:
    lines = said(*(of_folder(f"m{number}", UNCALLED) for number in range(9)))
    assert lines[-1].endswith("No values of 9 models were compared.")


def test_nothing_is_said_where_values_were_compared_or_it_failed_anyway() -> None:
    text = "\n".join(
        said(of_folder("a", "tags"), of_folder("b", UNCALLED, verdict=Verdict.REFUSED))
    )
    assert "compared" not in text


def test_a_loader_that_shows_no_values_of_a_save_of_ours_is_no_matter() -> None:
    assert "values not compared" not in "\n".join(said(a_row(not_compared=("values",))))
