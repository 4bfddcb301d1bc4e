"""A person's own model: the README's, word by word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .harness import HERE, run

if TYPE_CHECKING:
    from pathlib import Path

README = HERE.parents[1] / "README.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the README's two files."""
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert [name for name, _ in blocks] == ["affine.py", "test_model.py"]
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_break_exits_1_with_cause_and_remedy(project: Path) -> None:
    seen = run(project, "--tf-runtimes=1.15,2.15", "--tf-savers=builder,tf_module")
    assert seen.status == 1, seen.output
    broken = {key for key, outcome in seen.outcomes().items() if outcome == "failed"}
    assert broken == {
        f"affine-{saver}_2.15-to-{loader}_1.15-inference"
        for saver in ("builder", "tf_module")
        for loader in ("tf1_load", "tf2_load")
    }
    cell = seen.cells["affine-builder_2.15-to-tf1_load_1.15-inference"]
    assert cell["cause"] == "debug-name-attr"
    assert "attr 'debug_name'" in seen.output
    plain = " ".join(seen.output.split())
    assert "why: TensorFlow 2.15 and later write the attribute debug_name" in plain
    assert "what to do: Load it with TensorFlow 2.5 or later" in plain
    assert "what to do: Load it with TensorFlow 2.10 or later" in plain
    assert "Affine saved by 2.15 does not load under 1.15" in plain


def test_what_the_documents_exclude_does_not_fail(project: Path) -> None:
    """load_model on what Keras did not save, whatever TensorFlow says first."""
    seen = run(
        project,
        *("--tf-save-runtimes=2.15", "--tf-load-runtimes=1.15,2.15"),
        *("--tf-savers=builder,tf_module", "--tf-loaders=keras_load"),
    )
    assert seen.status == 0, seen.output
    loads = [cell for cell in seen.cells.values() if cell["load"]]
    assert {cell["outcome"] for cell in loads} == {"xfailed"}
    assert len(loads) == 4


def test_what_comes_back_the_same_exits_0(project: Path) -> None:
    seen = run(
        project,
        *("--tf-runtimes=2.15,2.21", "--tf-savers=builder,simple_save,tf_module"),
        "--tf-loaders=tf1_load,tf2_load",
    )
    assert seen.status == 0, seen.output
    assert set(seen.verdicts().values()) == {"same"}
    assert "Affine comes back the same in all 30 cells." in seen.output
