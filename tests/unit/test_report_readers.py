"""Who reads which folder, in sentences."""

from __future__ import annotations

import pytest
from a_row import loaded, some

from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.readers import sentences
from pytest_tfroundtrip.vocabulary import Operation, Promise, Verdict


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


def test_a_load_api_that_the_documents_exclude_does_not_count() -> None:
    excluded = loaded("m", "keras_load", "2.21", refused=True)
    rows = [
        loaded("m", "tf2_load", "2.21"),
        loaded(
            "m", "keras_load", "2.21", refused=True, promise=Promise.UNSUPPORTED, outcome="xfailed"
        ),
    ]
    assert list(sentences(rows)) == ["Under 2.21 m comes back the same by each load API."]
    assert list(sentences([rows[0], excluded])) == ["Under 2.21 m comes back the same by some."]


def test_of_many_models_there_are_numbers_and_the_names_of_few() -> None:
    rows = [
        loaded(f"m{number:02}", "tf2_load", release, refused=number == 3)
        for number in range(20)
        for release in ("2.15", "2.21")
    ]
    rows.append(loaded("m04", "tf1_load", "2.15", refused=True))
    assert list(sentences(rows)) == [
        (
            "Of 20 models come back the same by each load API, by some and by none:"
            " 18, 1 and 1 under 2.15; 19, 0 and 1 under 2.21."
        ),
        "By none under 2.15: m03.",
        "By none under 2.21: m03.",
    ]
