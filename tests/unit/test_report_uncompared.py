"""Models that came back, whose values nobody held against anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from a_row import a_row

from pytest_tfroundtrip.report.terminal import summary
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.report.rows import Row

UNCALLED = "values (not called: none of the inputs that were made up for it was taken)"


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
    )
    start = lines.index("values not compared (3 cells)")
    assert lines[start + 1 : start + 4] == [
        "  a, b: not called: none of the inputs that were made up for it was taken",
        "  c: the model gives others each time it is called",
        "  what to do: give inputs that it takes with --tf-examples=FILE.npz (or .json)",
    ]
    assert lines[-1].endswith("No values of a, b and c were compared.")


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("it has no signature, and no function of its own", "save it with a signature"),
        ("it gives nothing back", ""),
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
