"""The report as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from itertools import product

from a_row import a_pair, a_row, a_sentence, broken, contradicted, created

from pytest_tfroundtrip.report.markdown import LIMIT, page
from pytest_tfroundtrip.report.rows import RuntimeInfo
from pytest_tfroundtrip.vocabulary import Expect, Verdict

HOSTILE = "a|b `c` *d* <img src=x> _e_ [f](g) $h$ \x1b[31m\nsecond & third"


def test_a_table_for_each_save_runtime_crosses_load_apis_and_savers() -> None:
    text = page(
        [
            created(),
            created(save_runtime="1.15"),
            a_row(),
            broken(load="tf2_load"),
            a_row(save="keras", verdict=Verdict.ABSENT, outcome=None),
            contradicted(save="keras", load="tf2_load"),
            a_row(save_runtime="1.15", load_runtime="2.15"),
        ]
    )
    assert _table(text, "## Saving") == [
        "| saved by | `1.15` | `2.15` |",
        "| --- | --- | --- |",
        "| `builder` | same | same |",
    ]
    assert _table(text, "### Saved by 1.15")[2:] == ["| `2.15` | `tf1_load` | same |"]
    assert _table(text, "### Saved by 2.15") == [
        "| loaded by |  | `builder` | `keras` |",
        "| --- | --- | --- | --- |",
        "| `1.15` | `tf1_load` | same | - |",
        "| `1.15` | `tf2_load` | ❌ refused | ⚠️ refused |",
    ]
    assert "❌ failed; ⚠️ contradicts the documents, cause known; - no such API" in text


def _table(text: str, heading: str) -> list[str]:
    """The lines of the table below a heading."""
    below = text.partition(f"{heading}\n\n")[2]
    return below.partition("\n\n")[0].splitlines()


def test_many_pairs_of_runtimes_are_a_map_first_and_tables_to_open() -> None:
    names = ["1.15", "2.3", "2.15", "2.21"]
    rows = [a_row(save_runtime=saved, load_runtime=load) for saved, load in product(names, names)]
    rows[1] = broken(save_runtime="1.15", load_runtime="2.3")
    text = page(rows)
    lines = _table(text, "loads of what was not saved.")
    assert lines[0] == "| saved by (down), loaded by (across) | `1.15` | `2.3` | `2.15` | `2.21` |"
    assert lines[2] == "| `1.15` | same | ❌ 0/1 | same | same |"
    assert "<details><summary>Saved by 1.15: 1 cell failed</summary>\n\n| loaded by" in text
    assert text.count("<details>") == text.count("</details>") == 4


def test_the_answer_comes_first_then_the_counts() -> None:
    lines = page([a_row(), created(), broken(load="tf2_load")]).splitlines()
    assert lines[0] == "# TensorFlow round trips"
    assert lines[2].startswith("**Affine saved by 2.15 does not")
    assert lines[4:7] == ["|  | same | refused |", "| --- | --- | --- |", "| promised | 2 | 1 |"]
    assert lines[8] == "3 cells; pytest: 1 failed, 2 passed."
    assert "There are no cells." in page([])


def test_failures_stand_by_cause_with_remedy_and_a_command() -> None:
    text = page([broken(), broken(load="tf2_load", note="the entry is out of date")])
    part = text.partition("## Failures by cause (2 cells)")[2]
    assert "### `disable-copy-on-read`\n\n2 cells, saved by 2.15, loaded by 1.15" in part
    assert "Why: A newer TensorFlow wrote an op" in part
    assert "What to do: Save with TensorFlow 2.11 or older." in part
    assert "But: the entry is out of date (1 cell)" in part
    assert "Rerun one:\n\n```console\npytest --tf-roundtrip test_a.py::test\n```" in part


def test_failures_without_a_cause_are_shown_each_with_their_message() -> None:
    rows = [
        broken(cause=None, why=None, id=str(number), load_runtime=f"2.{number}")
        for number in range(30)
    ]
    text = page(rows)
    assert text.count("```text\nOp type not registered 'DisableCopyOnRead'\n```") == 25
    assert "... and 5 more cells: the JSON report has them." in text


def test_what_is_neither_failure_of_the_model_nor_of_tensorflow_stands_apart() -> None:
    text = page(
        [
            broken(verdict=Verdict.ENV_ERROR, outcome="error", message="no Python", cause=None),
            a_row(outcome="failed", load="tf2_load"),
            a_row(outcome="failed", load="keras_load", note="b.toml, entry 1 accepts it"),
        ]
    )
    unavailable = text.partition("## Runtimes that could not be had (1 cell)")[2]
    assert "```text\nno Python\n```" in unavailable
    assert "## The same, but the test itself failed (1 cell)" in text
    unexpected = text.partition("## The same: that was not expected (1 cell)")[2]
    assert "b.toml, entry 1 accepts it" in unexpected
    assert "## Failures by cause" not in text
    assert "Failures by cause" not in text


def test_contradictions_quote_the_documents() -> None:
    text = page([contradicted(), contradicted(load="tf2_load")])
    part = text.partition("the documents promise it, TensorFlow breaks it (2 cells)")[2]
    assert "> A TF2 SavedModel can be loaded from TF1. (The guide)" in part
    other = page([a_row(contradiction=True, expect=Expect.DOCUMENTS)])
    assert "## Contradictions: the documents deny it, TensorFlow does it (1 cell)" in other


def test_runtimes_are_listed_and_conflicts_too() -> None:
    sides = [
        {"report": "a.json", "verdict": "refused", "outcome": "xfailed", "message": ""},
        {"report": "b.json", "verdict": None, "outcome": None, "message": ""},
    ]
    text = page(
        [a_row()],
        [RuntimeInfo("2.15", "docker", "2.15.1"), RuntimeInfo("2.3", "docker")],
        conflicts=[{"id": "x", "cells": sides}],
    )
    assert "- `x`: `refused` (xfailed) in `a.json`; `not run` (no test) in `b.json`" in text
    assert _table(text, "## Runtimes")[2].startswith("| `2.3` | docker | - |")


# What others wrote


def test_hostile_names_and_messages_stay_where_they_are_put() -> None:
    text = page(
        [
            broken(
                model=HOSTILE, save_runtime=HOSTILE, message=f"```\n{HOSTILE}\n" * 30, cause=None
            ),
            contradicted(load=HOSTILE, cause=HOSTILE, statement=HOSTILE),
        ]
    )
    assert "\x1b" not in text
    outside = re.sub(r"^(````+)text$.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = re.sub(r"(?<!`)(``?)(?!`).+?(?<!`)\1(?!`)", "", outside)
    assert "<img" in text
    assert "<img" not in spans
    assert "... 70 more lines" in text


# Its size


def test_the_page_is_never_larger_than_it_may_be() -> None:
    long = "\n".join(["ü" * 2000] * 100)
    rows = [broken(id=str(n), load_runtime=f"2.{n}", message=long, cause=None) for n in range(200)]
    assert len(page(rows).encode()) < LIMIT
    text = page(rows, limit=30_000)
    assert len(text.encode()) <= 30_000
    assert "Left out, because this page may have 30,000 bytes: 25 failing cells" not in text
    last = text.splitlines()[-1]
    assert last.startswith("Left out, because this page may have 30,000 bytes: ")
    assert "failing cell" in last
    assert last.endswith("The JSON report has every cell.")
    assert text.startswith("# TensorFlow round trips\n")


def test_when_room_is_short_failures_come_before_tables() -> None:
    names = [f"2.{number}" for number in range(20)]
    rows = [a_row(save_runtime=saved, load_runtime=load) for saved, load in product(names, names)]
    rows.append(broken(load="tf2_load"))
    text = page(rows, limit=4_000)
    assert "### `disable-copy-on-read`" in text
    assert "tables. The JSON report has every cell." in text


# Sentences, pairs of saves, notes


def test_sentences_are_a_table_of_cases_by_runtimes_and_what_does_not_stand_is_told() -> None:
    rows = [
        a_sentence(),
        a_sentence(runtime="2.21", verdict="contradicted", outcome="xfailed", why="Keras 3"),
        a_sentence("guide", "2.21", verdict="crashed", outcome="failed", message=HOSTILE),
    ]
    text = page([], statements=rows)
    assert _table(text, "## The documents' sentences (2 cases)") == [
        "| sentence | case | `2.15` | `2.21` |",
        "| --- | --- | --- | --- |",
        "| Modules track variables. | `tracks` | kept | ⚠️ contradicted |",
        "| Modules track variables. | `guide` |  | ❌ failed |",
    ]
    assert "**`tracks` under 2.21**: contradicted as known: Keras 3" in text
    assert '**`guide` under 2.21**: failed\n\n> "Modules track variables." (The guide)' in text
    assert "\x1b" not in text


def test_pairs_of_saves_are_a_part_for_each_move_with_all_that_changes() -> None:
    missing = a_pair(model="Other", verdict=None, changes=(), message="no keras_model()")
    text = page([], save_pairs=[a_pair(), a_pair(model="AddTwo"), missing])
    assert "### `builder@1.15` → `tf_module@2.15`\n\ndrift for AddTwo and Affine; not" in text
    assert "| tags | tags were 'serve' and are none | Affine, AddTwo |\n" in text
    assert "| output | output 'z' is missing | Affine, AddTwo |\n" in text
    assert "Not compared for Other: no keras_model()" in text
    assert "Not compared: method_name" in text


def test_notes_of_loaders_are_listed_once_also_of_what_is_the_same() -> None:
    rows = [a_row(notes=("w was not reached",)), a_row(id="b", notes=("w was not reached", "x"))]
    text = page(rows)
    assert "<details><summary>Notes of loaders (2 notes)</summary>\n\n- w was not" in text
    assert "- w was not reached (2 cells, saved by 2.15, loaded by 1.15, by tf1_load)" in text
    assert "Notes of loaders" not in page([a_row()])
    failing = broken(cause=None, notes=("v was not reached",))
    assert "- note: v was not reached" in page([failing])
