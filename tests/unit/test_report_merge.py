"""Merging reports, and the command that does it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from a_row import a_pair, a_row, a_sentence, broken, created

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.json_report import _DECODERS, read, report, write
from pytest_tfroundtrip.report.merge import SEVERITY, ReportsDisagree, merge
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
from pytest_tfroundtrip.report.save_pairs import SavePair, Side
from pytest_tfroundtrip.report.statements import StatementRow
from pytest_tfroundtrip.vocabulary import Expect, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.report.merge import Merged

STARTED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
CREATION = created(id="affine-builder_2.15-creation")
INFO = RuntimeInfo("2.15", "docker", "2.15.1", lock="abc", image="sha256:1", import_seconds=2.0)


@pytest.fixture
def shard(tmp_path: Path) -> Callable[..., Path]:
    """Write a report of these rows."""

    def make(name: str, *rows: Row, infos: list[RuntimeInfo] | None = None, **top: Any) -> Path:
        kinds = {name: top.pop(name) for name in ("statements", "save_pairs") if name in top}
        content = report(rows, infos or [INFO], started=STARTED, seconds=1.5, tool="0.1", **kinds)
        path = tmp_path / f"{name}.json"
        write(path, content | top)
        return path

    return make


def merged(*paths: Path) -> Merged:
    return merge({path.stem: read(path) for path in paths})


def command(*arguments: object) -> int:
    try:
        return main(["report", "merge", *map(str, arguments)])
    except SystemExit as end:
        return int(end.code or 0)


# Reading back


def test_what_was_written_is_read_back(shard: Callable[..., Path]) -> None:
    rows = (
        a_row(max_abs_error=float("inf"), max_rel_error=0.5, not_compared=("names", "ranks")),
        broken(load="tf2_load", expect=Expect.DOCUMENTS, message="\ud800 half a character"),
        a_row(load="keras_load", verdict=None, outcome=None, signature=None),
        CREATION,
    )
    again = read(shard("one", *rows))
    assert set(again.rows) == set(rows)
    assert (again.runtimes, again.started, again.seconds) == ((INFO,), STARTED, 1.5)
    assert (again.tool, dict(again.merged)) == ("0.1", {})


def test_every_field_of_a_row_has_its_reader() -> None:
    for kind in (Row, RuntimeInfo, StatementRow, SavePair, Side, Change):
        for field in fields(kind):
            assert str(field.type).removesuffix(" | None") in _DECODERS, field.name


def test_what_a_newer_version_added_is_left_out(shard: Callable[..., Path]) -> None:
    path = shard("one", a_row(), weather="fine")
    content = json.loads(path.read_text())
    content["cells"][0]["colour"] = content["runtimes"][0]["colour"] = "blue"
    path.write_text(json.dumps(content))
    assert read(path).rows == (a_row(),)


# Sentences, pairs of saves


def test_sentences_and_pairs_are_read_back(shard: Callable[..., Path]) -> None:
    pairs = [a_pair(max_abs_error=float("nan")), a_pair(id="b", verdict=None, message="no save")]
    path = shard("one", a_row(notes=("a note",)), statements=[a_sentence()], save_pairs=pairs)
    again = read(path)
    assert again.rows[0].notes == ("a note",)
    assert again.statements == (a_sentence(),)
    assert again.save_pairs[1] == pairs[1]
    assert again.save_pairs[0].changes == pairs[0].changes
    content = json.loads(path.read_text())
    assert content["summary"]["statements"] == {"kept": 1}
    assert content["summary"]["save_pairs"] == {"drift": 1, "null": 1}
    assert content["save_pairs"][0]["old"] == {"save": "builder", "save_runtime": "1.15"}
    assert content["save_pairs"][0]["changes"][0]["part"] == "tags"


def test_merged_reports_have_each_sentence_under_each_runtime_once(
    shard: Callable[..., Path],
) -> None:
    known = a_sentence(runtime="2.21", verdict="contradicted", outcome="xfailed", why="since 3")
    not_run = a_sentence(verdict=None, outcome=None)
    both = merged(
        shard("one", statements=[known, not_run]),
        shard("two", statements=[a_sentence(), a_sentence(case="other")]),
    )
    assert [(row.case, row.runtime) for row in both.statements] == [
        *(("tracks", "2.15"), ("tracks", "2.21"), ("other", "2.15")),
    ]
    assert both.statements[0].verdict == "kept"
    assert [each["id"] for each in both.content["statements"]] == [
        *("tracks-2.15", "tracks-2.21", "other-2.15"),
    ]
    assert not both.failed


def test_reports_that_disagree_on_a_sentence_are_told_and_the_worse_stands(
    shard: Callable[..., Path],
) -> None:
    failed = a_sentence(verdict="contradicted", outcome="failed")
    both = merged(shard("one", statements=[a_sentence()]), shard("two", statements=[failed]))
    assert both.statements == (failed,)
    (conflict,) = both.conflicts
    assert conflict["id"] == "tracks-2.15"
    assert [side["verdict"] for side in conflict["cells"]] == ["contradicted", "kept"]
    assert both.failed


def test_a_sentence_that_failed_makes_the_job_that_merges_red(
    shard: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, failed = a_sentence(), a_sentence(case="other", outcome="failed")
    path = shard("one", a_row(), statements=[kept, failed], save_pairs=[a_pair()])
    output, markdown = tmp_path / "merged.json", tmp_path / "merged.md"
    assert command(path, "--output", output, "--markdown", markdown) == 1
    out = capsys.readouterr().out
    assert "builder@1.15 -> tf_module@2.15: drift for Affine" in out
    assert "- other under 2.15: kept" in out
    assert out.endswith(f"{output}: 1 cell, 2 cases, 1 save pair of 1 report\n")
    assert "| `other` | ❌ failed |" in markdown.read_text(encoding="utf-8")


def test_a_pair_that_was_compared_stands_for_one_that_was_not(shard: Callable[..., Path]) -> None:
    missing = a_pair(verdict=None, changes=(), message="not among this run's saves")
    both = merged(shard("one", save_pairs=[missing]), shard("two", save_pairs=[a_pair()]))
    assert both.save_pairs == (a_pair(),)
    assert both.conflicts == ()
    assert not both.failed


def test_pairs_of_models_of_one_name_are_told_apart_as_cells_are(
    shard: Callable[..., Path],
) -> None:
    rows = a_row(file="a.py"), a_row(file="b.py")
    both = merged(shard("one", *rows, save_pairs=[a_pair(file="a.py", model="a.py:Affine")]))
    assert [row.model for row in both.rows] == ["a.py:Affine", "b.py:Affine"]
    assert [pair.model for pair in both.save_pairs] == ["a.py:Affine"]


# Cells


def test_shards_become_one_report_with_every_cell_once(shard: Callable[..., Path]) -> None:
    one = shard("one", CREATION, a_row(load_runtime="1.15"))
    other = a_row(load_runtime="2.15", id="other")
    two = shard("two", CREATION, other, started="2025-01-01T00:00:00+00:00")
    both = merged(one, two)
    assert [row.load_runtime for row in both.rows] == ["", "1.15", "2.15"]
    assert both.content["summary"]["cells"] == 3
    assert (both.content["schema"], both.content["seconds"]) == (1, 3.0)
    assert both.content["started"] == "2025-01-01T00:00:00+00:00"
    assert not both.failed
    told = [(each["file"], each["had"], len(each["cells"])) for each in _reports(both)]
    assert told == [("one", 2, 2), ("two", 2, 1)]


def _reports(of: Merged) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = of.content["merged"]["reports"]
    return reports


@pytest.mark.parametrize(
    "lesser",
    [
        a_row(outcome=None),
        a_row(outcome="skipped"),
        a_row(verdict=None, outcome=None),
        a_row(verdict=None, outcome="skipped"),
        a_row(reused=True),
    ],
    ids=["no test", "skipped", "not run", "skipped before it ran", "from the store"],
)
def test_of_equal_cells_the_one_that_tells_most_is_taken(
    shard: Callable[..., Path], lesser: Row
) -> None:
    one, two = shard("one", lesser), shard("two", a_row())
    for paths in ((one, two), (two, one)):
        both = merged(*paths)
        assert (both.rows, both.conflicts) == ((a_row(),), ())
        assert [each["file"] for each in _reports(both) if each["cells"]] == ["two"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (a_row(), broken()),
        (a_row(), a_row(outcome="failed")),
        (a_row(outcome="xfailed", verdict=Verdict.REFUSED), broken()),
        (a_row(), a_row(outcome="xfailed", verdict=Verdict.REFUSED)),
        (a_row(), a_row(outcome="skipped", verdict=Verdict.UNSAVED)),
        (a_row(verdict=Verdict.UNSAVED, outcome=None), a_row(verdict=Verdict.CRASHED)),
    ],
)
def test_unequal_cells_are_told_and_the_worse_one_stands(
    shard: Callable[..., Path], better: Row, worse: Row
) -> None:
    paths = shard("better", better), shard("worse", worse)
    for order in (paths, paths[::-1]):
        both = merged(*order)
        assert both.rows == (worse,)
        assert both.failed
        (conflict,) = both.conflicts
        assert conflict["id"] == worse.id
        assert [side["report"] for side in conflict["cells"]] == ["worse", "better"]
        assert conflict["cells"][0]["verdict"] == worse.verdict
        assert both.content["merged"]["conflicts"] == [dict(conflict)]


def test_a_conflict_is_not_forgotten_when_a_merged_report_is_merged_again(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    first = merged(shard("one", a_row()), shard("two", broken(outcome="xfailed")))
    path = tmp_path / "first.json"
    write(path, first.content)
    again = merged(path, shard("three", CREATION))
    assert again.failed
    assert again.conflicts == first.conflicts
    assert [each["file"] for each in _reports(again)[0]["merged"]] == ["one", "two"]


def test_every_verdict_has_its_place_among_the_worst() -> None:
    assert set(SEVERITY) == {*Verdict, "kept", "contradicted", None}


def test_models_of_one_name_in_two_shards_are_two_models(shard: Callable[..., Path]) -> None:
    both = merged(
        shard("one", a_row(file="a.py")),
        shard("two", a_row(file="b.py", verdict=Verdict.REFUSED, outcome="xfailed")),
        shard("both", a_row(file="a.py"), a_row(file="c.py")),
    )
    assert [row.model for row in both.rows] == ["a.py:Affine", "b.py:Affine", "c.py:Affine"]
    assert [row.id[:5] for row in both.rows] == ["a.py:", "b.py:", "c.py:"]
    assert both.conflicts == ()


def test_a_conflict_has_the_name_that_its_cell_has_in_the_end(shard: Callable[..., Path]) -> None:
    both = merged(
        shard("one", a_row(file="a.py")),
        shard("two", broken(file="a.py")),
        shard("three", a_row(file="b.py")),
    )
    (conflict,) = both.conflicts
    assert conflict["id"] == both.rows[0].id == f"a.py:{a_row().id}"


def test_an_installed_package_is_the_same_wherever_it_is(shard: Callable[..., Path]) -> None:
    both = merged(
        shard("one", a_row(file="/home/ann/site-packages/reference/models.py")),
        shard("two", a_row(file="/home/bob/site-packages/reference/models.py")),
    )
    assert len(both.rows) == 1


# Runtimes


@pytest.mark.parametrize(
    ("field", "value"),
    [("tensorflow", "2.15.0"), ("lock", "def"), ("image", "sha256:2"), ("provider", "venv")],
)
def test_a_runtime_that_is_not_the_same_everywhere_is_a_complaint(
    shard: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    field: str,
    value: str,
) -> None:
    changed: dict[str, Any] = {field: value}
    other = replace(INFO, **changed)
    one, two = shard("one", a_row()), shard("two", a_row(), infos=[other])
    with pytest.raises(ReportsDisagree, match=rf"2\.15 is not the same .* its {field} is"):
        merged(one, two)
    assert command(one, two, "--output", tmp_path / "merged.json") == 1
    assert value in capsys.readouterr().err
    assert not (tmp_path / "merged.json").exists()


def test_a_shard_that_did_not_need_a_runtime_does_not_disagree(shard: Callable[..., Path]) -> None:
    paths = shard("one", a_row(), infos=[RuntimeInfo("2.15", "auto")]), shard("two", CREATION)
    for order in (paths, paths[::-1]):
        assert merged(*order).runtimes == (INFO,)


def test_a_runtime_whose_saves_were_in_the_store_is_the_one_that_made_them(
    shard: Callable[..., Path],
) -> None:
    """A shard takes them from there: the runtime itself did not run, and has no lock or image."""
    stored = RuntimeInfo("2.15", "store", "2.15.1")
    for infos in ([INFO], [stored]), ([stored], [INFO]):
        one, other = (
            shard(name, a_row(), infos=each) for name, each in zip("ab", infos, strict=True)
        )
        assert merged(one, other).runtimes == (INFO,)


def test_two_versions_of_this_project_are_a_complaint(shard: Callable[..., Path]) -> None:
    with pytest.raises(ReportsDisagree, match=r"one was written by .* 0\.1, two by 0\.2"):
        merged(shard("one", a_row()), shard("two", a_row(), tool="0.2"))


# The command


def test_the_command_writes_prints_and_passes(
    shard: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = shard("one", CREATION), shard("two", CREATION, a_row())
    output, page = tmp_path / "new" / "merged.json", tmp_path / "new" / "merged.md"
    assert command(one, two, "--output", output, "--markdown", page) == 0
    out, err = capsys.readouterr()
    assert "saved by 2.15   loaded by 1.15" in out
    assert "Affine comes back the same in all 2 cells." in out
    assert out.endswith(f"{output}: 2 cells of 2 reports\n")
    assert err == ""
    assert len(read(output).rows) == 2
    assert page.read_text(encoding="utf-8").startswith("# TensorFlow round trips\n")
    assert command(output, "--output", tmp_path / "again.json") == 0


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_failure_makes_the_job_that_merges_red(
    shard: Callable[..., Path], tmp_path: Path, outcome: str
) -> None:
    path = shard("one", broken(outcome=outcome, message="\ud800", cause=None))
    assert command(path, "--output", tmp_path / "merged.json") == 1
    assert (tmp_path / "merged.json").is_file()


def test_a_conflict_makes_the_job_red_and_is_printed(
    shard: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = shard("one", a_row())
    two = shard("two", a_row(verdict=Verdict.REFUSED, outcome="xfailed"))
    output, page = tmp_path / "merged.json", tmp_path / "merged.md"
    assert command(one, two, "--output", output, "--markdown", page) == 1
    err = capsys.readouterr().err
    assert f"reports disagree on {a_row().id}: refused (xfailed) in {two}; same (passed)" in err
    assert "## Reports disagree on 1 result" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no JSON"),
        ("\xff", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no report"),
        ('{"a": 1}', "is no report"),
        ('{"schema": 2, "cells": []}', "its schema is 2, not 1"),
        ('{"schema": 1, "cells": []}', "it has no 'tool'"),
        ('{"schema": 1, "cells": 3, "tool": "", "started": 0}', "a string was expected, not 0"),
    ],
)
def test_what_is_no_report_is_a_usage_error(
    shard: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    says: str,
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content, encoding="latin-1")
    assert command(shard("one", a_row()), path, "--output", tmp_path / "merged.json") == 2
    err = capsys.readouterr().err
    assert f"{path} is no" in err
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "merged.json").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "fine"}, "'fine' is not a valid Verdict"),
        ({"contradiction": "no"}, "true or false was expected"),
        ({"nodeids": "a"}, "a list was expected"),
        ({"seconds": "long"}, "could not convert"),
    ],
)
def test_a_cell_that_is_none_is_named(
    shard: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object],
    says: str,
) -> None:
    path = shard("one", a_row())
    content = json.loads(path.read_text())
    content["cells"][0] |= change
    path.write_text(json.dumps(content))
    assert command(path, "--output", tmp_path / "merged.json") == 2
    err = capsys.readouterr().err
    assert f"{next(iter(change))!r} of {a_row().id!r}" in err
    assert says in err


def test_wrong_arguments_are_usage_errors(
    shard: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, output = shard("one", a_row()), tmp_path / "merged.json"
    for arguments, says in (
        (["--output", output], "FILE.json"),
        ([one], "--output"),
        ([tmp_path, "--output", output], "cannot be read: Is a directory"),
        ([tmp_path / "none.json", "--output", output], "cannot be read: No such file"),
        ([one, one, "--output", output], "is named more than once"),
        ([one, "--output", one], "is one of the reports to merge"),
        ([one, "--output", output, "--markdown", output], "name two files"),
        ([one, "--output", tmp_path], "Give --output a file"),
    ):
        assert command(*arguments) == 2, arguments
        assert says in capsys.readouterr().err
    assert command("--help") == 0
    assert "Exit codes: 0 merged, and nothing failed" in " ".join(capsys.readouterr().out.split())
