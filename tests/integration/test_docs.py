"""What the documents say that TensorFlow does, on real releases: commands and their output.

The rest of them is in ``tests/unit/test_documents.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.documents import FIRST_STEPS, Command, commands, write

from .harness import HERE, private_cache, run

if TYPE_CHECKING:
    from pathlib import Path

INI = "[pytest]\ntf_provider = venv\n"  # a machine with images would take these
DATA = HERE.parent / "data" / "savedmodels"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the README's model and test."""
    write("README.md", tmp_path)
    (tmp_path / "test_accepted.py").unlink()
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


def said(command: Command, folder: Path, cache: Path) -> str:
    """What a command prints in a folder, without plugins that the reader need not have."""
    words = list(command.words)
    if words[0] == "pytest":
        words = ["python", "-m", *words, "-p", "no:randomly", "-p", "no:pytest_cov"]
    kept = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env={**kept, "COLUMNS": "80", "TF_ROUNDTRIP_CACHE": str(cache)},
        input=command.typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout, done.stderr
    return done.stdout


def test_the_first_steps_print_what_the_page_says(tmp_path: Path) -> None:
    """In order: what the first command saves, the later ones take."""
    folder = tmp_path / "project"
    folder.mkdir()
    write(FIRST_STEPS, folder)
    (folder / "pytest.ini").write_text(INI, encoding="utf-8")
    cache = private_cache(tmp_path)
    held = [each for each in commands(FIRST_STEPS) if each.words[0] == "pytest"]
    assert [bool(each.said) for each in held] == [True, True, True]
    for command in held:
        output = said(command, folder, cache)
        assert command.is_said(output), f"{command}\n{output}"


def test_the_baseline_of_the_page_accepts_what_breaks(tmp_path: Path) -> None:
    write("docs/ci.md", tmp_path)
    (command,) = (
        each
        for each in commands("docs/ci.md")
        if "--tf-baseline=baseline.toml" in each.words and "--tf-baseline-update" not in each.words
    )
    seen = run(tmp_path, *command.words[1:])
    assert seen.status == 0, seen.output
    outcomes = list(seen.outcomes().values())
    assert outcomes.count("failed") == 0
    assert [outcomes.count("passed"), outcomes.count("xfailed")] == [34, 26]


def test_who_reads_which_folder_is_as_the_page_says(tmp_path: Path) -> None:
    (command,) = (
        each for each in commands("docs/folders.md") if each.words[0] == "pytest" and each.said
    )
    without = shutil.ignore_patterns("tf_roundtrip")
    for name, model in (("half_plus_two", "tf_module-2.15"), ("old", "builder-1.15")):
        shutil.copytree(DATA / model, tmp_path / "models" / name, ignore=without)
    (tmp_path / "pytest.ini").write_text(INI, encoding="utf-8")
    output = said(command, tmp_path, private_cache(tmp_path))
    assert command.is_said(output), output


def test_a_shell_is_as_the_page_says(tmp_path: Path) -> None:
    (command,) = (each for each in commands("docs/folders.md") if "shell" in each.words)
    folder = tmp_path / "models" / "half_plus_two"
    without = shutil.ignore_patterns("tf_roundtrip")  # its record, of which a part is kept
    shutil.copytree(DATA / "tf_module-2.15", folder, ignore=without)
    output = said(command, tmp_path, private_cache(tmp_path))
    assert command.typed == "call(inputs[0])"
    assert command.is_said(output), output
