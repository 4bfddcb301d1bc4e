from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.entries import read_entries

if TYPE_CHECKING:
    from pathlib import Path


def _write(folder: Path, text: str) -> Path:
    file = folder / "things.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_entries_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = _write(tmp_path, '[[thing]]\nid = "b"\nx = 1\n[[thing]]\nid = "a"\nx = 2\n')
    assert [entry["id"] for entry in read_entries(file, "thing", required=("x",))] == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[[thing]]\nid = "a"\n', "things.toml: thing a: lacks x"),
        ("[[thing]]\nx = 1\n", "things.toml: thing number 1: lacks id"),
        ('[[thing]]\nid = "a"\nx = 1\nmesages = 1\n', "thing a: unknown key mesages"),
        ('[[thing]]\nid = "a"\nx = 1\n[[thing]]\nid = "a"\nx = 1\n', "there are two of that id"),
    ],
)
def test_an_entry_out_of_form_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_entries(_write(tmp_path, text), "thing", required=("x",))
