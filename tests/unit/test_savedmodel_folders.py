"""Finding SavedModels, and what is there where none is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_tfroundtrip.savedmodel.faults import entries
from pytest_tfroundtrip.savedmodel.folders import find, is_saved_model, what_is_there
from pytest_tfroundtrip.savedmodel.model import Format
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model


def model(folder: Path, name: str = "saved_model.pb") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    return folder


def names(root: Path) -> list[str]:
    return [each.name for each in find(root)]


def test_models_and_versions_below_a_folder(tmp_path: Path) -> None:
    for name in ("b/10", "b/2", "b/1", "a", "c/d/e"):
        model(tmp_path / name)
    model(tmp_path / "t", "saved_model.pbtxt")
    (tmp_path / "notes").mkdir()
    assert names(tmp_path) == ["a", "b/1", "b/2", "b/10", "c/d/e", "t"]
    assert [each.format for each in find(tmp_path)][-2:] == [Format.BINARY, Format.TEXT]
    assert [each.file.name for each in find(tmp_path / "t")] == ["saved_model.pbtxt"]


def test_one_that_is_named_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model(tmp_path / "m" / "3")
    assert names(folder) == ["m/3"]
    assert names(folder / "saved_model.pb") == ["m/3"]
    assert names(model(tmp_path / "x")) == ["x"]
    monkeypatch.chdir(tmp_path / "x")
    assert names(Path()) == ["x"]


def test_what_is_left_out(tmp_path: Path) -> None:
    model(tmp_path / "m")
    model(tmp_path / "m" / "assets" / "inner")  # an asset of m
    model(tmp_path / ".git" / "m")
    (tmp_path / "again").symlink_to(tmp_path / "m")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names(tmp_path) == ["m"]
    assert [each.path for each in find(tmp_path / "again")] == [tmp_path / "again"]


def test_what_should_be_one_is_found(tmp_path: Path) -> None:
    """It is no SavedModel that anybody can read: a test is to say so."""
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "saved_model.pb").symlink_to("../gone")
    (tmp_path / "odd" / "saved_model.pb" / "notes").mkdir(parents=True)
    assert names(tmp_path) == ["linked", "odd"]
    for name, told in (("linked", "broken-link"), ("odd", "folder-as-file")):
        assert is_saved_model(tmp_path / name)
        with pytest.raises(NoSavedModel) as raised:
            read_saved_model(found_at(tmp_path / name))
        assert raised.value.fault.id == told


def test_a_model_may_have_the_name_of_its_file(tmp_path: Path) -> None:
    model(tmp_path / "saved_model.pb")
    assert names(tmp_path) == ["saved_model.pb"]
    assert not is_saved_model(tmp_path)
    assert is_saved_model(tmp_path / "saved_model.pb")


def test_the_binary_one_is_taken_where_both_are(tmp_path: Path) -> None:
    model(model(tmp_path, "saved_model.pbtxt"))
    assert [each.format for each in find(tmp_path)] == [Format.BINARY]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    model(tmp_path / "a")
    (tmp_path / "b").mkdir(mode=0)
    unread: list[OSError] = []
    assert [each.name for each in find(tmp_path, unread.append)] == ["a"]
    assert [error.filename for error in unread] == [str(tmp_path / "b")]


INSTEAD = {
    "child-folder": ["variables.index", "variables.data-00000-of-00001"],
    "chunked": ["saved_model.cpb", "variables/variables.index"],
    "kept-elsewhere": ["saved_model.pb.dvc", "variables.dvc"],
    "renamed": ["model.pb", "variables/variables.index"],
    "keras-file": ["model.keras", "notes.txt"],
    "hdf5-file": ["weights.h5", "model.json"],
    "tfjs-model": ["model.json", "group1-shard1of2.bin"],
    "checkpoint-folder": ["checkpoint", "ckpt-1.index", "ckpt-1.data-00000-of-00001"],
    "tflite-file": ["model.tflite", "labels.txt"],
    "graph-file": ["frozen_graph.pb"],
    "other-framework": ["model.safetensors", "config.json"],
    "packed": ["1.tar.gz"],
    "no-saved-model": ["README.md"],
    "empty-folder": [],
}


@pytest.mark.parametrize(("fault", "files"), INSTEAD.items())
def test_what_is_there_instead(fault: str, files: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    told = what_is_there(folder)
    assert (told.id, told.path) == (fault, str(folder))
    with pytest.raises(NoSavedModel) as raised:
        found_at(folder)
    assert raised.value.fault == told
    assert str(raised.value) == f"{told.sentence} {told.remedy}"


def test_every_kind_of_folder_is_tried() -> None:
    assert {kind.id for kind in entries().values() if kind.holds} <= set(INSTEAD)


def test_the_parent_names_the_nearest(tmp_path: Path) -> None:
    model(tmp_path / "m" / "1")
    told = what_is_there(tmp_path / "m")
    assert told.id == "parent-folder"
    assert str(tmp_path / "m" / "1") in told.remedy
    with pytest.raises(NoSavedModel, match="is no SavedModel itself"):
        found_at(tmp_path / "m")


FILES = {
    "not-a-folder": b"\x00\x01",
    "hdf5-as-saved-model": b"\x89HDF\r\n\x1a\n" + bytes(20),
    "archive": b"PK\x03\x04" + bytes(30),
    "tflite-as-saved-model": b"\x1c\0\0\0TFL3" + bytes(30),
}


@pytest.mark.parametrize(("fault", "content"), FILES.items())
def test_a_file_in_place_of_a_folder(fault: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    assert what_is_there(path).id == fault


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "model_1").mkdir()
    told = what_is_there(tmp_path / "model-1")
    assert (told.id, told.remedy) == ("not-there", "Check the name. Did you mean 'model_1'?")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert what_is_there(tmp_path / "link").id == "broken-link"
    assert what_is_there(tmp_path / "no" / "where").id == "not-there"
