"""The report as one HTML file, as far as it needs no browser: tests/browser has the rest."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_pair, a_row, a_sentence, broken, contradicted, created
from html_page import Page
from test_plugin import BROKEN

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.html.page import duration, is_web, page
from pytest_tfroundtrip.report.html.picture import MANY_PLACES, Head, Place, picture, place_of
from pytest_tfroundtrip.report.html.text import LIMIT, bounded, visible
from pytest_tfroundtrip.report.json_report import report, write
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
from pytest_tfroundtrip.vocabulary import Expect, Foreseen, Operation, Part, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Project

STARTED = datetime(2026, 11, 21, 22, 25, tzinfo=timezone.utc)
HOSTILE = "</script><script>x</script>'\"><img src=x onerror=y>{{ 7 * 7 }}"


def html(rows: Sequence[Row] = (), **kinds: Any) -> str:
    known = {"started": STARTED, "seconds": 34.2, "tool": "0.1.0"}
    return page(rows, **{**known, **kinds})


def made(rows: Sequence[Row] = (), **kinds: Any) -> Page:
    return Page(html(rows, **kinds))


# One file


def test_the_page_needs_nothing_but_itself() -> None:
    told = made([broken(thread="https://github.com/a/b")], infos=[RuntimeInfo("2.15", "venv")])
    for name in ("link", "img", "iframe", "base", "object"):
        assert told.of(name) == []
    assert [each for each in told.of("script") if "src" in each] == []
    assert "url(" not in told.styles[0]
    assert "@import" not in told.styles[0]
    assert [each["href"] for each in told.of("a") if not str(each["href"]).startswith("#")] == [
        "https://github.com/a/b"
    ]
    # Nor does its script ask anybody.
    assert not re.search(
        r"fetch\(|XMLHttp|import\(|WebSocket|sendBeacon|innerHTML", told.scripts[-1]
    )


def test_its_policy_lets_run_what_it_has_and_nothing_else() -> None:
    told = made([a_row()])
    (policy,) = [
        str(each["content"])
        for each in told.of("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    first, data, last = told.scripts
    assert json.loads(data)["count"] == 1
    assert parts["default-src"] == "'none'"
    assert parts["script-src"].split() == [hashed(first), hashed(last)]
    assert parts["style-src"] == hashed(told.styles[0])
    assert "unsafe" not in policy
    assert [attributes for _, attributes in told.elements if "style" in attributes] == []


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_every_reference_in_the_page_leads_somewhere() -> None:
    told = made(
        [broken(), contradicted(load="tf2_load"), a_row(verdict=None, outcome=None, load="c_api")],
        infos=[RuntimeInfo("2.15", "venv")],
        statements=[a_sentence(), a_sentence("other", verdict="contradicted", outcome="failed")],
        save_pairs=[a_pair()],
    )
    ids = {str(each["id"]) for _, each in told.elements if "id" in each}
    links = [each["href"] for each in (*told.of("a"), *told.of("use"))]
    labels = [each["aria-labelledby"] for _, each in told.elements if "aria-labelledby" in each]
    wanted = {str(link)[1:] for link in links if str(link).startswith("#")}
    assert len(wanted) > 8
    assert wanted - ids == set()
    assert set(map(str, labels)) - ids == {"drawer-title"}  # made when it opens


# What others wrote


def test_nothing_that_others_wrote_becomes_markup() -> None:
    names: tuple[str, ...] = (
        "model",
        "save",
        "load",
        "cause",
        "why",
        "remedy",
        "statement",
        "document",
        "note",
    )
    names += ("exception", "message", "command", "thread", "signature", "log", "file")
    hostile: dict[str, Any] = dict.fromkeys(names, HOSTILE)
    changes = (Change(Part.VALUE, HOSTILE),)
    rows = [
        broken(**hostile, notes=(HOSTILE,), not_compared=(HOSTILE,), changes=changes),
        contradicted(**hostile, save_runtime=HOSTILE, load_runtime=HOSTILE),
        broken(**{**hostile, "cause": None, "why": None}, id="other"),
    ]
    told = made(
        rows,
        infos=[RuntimeInfo(*[HOSTILE] * 9)],  # type: ignore[arg-type]
        statements=[replace(a_sentence(HOSTILE), sentences=(HOSTILE,), outcome="failed")],
        save_pairs=[a_pair(model=HOSTILE, message=HOSTILE, changes=changes)],
        conflicts=[
            {"id": HOSTILE, "cells": [dict.fromkeys(("report", "verdict", "outcome"), HOSTILE)]}
        ],
        sources=[dict.fromkeys(("file", "started", "seconds", "had", "cells"), HOSTILE)],
        tool=HOSTILE,
    )
    assert len(told.scripts) == 3
    assert told.of("img") == []
    assert told.text.count(HOSTILE) > 40
    assert [name for _, each in told.elements for name in each if name.startswith("on")] == []
    assert told.cells()[0]["said"]["message"] == HOSTILE


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("\x1b[31mred\x00\x7f\x9b", r"\x1b[31mred\x00\x7f\x9b"),
        ("name\u202egnp.exe\u2066", r"name\u202egnp.exe\u2066"),
        ("\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\U0001f600"),
        ("half \ud83d", r"half \ud83d"),
        ("größer ≥ 1", "größer ≥ 1"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, seen: str) -> None:
    assert visible(text) == seen
    told = made([broken(message=text, model=text, file=text)])
    assert seen.split("\n", maxsplit=1)[0] in told.text
    (cell,) = told.cells()
    assert (cell["model"], cell["said"]["message"]) == (seen, seen)
    assert html([broken(message=text)]).encode()  # no half character is left


def test_a_message_of_a_megabyte_is_cut_and_says_so() -> None:
    text = "a" * 500_000 + "b" * 500_000
    short = bounded(text)
    assert len(short) < LIMIT + 100
    assert short.startswith("aaa")
    assert short.endswith("bbb")
    assert f"... {1_000_000 - LIMIT:,} characters left out; the JSON report has them ..." in short
    assert bounded("a" * LIMIT) == "a" * LIMIT
    assert len(html([broken(message=text, cause=None, why=None)])) < 200_000


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://github.com/a/b/issues/1", True),
        ("http://a", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)//https://a", False),
        (" https://a", False),
        ("https://a\nb", False),
        ("data:text/html,a", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_web_is_linked_to(address: str | None, leads: bool) -> None:
    assert is_web(address) == leads
    told = made([broken(thread=address)])
    assert bool([each for each in told.of("a") if each["href"] == address]) == leads


# The rows as data


def test_every_row_comes_back_as_it_was() -> None:
    rows = [
        created(id="affine-builder_2.15-creation"),
        a_row(max_abs_error=1e-7, max_rel_error=float("inf"), seconds=123.456),
        broken(
            load="tf2_load",
            id="affine-builder_2.15-to-tf2_load_1.15-inference",
            command="pytest 'a.py::t[affine-builder_2.15-to-tf2_load_1.15-inference]'",
            thread="https://a",
            changes=(Change(Part.INPUT, "input 'x' became 'a'"),),
            notes=("one", "two"),
            writers=("builder", "simple_save"),
            predicted=Foreseen.WILL_FAIL,
            predicted_reason="op Odd",
            not_compared=("tags",),
        ),
        a_row(
            save_runtime="2.8", resave_runtime="2.21", id="of_another_kind", command="pytest -k x"
        ),
    ]
    cells = {cell["id"]: cell for cell in made(rows).cells()}
    assert set(cells) == {row.id for row in rows}
    for row in rows:
        cell = cells[row.id]
        for name in ("model", "save", "saved", "save_runtime", "load", "load_runtime", "command"):
            assert cell[name] == getattr(row, name)
        said = cell["said"]
        assert said["verdict"] == str(row.verdict)
        assert said["outcome"] == row.outcome
        assert said.get("cause") == row.cause
        assert said.get("thread") == row.thread
        assert said.get("failed", False) == row.failed
        assert said.get("notes", []) == list(row.notes)
        assert said.get("writers", []) == list(row.writers)
        assert said.get("predicted") == ("will fail" if row.predicted else None)
        assert said.get("predicted_reason") == row.predicted_reason
        assert said.get("changes", []) == [[str(c.part), c.sentence] for c in row.changes]
        assert cell["max_abs_error"] == row.max_abs_error
    assert cells[rows[1].id]["max_rel_error"] == "inf"
    assert cells[rows[1].id]["seconds"] == 123.5


def test_what_many_rows_say_is_there_once() -> None:
    message = "a message of some length, " * 10
    rows = [
        broken(
            id=f"affine-builder_{saved}-to-tf1_load_{loaded}-inference",
            save_runtime=saved,
            load_runtime=loaded,
            message=message,
            command=f"pytest 't.py::t[affine-builder_{saved}-to-tf1_load_{loaded}-inference]'",
        )
        for saved, loaded in product([f"2.{minor}" for minor in range(40)], repeat=2)
    ]
    text = json.dumps(made(rows).data, separators=(",", ":"))
    assert text.count(message) == 1
    assert len(text) < 20 * len(rows)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_numbers_that_are_none_are_told(number: str) -> None:
    value = float(number)
    told = made([a_row(seconds=value, max_abs_error=value)], seconds=value)
    assert told.cells()[0]["max_abs_error"] == number
    assert f"{number} s" in told.text


# The picture


def test_a_place_has_the_look_of_a_verdict_that_all_share() -> None:
    assert place_of([]) == Place()
    assert place_of([a_row()]) == Place("same", said="1 same")
    assert place_of([a_row(), a_row()]) == Place("same", "2", said="2 same")
    assert place_of([broken()]) == Place("refused", failed=True, said="1 refused, 1 failed")
    assert place_of([a_row(verdict=None)]) == Place("not run", said="1 not run")
    known = contradicted()
    assert place_of([known, known]) == Place(
        "refused", "2", contradiction=True, said="2 refused, 2 contradictions"
    )


def test_a_place_of_several_verdicts_says_how_many_are_the_same() -> None:
    rows = [a_row(), a_row(), broken(outcome="xfailed")]
    assert place_of(rows) == Place("mixed", "2/3", said="2 same, 1 refused")


def test_who_was_not_asked_has_no_say_where_another_one_was() -> None:
    absent = a_row(verdict=Verdict.ABSENT, outcome=None)
    excluded = broken(promise=Promise.UNSUPPORTED, outcome="xfailed")
    unsaved = a_row(verdict=Verdict.UNSAVED, outcome=None)
    assert place_of([a_row(), absent, excluded, unsaved]) == Place(
        "same", said="1 same, 3 not asked"
    )
    assert place_of([excluded, absent]).look == "refused"
    assert place_of([unsaved]).look == "unsaved"
    assert place_of([absent, absent]) == Place("absent", "2", said="2 absent")
    # An exclusion that failed is an answer.
    assert place_of([a_row(), replace(excluded, outcome="failed")]).text == "1/2"


def test_few_runtimes_are_crossed_with_their_apis_many_are_not() -> None:
    few = picture([created(), a_row(), a_row(save="keras", load="tf2_load")])
    assert few.by_api
    assert few.rows == (Head("2.15", "builder"), Head("2.15", "keras"))
    assert few.columns == (Head(), Head("1.15", "tf1_load"), Head("1.15", "tf2_load"))
    assert [place.look for place in few.places[0]] == ["same", "same", ""]
    names = ("1.15", "2.8", "2.15", "2.21")
    many = picture(
        [a_row(save_runtime=one, load_runtime=two) for one, two in product(names, names)]
    )
    assert not many.by_api
    assert many.rows == many.columns == tuple(map(Head, names))


def test_apis_that_would_be_no_picture_are_not_crossed() -> None:
    apis = [f"api{number}" for number in range(1 + int(MANY_PLACES**0.5))]
    assert not picture(
        [a_row(save=save, load=load) for save, load in zip(apis, apis, strict=True)]
    ).by_api


# The parts


def test_the_answer_the_counts_and_how_it_was_run_come_first() -> None:
    rows = [
        a_row(),
        created(),
        broken(load="tf2_load"),
        a_row(load="c_api", verdict=None, outcome=None),
    ]
    infos = [
        RuntimeInfo("2.15", "venv", "2.15.1", "2.15.0", None, "1.26", "3.11", "f" * 64, None, 2.25),
        RuntimeInfo("1.15", "docker", image="sha256:abc"),
    ]
    told = made(rows, infos=infos)
    top = " ".join(told.text.partition("Matrix")[0].split())
    assert "Affine saved by 2.15 does not always load under 1.15: disable-copy-on-read." in top
    assert "21 November 2026, 22:25 UTC 34 s 4 cells 2 runtimes pytest-tfroundtrip 0.1.0" in top
    matrix = told.said("matrix")
    assert "same 2 refused 1 not run 1" in matrix
    assert "4 cells by promise; pytest: 2 passed, 1 failed, 1 no test" in matrix
    assert "promised 2 1 1" in matrix
    runtimes = told.said("runtimes")
    assert runtimes.index("1.15") < runtimes.index("2.15.1")
    assert "2.15 venv 2.15.1 2.15.0 \u2013 1.26 3.11 2.2 s ffffffffffffffffffff"[:50] in runtimes


def test_failures_stand_by_cause_with_remedy_thread_and_a_command() -> None:
    rows = [
        broken(thread="https://a.example"),
        broken(load="tf2_load", note="the entry is out of date"),
        broken(load="c_api", cause=None, why=None, remedy=None, message="odd\n  words"),
        a_row(load="keras_load", outcome="failed"),
        a_row(load="hub_module", outcome="failed", note="b.toml accepts it"),
        a_row(load="hub_load", outcome="error", verdict=Verdict.ENV_ERROR, message="no Python"),
    ]
    said = made(rows).said("failures")
    assert said.startswith("Failures 6 cells A runtime could not be had 1 cell,")
    assert "no Python" in said
    assert "The same, but the test itself failed 1 cell" in said
    unexpected = said.partition("The same: that was not expected 1 cell")[2]
    assert "But b.toml accepts it (1 cell)" in unexpected.partition("disable-copy-on-read")[0]
    assert "disable-copy-on-read 2 cells, saved by 2.15, loaded by 1.15" in said
    assert "Why A newer TensorFlow wrote an op" in said
    assert "What to do Save with TensorFlow 2.11 or older." in said
    assert "Thread https://a.example" in said
    assert "But the entry is out of date (1 cell)" in said
    assert "Rerun one pytest --tf-roundtrip test_a.py::test" in said
    assert "No known cause 1 cell" in said
    assert "odd words pytest --tf-roundtrip test_a.py::test" in said
    assert "failures" not in made([a_row()]).sections


def test_of_many_failures_some_are_listed_and_the_rest_counted() -> None:
    explained = [broken(model=f"Known{number}") for number in range(130)]
    unknown = [
        broken(model=f"Odd{number}", cause=None, why=None, message="odd") for number in range(40)
    ]
    said = made([*explained, *unknown]).said("failures")
    assert "and 30 more cells: the matrix has them" in said
    assert "and 15 more cells: the matrix has them" in said


def test_contradictions_quote_what_they_contradict() -> None:
    works = contradicted(
        verdict=Verdict.SAME,
        outcome="passed",
        cause=None,
        why=None,
        load="tf2_load",
        promise=Promise.UNSUPPORTED,
    )
    said = made([contradicted(), works]).said("contradictions")
    assert "The documents promise it, TensorFlow breaks it disable-copy-on-read 1 cell" in said
    assert "Against A TF2 SavedModel can be loaded from TF1. The guide" in said
    assert "The documents deny it, TensorFlow does it Not in the causes" in said


def test_sentences_stand_under_each_runtime_and_those_not_kept_with_why() -> None:
    rows = [
        a_sentence(),
        a_sentence(runtime="2.21", verdict="contradicted", outcome="xfailed", why="since Keras 3"),
        a_sentence("other", verdict="contradicted", outcome="failed", message="it is not"),
    ]
    said = made([], statements=rows).said("sentences")
    assert "The documents\u2019 sentences 2 cases" in said
    assert "tracks under 2.21 contradicted Why since Keras 3 Against Modules track" in said
    assert "it is not pytest --tf-roundtrip -k other" in said
    assert said.index("other under 2.15 failed") < said.index("tracks under 2.21")
    assert "Modules track variables. The guide tracks kept contradicted" in said


def test_pairs_of_saves_say_what_changes_for_a_reader() -> None:
    pairs = [a_pair(), a_pair(model="Other", verdict=None, message="not saved", changes=())]
    said = made([a_row()], save_pairs=pairs).said("moves")
    assert "2 pairs of saves builder@1.15 → tf_module@2.15" in said
    assert "tags tags were 'serve' and are none Affine" in said
    assert "Not compared for Other: not saved" in said
    assert "Not compared: method_name" in said


def test_notes_conflicts_and_sources_of_merged_reports_are_there() -> None:
    sides = [
        {"report": "one.json", "verdict": "refused", "outcome": "failed"},
        {"report": "two.json", "verdict": None, "outcome": None},
    ]
    sources = [
        {"file": "one.json", "started": "then", "seconds": 1.5, "had": 3, "cells": ["a", "b"]}
    ]
    told = made(
        [a_row(notes=("called with training=True",))],
        conflicts=[{"id": "affine", "cells": sides}],
        sources=sources,
    )
    assert told.said("notes").endswith(
        "called with training=True 1 cell, saved by 2.15, loaded by 1.15, by tf1_load"
    )
    conflict = "affine : refused (failed) in one.json ; not run (no test) in two.json"
    assert told.said("conflicts").endswith(conflict)
    assert "one.json then 1.5 3 2" in told.said("sources")


def test_without_cells_there_is_a_page_that_says_so() -> None:
    told = made([])
    assert "There are no cells." in told.text
    assert set(told.sections) == set()
    assert told.data["count"] == 0


def test_third_parties_and_raw_graphs_are_cells_like_others() -> None:
    rows = [
        a_row(save="acme.fast", load="acme_reader", expect=Expect.ROUND_TRIP),
        a_row(save="meta_graph.text", load="import_meta_graph", operation=Operation.FINE_TUNING),
        a_row(resave_runtime="2.8", operation=Operation.RESAVE),
    ]
    told = made(rows)
    assert {cell["saved"] for cell in told.cells()} == {
        *("acme.fast", "meta_graph.text", "builder, resave 2.8"),
    }
    assert told.data["order"]["saved"][0] == "meta_graph.text"  # the catalogue's come first
    assert "builder, resave 2.8" in told.said("matrix")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (34.4, "34 s"),
        (90, "2 min"),
        (3_599, "1 h 0 min"),
        (4_711, "1 h 19 min"),
    ],
)
def test_a_duration_is_told_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


# How it is asked for


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_run_writes_the_page_that_it_was_asked_for(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.agent(rules=[BROKEN])
    run = project.run_apart if workers else project.run
    result = run(
        *("--tf-report=out/report.html", "--tf-runtimes=1.15,2.15", "--tf-savers=builder"),
        *("--tf-loaders=tf1_load", *workers),
    )
    result.assert_outcomes(passed=5, failed=1)
    told = Page((project.path / "out" / "report.html").read_text(encoding="utf-8"))
    assert len(told.cells()) == 6
    assert "debug-name-attr" in told.said("failures")
    assert "2.15 fake 2.15.1" in told.said("runtimes")


def file_of(folder: Path, name: str, *rows: Row, **changes: Any) -> Path:
    """A JSON report of these rows."""
    content = report(
        rows, [RuntimeInfo("2.15", "venv", "2.15.1")], started=STARTED, seconds=1.5, tool="0.1"
    )
    write(folder / name, {**content, **changes})
    return folder / name


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_a_page_is_made_of_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    one, output = (
        file_of(tmp_path, "one.json", a_row(), broken(id="other")),
        tmp_path / "p.html",
    )
    assert main(["report", str(one), option, str(output)]) == 0  # whatever it says
    assert capsys.readouterr().out == f"{output}: 2 cells of 1 report\n"
    told = Page(output.read_text(encoding="utf-8"))
    assert len(told.cells()) == 2
    assert "sources" not in told.sections
    assert main(["report", str(one), "-o", str(tmp_path / "p.md")]) == 0
    assert (tmp_path / "p.md").read_text(encoding="utf-8").startswith("# TensorFlow round trips\n")


def test_shards_are_put_together_in_one_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = file_of(tmp_path, "one.json", a_row(), created(id="creation"))
    two = file_of(tmp_path, "two.json", broken(), created(id="creation"), a_row(id="other"))
    pages = [tmp_path / "page.html", tmp_path / "merged.html"]
    assert main(["report", str(one), str(two), "-o", str(pages[0])]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{pages[0]}: 3 cells of 2 reports\n"
    assert "reports disagree on affine-builder_2.15-to-tf1_load_1.15-inference" in captured.err
    merged = tmp_path / "merged.json"
    command = ["report", "merge", str(one), str(two), "-o", str(merged), "--html", str(pages[1])]
    assert main(command) == 1
    for path in pages:
        told = Page(path.read_text(encoding="utf-8"))
        assert len(told.cells()) == 3
        assert "Reports disagree on 1 result" in told.said("conflicts")
        assert "one.json" in told.said("sources")
    assert main(["report", str(merged), "-o", str(pages[0])]) == 0
    assert "Reports disagree on 1 result" in pages[0].read_text(encoding="utf-8")


def test_what_cannot_be_is_said_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = file_of(tmp_path, "one.json", a_row())
    page_ = tmp_path / "page.html"
    for words, says in (
        ([one, "-o", tmp_path / "page.json"], "page.json should end in .html or .md"),
        ([one, "-o", page_, "--html", tmp_path / "b.html"], "--html goes with `report merge`"),
        ([one, "-o", page_, "--markdown", tmp_path / "b.md"], "--markdown goes with"),
        (["merge", "-o", tmp_path / "m.json"], "FILE.json"),
        (["merge", one, "-o", tmp_path / "m.json", "--html", one], "is one of the reports"),
        (["merge", one, "-o", page_, "--html", page_], "--output and --html are both"),
        ([one, one, "-o", page_], "is named more than once"),
        ([tmp_path / "none.json", "-o", page_], "cannot be read"),
    ):
        assert main(["report", *map(str, words)]) == 2, words
        error = capsys.readouterr().err
        assert says in error
        assert "Traceback" not in error
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json"]


@pytest.mark.parametrize(
    "merged",
    [
        [],
        {"conflicts": 3},
        {"conflicts": [3]},
        {"conflicts": [{"id": "a"}]},
        {"conflicts": [{"id": 1, "cells": []}]},
        {"conflicts": [{"id": "a", "cells": [1]}]},
        {"conflicts": [{"id": "a", "cells": [{"report": [], "verdict": None, "outcome": None}]}]},
        {"conflicts": [{"id": "a", "cells": [{"report": {"a": 1}, "verdict": 1, "outcome": 2}]}]},
    ],
)
def test_a_merged_report_that_is_none_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], merged: object
) -> None:
    path = file_of(tmp_path, "one.json", a_row(), merged=merged)
    code = main(["report", str(path), "-o", str(tmp_path / "page.html")])
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert (code, f"{path} is no report" in error) == (2, True)
