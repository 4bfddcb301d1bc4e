"""What is accepted as broken, on real releases; and what changed from one run to another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_tfroundtrip.__main__ import main

from .harness import REFERENCE, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MATRIX = (
    *(*REFERENCE, "-k", "affine", "--tf-expect=round_trip", "--tf-baseline=baseline.toml"),
    *("--tf-runtimes=1.15,2.15", "--tf-savers=tf_module", "--tf-loaders=tf1_load,tf2_load"),
)


def test_what_1_15_cannot_read_is_accepted_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = run(tmp_path, *MATRIX, "--tf-baseline-update")
    assert noted.status == 0, noted.output
    assert "2 entries, 2 without a reason" in noted.output
    file = tmp_path / "baseline.toml"
    text = file.read_text(encoding="utf-8")
    for cause in ("debug-name-attr", "disable-copy-on-read"):
        assert f'cause = "{cause}"' in text
    file.write_text(text.replace('reason = ""', 'reason = "1.15 goes"'), encoding="utf-8")
    accepted = run(tmp_path, *MATRIX)
    assert accepted.status == 0, accepted.output
    forward = [key for key in accepted.cells if "_2.15-to-" in key and "_1.15-inference" in key]
    assert {accepted.outcomes()[key] for key in forward} == {"xfailed"}
    assert len(forward) == 2
    # The same cells without the baseline: nothing of what was seen is another.
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(noted.report), encoding="utf-8")
    new.write_text(json.dumps(accepted.report), encoding="utf-8")
    assert main(["diff", str(old), str(new)]) == 0
    assert "10 cells, 10 cells before: all as they were" in capsys.readouterr().out


def test_an_accepted_cell_that_works_fails(tmp_path: Path) -> None:
    (tmp_path / "baseline.toml").write_text(
        '[[accept]]\ncells = "affine-tf_module_1.15-to-*"\nverdict = "refused"\nreason = "no"\n',
        encoding="utf-8",
    )
    seen = run(tmp_path, *MATRIX, "--tf-save-runtimes=1.15")
    assert seen.status == 1
    assert "But it is the same" in seen.output
