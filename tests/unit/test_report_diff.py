"""What changed from one run to another."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from a_row import a_row

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.report.diff import ALARMS, Kind, diff, told
from pytest_tfroundtrip.report.json_report import report, write
from pytest_tfroundtrip.report.lines import plain
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.report.rows import Row

SAME = a_row(verdict=Verdict.SAME)
ABSENT = a_row(verdict=Verdict.ABSENT)
NO_RUNTIME = a_row(verdict=Verdict.ENV_ERROR)
REFUSED = a_row(verdict=Verdict.REFUSED, message="no such op 'A'\nat 0x12", outcome="failed")
KNOWN = a_row(
    verdict=Verdict.REFUSED, message="no such op 'A'", cause="op-not-registered", remedy="Do B."
)
CRASHED = a_row(verdict=Verdict.CRASHED, message="signal 11", outcome="failed")


BROKEN = "was same; is refused (op-not-registered)"


def kinds(old: Row | None, new: Row | None) -> list[Kind]:
    return [change.kind for change in diff([old] if old else [], [new] if new else [])]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (SAME, REFUSED, Kind.BROKEN),
        (REFUSED, SAME, Kind.FIXED),
        (REFUSED, CRASHED, Kind.WORSE),
        (CRASHED, REFUSED, Kind.OTHER),
        (REFUSED, KNOWN, Kind.OTHER),
        (REFUSED, a_row(verdict=Verdict.REFUSED, message="another"), Kind.OTHER),
        (None, REFUSED, Kind.NEW),
        (ABSENT, REFUSED, Kind.NEW),
        (NO_RUNTIME, REFUSED, Kind.NEW),
        (SAME, a_row(verdict=Verdict.SAME, outcome="failed"), Kind.BROKEN),  # the test's own body
        (SAME, a_row(verdict=Verdict.SAME, max_abs_error=1e-6), Kind.NUMBERS),
        (SAME, None, Kind.GONE),
        (REFUSED, NO_RUNTIME, Kind.GONE),
        (SAME, a_row(verdict=None), Kind.GONE),
    ],
)
def test_every_change_has_its_kind(old: Row | None, new: Row | None, kind: Kind) -> None:
    assert kinds(old, new) == [kind]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SAME, SAME),
        (None, SAME),
        (ABSENT, None),
        (NO_RUNTIME, ABSENT),
        # The first line says what it was; addresses and paths are below it.
        (REFUSED, a_row(verdict=Verdict.REFUSED, message="no such op 'A'\nat 0x34")),
        (KNOWN, a_row(verdict=Verdict.REFUSED, message="in other words", cause=KNOWN.cause)),
    ],
)
def test_what_is_as_it_was_is_no_change(old: Row | None, new: Row | None) -> None:
    assert kinds(old, new) == []


def test_the_worst_comes_first() -> None:
    rows = [a_row(id=name) for name in "abc"]
    now = [rows[0], a_row(id="b", verdict=Verdict.REFUSED), a_row(id="c", max_abs_error=1e-3)]
    assert [change.kind for change in diff(rows, now)] == [Kind.BROKEN, Kind.NUMBERS]


def test_what_changed_alike_under_several_runtimes_is_told_once_with_its_remedy() -> None:
    old = [a_row(id=name, load_runtime=name) for name in ("2.15", "2.21")]
    new = [
        a_row(
            id=name, load_runtime=name, verdict=Verdict.REFUSED, cause=KNOWN.cause, remedy="Do B."
        )
        for name in ("2.15", "2.21")
    ]
    assert plain(told(diff(old, new), 100)).splitlines() == [
        "newly broken: 2 cells",
        f"  - Affine saved by builder, loaded by tf1_load, inference: {BROKEN}",
        "    under 2.15 -> 2.15 and 2.15 -> 2.21",
        "    Do B.",
    ]


def test_no_more_is_told_than_a_person_reads() -> None:
    old = [a_row(id=str(number), save=f"s{number}") for number in range(30)]
    new = [a_row(id=row.id, save=row.save, verdict=Verdict.REFUSED) for row in old]
    lines = plain(told(diff(old, new), 100)).splitlines()
    assert lines[0] == "newly broken: 30 cells"
    assert lines[-1] == "  ... and 10 more of the kind"


# The command


def a_file(path: Path, *rows: Row) -> str:
    started = datetime(2026, 1, 1, tzinfo=timezone.utc)
    write(path, report(rows, [], started=started, seconds=1.0, tool="0"), "here")
    return str(path)


@pytest.mark.parametrize(
    ("new", "code", "said"),
    [
        (SAME, 0, "1 cell, 1 cell before: all as they were"),
        (REFUSED, 1, "1 cell, 1 cell before: 1 newly broken"),
        (a_row(max_abs_error=1e-6), 0, "1 cell, 1 cell before: 1 other numbers"),
    ],
)
def test_what_is_newly_broken_fails_a_ci_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], new: Row, code: int, said: str
) -> None:
    files = a_file(tmp_path / "old.json", SAME), a_file(tmp_path / "new.json", new)
    assert main(["diff", *files]) == code
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_a_fix_alarms_nobody() -> None:
    assert Kind.FIXED not in ALARMS


def test_a_file_that_is_no_report_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.json").write_text("{}", encoding="utf-8")
    assert main(["diff", str(tmp_path / "old.json"), str(tmp_path / "old.json")]) == 2
    assert "old.json" in capsys.readouterr().err
