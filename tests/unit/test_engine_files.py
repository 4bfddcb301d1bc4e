"""What a folder's files say is read when it is asked, and once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.engine import files
from pytest_tfroundtrip.engine.artifacts import Saved
from pytest_tfroundtrip.engine.files import files_of, model_at
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model
from tests.saved_models import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import SavedModel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(DATA / "keras-2.8", tmp_path / "model")


def test_it_says_what_is_wrong_and_whether_ops_are_random(folder: Path) -> None:
    shutil.rmtree(folder / "variables")
    said = files_of(folder)
    assert [(fault.id, fault.stops) for fault in said.faults] == [("variables-left-out", True)]
    assert not said.random


def test_what_cannot_be_read_is_a_fault_and_may_be_random(folder: Path) -> None:
    (folder / "saved_model.pb").write_bytes(b"")
    said = files_of(folder)
    assert [fault.id for fault in said.faults] == ["empty-file"]
    assert said.random


def test_the_files_of_a_save_are_read_when_somebody_asks_for_faults(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand folders are not read before the first one is loaded."""
    read: list[Path] = []

    def reading(found: Found) -> SavedModel:
        read.append(found.path)
        return read_saved_model(found)

    monkeypatch.setattr(files, "read_saved_model", reading)
    saved = Saved(folder, payload=folder)
    assert read == []
    assert saved.faults == ()
    assert read == [folder]
    assert Saved(folder).faults == ()  # it was saved in this run
    assert read == [folder]


def test_a_model_is_read_again_when_its_file_has_changed(folder: Path) -> None:
    found = found_at(folder)
    assert model_at(found) is model_at(found)
    before = model_at(found)
    shutil.copy(DATA / "tf_module-2.15" / "saved_model.pb", folder)
    assert model_at(found).meta_graphs != before.meta_graphs


def test_a_model_that_is_gone_is_said_to_be(folder: Path) -> None:
    found = found_at(folder)
    (folder / "saved_model.pb").unlink()
    with pytest.raises(NoSavedModel):
        model_at(found)
