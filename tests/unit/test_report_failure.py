from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from a_row import a_row, broken, contradicted, created

from pytest_tfroundtrip.report.failure import failure_text, log_tail
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.report.rows import Row


def test_a_failure_says_what_why_and_what_to_do() -> None:
    row = contradicted(
        stage=Stage.LOAD,
        exception="NotFoundError",
        not_compared=("tags", "method_name"),
        log="/run/7.log",
        note="it was expected to load",
    )
    assert failure_text(row, log=["last words"]).splitlines() == [
        "Affine saved by builder under 2.15 and loaded by tf1_load under 1.15: refused",
        "while loading",
        "",
        "NotFoundError: Op type not registered 'DisableCopyOnRead'",
        "",
        "but: it was expected to load",
        "why: A newer TensorFlow wrote an op that this one does not know.",
        "  [disable-copy-on-read]",
        "what to do: Save with TensorFlow 2.11 or older.",
        'promise: promised, "A TF2 SavedModel can be loaded from TF1." (The guide)',
        "not compared: tags, method_name",
        "rerun: pytest --tf-roundtrip test_a.py::test",
        "log: /run/7.log",
        "  last words",
    ]


def test_what_nobody_can_explain_comes_with_the_command_that_shows_it_whole() -> None:
    assert failure_text(broken(cause=None, why=None, remedy=None)).splitlines()[-3:] == [
        "rerun: pytest --tf-roundtrip test_a.py::test",
        "no known cause. To report it, with TensorFlow's whole log:",
        "  TF_ROUNDTRIP_LOG_LEVEL=0 pytest --tf-roundtrip test_a.py::test -s",
    ]
    assert "To report it" not in failure_text(broken())


def test_notes_of_the_loader_stand_with_a_failure() -> None:
    lines = failure_text(broken(notes=tuple(f"path {n} was not reached" for n in range(7))))
    assert "note: path 0 was not reached\n" in lines
    assert "note: path 4 was not reached\n... and 2 more notes: see --tf-report\nrerun" in lines


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (created(verdict=Verdict.REFUSED, stage=Stage.SAVE), "under 2.15: refused while saving"),
        (a_row(verdict=Verdict.CRASHED, stage=Stage.CALL), "crashed while calling"),
        (a_row(verdict=Verdict.TIMEOUT, stage=Stage.LOAD), "timeout while loading"),
        (a_row(verdict=Verdict.DRIFT, stage=Stage.COMPARE), "drift (the values are equal, the"),
        (a_row(verdict=Verdict.DIFFERS, stage=Stage.COMPARE), "under 1.15: differs rerun"),
        (a_row(verdict=Verdict.UNSAVED, stage=Stage.SAVE), "unsaved (there was nothing to load)"),
        (a_row(verdict=Verdict.ENV_ERROR, stage=Stage.ENV), "env_error (this says nothing of the"),
        (a_row(), "under 1.15: same rerun"),
        (a_row(verdict=None), "not run"),
    ],
)
def test_the_first_sentence_says_the_verdict_and_where(row: Row, said: str) -> None:
    assert said in " ".join(failure_text(row).split())


def test_tensorflows_text_keeps_its_lines() -> None:
    long = "word " * 40
    assert f"{long}\n  indented" in failure_text(broken(message=f"{long}\n  indented"))


def test_an_exception_is_not_named_twice() -> None:
    text = failure_text(broken(exception="OSError", message="OSError: gone"))
    assert "OSError: OSError" not in text


def test_a_long_text_is_cut_in_its_middle() -> None:
    message = "\n".join(f"line {number}" for number in range(100))
    text = failure_text(broken(message=message, log="/run/7.log"))
    assert "line 14\n... 70 lines left out, see log ...\nline 85" in text
    assert "line 99" in text


def test_the_tail_of_a_log_is_read_whatever_bytes_are_in_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\n" + b"x\n" * 50 + b"end")
    assert log_tail(log, 2) == ["x", "end"]
    assert log_tail(tmp_path / "gone") == []
    assert log_tail(None) == []
