"""The documents' own models on 1.15, 2.15 and 2.21, against a table written by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.promises.rows import changes, kept, of_report
from tests.documents import Command, blocks

from .harness import HERE
from .tables import contradicting, creations, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Reference

RELEASES = ("1.15", "2.15", "2.21")
# The names that DESIGN promises to other programs.
CELL = {
    *("id", "model", "save", "save_runtime", "load", "load_runtime", "operation", "direction"),
    *("promise", "verdict", "outcome", "contradiction", "stage", "exception", "message", "cause"),
    *("remedy", "max_abs_error", "max_rel_error", "seconds", "signature", "command"),
}
RUNTIME = {
    *("name", "provider", "tensorflow", "keras", "tensorflow_hub", "numpy", "python"),
    *("import_seconds",),
}


def test_it_ends_green(reference: Reference) -> None:
    assert reference.first.status == 0, reference.first.output
    assert reference.first.report["summary"]["cells"] == 450


def test_it_prints_what_the_readme_says(reference: Reference) -> None:
    (block,) = (each for each in blocks("README.md") if each.language == "text")
    shown = Command(block.place, (), "", f"...\n{block.text}...")
    assert shown.is_said(reference.first.output), reference.first.output


def test_every_verdict_is_as_the_table_says(reference: Reference) -> None:
    loads = read_table(HERE / "data" / "reference.txt", RELEASES)
    assert len(loads) == 3 * 15 * 9
    table = loads | creations(loads)
    assert not list(contradicting(table, reference.first.cells))


def test_every_row_is_as_full_runs_have_shown(reference: Reference) -> None:
    rows = of_report(reference.first.report["cells"])
    assert len(rows) == 420  # 30 are of Estimators of 2.21, which has none
    assert [str(change) for change in changes(kept(), rows)] == []


def test_what_is_same_passes_and_nothing_else_does(reference: Reference) -> None:
    expected = {"same": "passed", "refused": "xfailed", "drift": "xfailed"}
    assert reference.first.outcomes() == {
        key: expected.get(verdict) for key, verdict in reference.first.verdicts().items()
    }


def test_same_means_the_same_numbers(reference: Reference) -> None:
    same = [cell for cell in reference.first.cells.values() if cell["verdict"] == "same"]
    assert max(cell["max_abs_error"] for cell in same) < 1e-6
    assert not [cell["id"] for cell in same if cell["max_abs_error"] is None]


def test_contradictions_are_listed_by_cause(reference: Reference) -> None:
    """Each number is counted in the table: promised cells of each word."""
    counted = Counter(
        cell["cause"] for cell in reference.first.cells.values() if cell["contradiction"]
    )
    assert counted == {
        # tf1_load and tf2_load in 1.15 of what TF1's savers wrote: AddTwo's Estimator (2), and of
        # both models with variables three savers of 2.15 and two of 2.21 (2 * 5 * 2). tf1_load of
        # what tf.saved_model.save (2.15, 2.21) and Keras (2.15) wrote (2 * 3).
        "debug-name-attr": 2 + 20 + 6,
        # tf2_load of the latter.
        "disable-copy-on-read": 6,
        # load_model of 2.21 on what Keras wrote under 1.15 and 2.15, for three models.
        "keras3-loads-no-savedmodel": 6,
        "keras3-saves-no-savedmodel": 3,
        "uninitialized-ref-in-graph-mode": 2,
    }
    output = reference.first.output
    assert "contradictions: the documents promise it, TensorFlow breaks it" in output
    assert "debug-name-attr: 28 cells, saved by 2.15 and 2.21, loaded by 1.15" in output
    assert output.count("disable-copy-on-read: 6 cells") == 1
    assert "TensorFlow kept its promises in" in output


def test_every_break_has_a_cause_and_a_remedy(reference: Reference) -> None:
    broken = [c for c in reference.first.cells.values() if c["verdict"] in ("refused", "drift")]
    assert len(broken) == 150
    assert not [cell["id"] for cell in broken if not (cell["cause"] and cell["remedy"])]


def test_the_json_has_the_promised_names(reference: Reference) -> None:
    report = reference.first.report
    assert report["schema"] == 1
    assert {"tool", "started", "seconds", "runtimes", "cells", "summary"} <= report.keys()
    assert {"verdict", "promise", "outcome"} <= report["summary"].keys()
    assert not [cell["id"] for cell in report["cells"] if not cell.keys() >= CELL]
    for runtime in report["runtimes"]:
        assert runtime.keys() >= RUNTIME
        assert runtime["lock"] or runtime["image"]
    versions = {runtime["name"]: runtime["tensorflow"] for runtime in report["runtimes"]}
    assert versions == {"1.15": "1.15.5", "2.15": "2.15.1", "2.21": "2.21.0"}


def test_the_page_has_every_cell_and_why_it_broke(reference: Reference, tmp_path: Path) -> None:
    report, output = tmp_path / "report.json", tmp_path / "report.html"
    report.write_text(json.dumps(reference.first.report), encoding="utf-8")
    assert main(["report", str(report), "--output", str(output)]) == 0
    html = output.read_text(encoding="utf-8")
    data = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    facts = [data["facts"][place] for place in data["columns"]["fact"]["at"]]
    cells = reference.first.cells.values()
    for name in ("verdict", "cause", "promise", "thread"):
        seen = Counter(cell[name] for cell in cells)
        assert Counter(fact.get(name) for fact in facts) == seen
    contradicting = {cell["cause"] for cell in cells if cell["contradiction"]}
    assert contradicting == set(re.findall(r"<h4>([a-z0-9-]+) ", html))
    # What broke has a place to read on.
    broken = [fact for fact in facts if fact["verdict"] in ("refused", "drift")]
    assert len(broken) == 150
    assert all(fact["thread"].startswith("https://") for fact in broken)
    drifts = [fact["changes"] for fact in facts if fact["verdict"] == "drift"]
    renamed = "signature 'serving_default': input 'x' became 'input_1'"
    assert ["input", renamed] in [change for changes in drifts for change in changes]


def test_the_second_run_saves_nothing(reference: Reference) -> None:
    made = [
        cell["id"]
        for cell in reference.second.cells.values()
        if cell["operation"] == "creation" and cell["verdict"] == "same" and not cell["reused"]
    ]
    assert not made


def test_verdicts_are_the_same_three_times(reference: Reference) -> None:
    runs = (reference.first, reference.second, reference.distributed)
    assert runs[0].verdicts() == runs[1].verdicts() == runs[2].verdicts()
    assert runs[0].outcomes() == runs[1].outcomes() == runs[2].outcomes()
    assert [each.status for each in runs] == [0, 0, 0]
