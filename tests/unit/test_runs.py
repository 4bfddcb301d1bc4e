from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.engine.runs import RunFolder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_leaves_nothing(tmp_path: Path) -> None:
    run = RunFolder.make(tmp_path, None)
    run.file("agent-2.15", "log").write_text("text")
    assert run.folder("a/b") != run.folder("a/b")
    run.remove()
    assert not run.path.exists()


def test_what_a_dead_run_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "runs" / "dead"
    dead.mkdir(parents=True)
    (dead / ".alive").touch()
    living = RunFolder.make(tmp_path, None)
    another = RunFolder.make(tmp_path, None)
    assert not dead.exists()
    assert living.path.exists()
    for run in (living, another):
        run.remove()


def test_runs_that_start_together_do_not_sweep_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: RunFolder.make(tmp_path, None), range(64)))
    assert all(run.path.exists() for run in runs)
    for run in runs:
        run.remove()


def test_a_kept_run_stays_and_is_not_shared(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    run = RunFolder.make(tmp_path, keep)
    with pytest.raises(OSError, match="another run is using"):
        RunFolder.make(tmp_path, keep)
    run.remove()
    assert keep.exists()
