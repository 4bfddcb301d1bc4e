"""Reports of real runs as one: cells, pairs of saves, the documents' sentences."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.__main__ import main

from .harness import REFERENCE, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOVE = "builder@2.15 tf_module@2.15 keras_export@2.21"
CASE = "keras_model_tracks"  # kept by Keras 2, not by Keras 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of cells with pairs of saves, a run of sentences for each runtime, and both merged."""
    folder = tmp_path_factory.mktemp("merged")
    chosen = ("--tf-runtimes=2.15,2.21", "--tf-savers=builder,tf_module,keras_export")
    cells = run(
        *(folder, *chosen, "--tf-loaders=tf2_load", "--tf-load-runtimes=2.15", *REFERENCE),
        *("-k", "affine and not hub", f"--tf-diff-saves={MOVE}", "-n", "2"),
    )
    assert cells.status == 0, cells.output
    assert "what changes for a reader (2 pairs of saves)" in cells.output
    (folder / "report.json").rename(folder / "cells.json")
    for runtime in ("2.15", "2.21"):
        package = ("--pyargs", "pytest_tfroundtrip.statements", "-k", CASE)
        tried = run(folder, f"--tf-runtimes={runtime}", *package)
        assert tried.status == 0, tried.output
        assert "TensorFlow kept its word in" in tried.output
        (folder / "report.json").rename(folder / f"{runtime}.json")
    parts = [str(folder / f"{name}.json") for name in ("cells", "2.15", "2.21")]
    output = ("--output", str(folder / "merged.json"), "--markdown", str(folder / "merged.md"))
    assert main(["report", "merge", *parts, *output]) == 0
    return folder


@pytest.fixture(scope="module")
def merged(folder: Path) -> Mapping[str, Any]:
    content: dict[str, Any] = json.loads((folder / "merged.json").read_text(encoding="utf-8"))
    return content


def test_a_pair_says_what_keras_export_changes_for_a_reader(merged: Mapping[str, Any]) -> None:
    pairs = {pair["id"]: pair for pair in merged["save_pairs"] if pair["model"] == "Affine"}
    same = pairs["affine-builder_2.15-becomes-tf_module_2.15"]
    assert (same["verdict"], same["changes"]) == ("same", [])
    moved = pairs["affine-tf_module_2.15-becomes-keras_export_2.21"]
    assert moved["verdict"] == "drift"
    changes = [(change["part"], change["sentence"]) for change in moved["changes"]]
    assert ("signature_key", "signature 'serve' is new") in changes
    renamed = "signature 'serving_default': output 'y' became 'output_0'"
    assert ("output", renamed) in changes


def test_sentences_of_two_runs_stand_side_by_side(merged: Mapping[str, Any], folder: Path) -> None:
    found = {each["id"]: (each["verdict"], each["outcome"]) for each in merged["statements"]}
    assert found == {
        f"{CASE}-2.15": ("kept", "passed"),
        f"{CASE}-2.21": ("contradicted", "xfailed"),
    }
    page = (folder / "merged.md").read_text(encoding="utf-8")
    assert f"| `{CASE}` | kept | ⚠️ contradicted |" in page
    assert "### `tf_module@2.15` → `keras_export@2.21`" in page


def test_what_a_loader_notes_reaches_the_report(tmp_path: Path) -> None:
    chosen = ("--tf-savers=keras_saved_model", "--tf-loaders=hub_load", "--tf-runtimes=2.15")
    seen = run(tmp_path, *chosen, "--tf-operations=fine_tuning", *REFERENCE, "-k", "affine")
    (cell,) = seen.cells.values()
    assert (cell["verdict"], cell["notes"]) == ("same", ["called with training=True"])
