"""What TensorFlows write, shown while they write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.report.live import LiveLogs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def logs(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "one.log", tmp_path / "two.log"


def test_each_part_is_shown_once_below_the_name_of_its_step(
    logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    live = LiveLogs()
    one, two = logs
    one.write_text("a\n")
    live.follow(logs)
    live.follow(logs)
    one.write_text("a\nb\n")
    live.follow(logs)
    two.write_text("c\n")
    live.follow(logs)
    assert capsys.readouterr().out == "\n[one]\na\nb\n\n[two]\nc\n"


def test_a_character_may_come_in_two_parts(
    logs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    live = LiveLogs()
    one, _ = logs
    for content in (b"\xc3", b"\xc3\xa4", b"\xc3\xa4\xff\n"):
        one.write_bytes(content)
        live.follow(logs)
    assert capsys.readouterr().out == "\n[one]\n\N{LATIN SMALL LETTER A WITH DIAERESIS}\ufffd\n"
