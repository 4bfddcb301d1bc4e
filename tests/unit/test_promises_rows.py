"""What full runs have shown, row by row, and what promises.toml and causes.toml make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.promises import rows
from pytest_tfroundtrip.promises.rows import Change, Key, Seen, changes, of_report, read, write
from pytest_tfroundtrip.vocabulary import Operation, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SAME = Seen(Promise.PROMISED, Verdict.SAME, None)
BROKEN = Seen(Promise.PROMISED, Verdict.REFUSED, "debug-name-attr")
LOADED = Key("Affine", "builder.ref", "1.15", "", "tf1_load", "2.21+v1", Operation.INFERENCE)
ROWS = {
    Key("Affine", "builder.ref", "1.15", "", "", "", Operation.CREATION): SAME,
    LOADED: BROKEN,
    LOADED._replace(load_runtime="1.15", operation=Operation.FINE_TUNING): SAME,
    LOADED._replace(save_runtime="2.9", resave_runtime="2.15"): SAME,
    LOADED._replace(save_runtime="2.9", load="tf2_load", operation=Operation.RESAVE): SAME,
    Key("AddTwo", "tf_module", "2.21", "", "c_api", "2.8", Operation.INFERENCE): SAME,
}


def a_cell(**changed: Any) -> dict[str, Any]:
    words: dict[str, Any] = {
        **LOADED._asdict(), "id": "an-id", "promise": "promised", "verdict": "refused",
        "cause": "debug-name-attr", "message": "",
    }  # fmt: skip
    return {**words, **changed}


def test_rows_survive_the_file() -> None:
    text = write(ROWS)
    assert read(text) == ROWS
    assert write(read(text)) == text


def test_runs_that_show_the_same_make_the_same_file() -> None:
    assert write(dict(reversed(ROWS.items()))) == write(ROWS)


def test_what_is_new_changes_no_line_of_the_rest() -> None:
    before = write(ROWS)
    new = replace(SAME, verdict=Verdict.CRASHED)
    after = write({**ROWS, LOADED._replace(model="Other"): new}, before)
    assert set(before.splitlines()) < set(after.splitlines())
    assert write(read(after), after) == after


@pytest.mark.parametrize("line", ["seen aa promised", "Affine builder tf1_load: aa"])
def test_a_line_that_is_not_in_form_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 3"):
        read(f"# made by\nruntimes 1.15\n{line} gone\n")


def test_a_reports_cells_are_rows() -> None:
    not_there = [a_cell(model="AddTwo", verdict=verdict) for verdict in (None, "absent")]
    assert of_report([a_cell(), *not_there]) == {LOADED: BROKEN}


def test_a_runtime_that_could_not_be_had_says_nothing_of_a_row() -> None:
    with pytest.raises(UsageProblem, match=r"an-id.*could not be had: no uv"):
        of_report([a_cell(verdict="env_error", message="no uv")])


@pytest.mark.parametrize(
    "seen",
    [
        replace(BROKEN, cause=None),
        replace(BROKEN, promise=Promise.UNPROMISED),
        replace(BROKEN, verdict=Verdict.DIFFERS),
    ],
)
def test_a_row_whose_promise_verdict_or_cause_is_another_has_changed(seen: Seen) -> None:
    (change,) = changes(ROWS, {**ROWS, LOADED: seen})
    assert change == Change(LOADED, BROKEN, seen)
    assert str(change).startswith(f"{LOADED}: was promised, refused (debug-name-attr); is ")


def test_a_row_that_was_never_seen_is_a_change() -> None:
    new = LOADED._replace(model="Other")
    (change,) = changes(ROWS, {new: SAME})
    assert "was not there; is promised, same" in str(change)


@pytest.fixture
def kept_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of rows that the command takes for the project's."""
    file = tmp_path / "rows.txt"
    file.write_text(write(ROWS), encoding="utf-8")
    monkeypatch.setattr(rows, "ROWS_FILE", file)
    monkeypatch.setattr("pytest_tfroundtrip.commands.rows.ROWS_FILE", file)
    rows.kept.cache_clear()
    yield file
    rows.kept.cache_clear()


def a_report(folder: Path, *cells: Mapping[str, Any]) -> str:
    file = folder / "report.json"
    content = {"cells": cells, "runtimes": [], "started": "2026-01-01", "tool": "0"}
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def test_a_run_is_compared_row_by_row(kept_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = a_report(kept_file.parent, a_cell())
    assert main(["rows", "compare", report]) == 0
    assert "1 rows, 0 not as they are kept. 5 kept rows are not in" in capsys.readouterr().out
    assert main(["rows", "compare", "--all", report]) == 1
    changed = a_report(kept_file.parent, a_cell(verdict="same", cause=None))
    assert main(["rows", "compare", changed]) == 1
    assert "was promised, refused (debug-name-attr); is promised, same" in capsys.readouterr().out


def test_what_a_run_shows_is_kept_beside_the_rest(kept_file: Path) -> None:
    report = a_report(kept_file.parent, a_cell(verdict="same", cause=None))
    assert main(["rows", "keep", report]) == 0
    assert read(kept_file.read_text(encoding="utf-8")) == {**ROWS, LOADED: SAME}
    assert main(["rows", "keep", "--all", report]) == 0
    assert read(kept_file.read_text(encoding="utf-8")) == {LOADED: SAME}
