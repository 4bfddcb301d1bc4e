"""What looks wrong with a folder's files: what people do to SavedModels, done to real ones."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from savedmodels import NAMES, copied
from test_savedmodel_folders import FILES, INSTEAD

from pytest_tfroundtrip.savedmodel.faults import entries
from pytest_tfroundtrip.savedmodel.folders import FILES as SAVED_MODEL_FILES
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.model import Fault

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
GRAPH = "saved_model.pb"
INDEX = "variables/variables.index"
SHARD = "variables/variables.data-00000-of-00001"


def archive() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("saved_model.pb"))
    return content.getvalue()


def faults(folder: Path) -> list[Fault]:
    try:
        return list(read_saved_model(found_at(folder)).faults)
    except NoSavedModel as error:
        return [error.fault]


#: What a file holds instead.
CONTENTS = {
    "lfs-pointer": POINTER,
    "annex-pointer": b"/annex/objects/SHA256E-s123--abc.pb\n",
    "web-page": b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>",
    "json-answer": b'{"error": "Repository not found"}',
    "archive": b"\x1f\x8b\x08" + bytes(100),
    "hdf5-as-saved-model": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "tflite-as-saved-model": b"\x1c\0\0\0TFL3" + bytes(100),
    "dvc-pointer": b"outs:\n- md5: a304afb96060aad90176268345e10355\n  path: saved_model.pb\n",
    "empty-file": b"",
    "text-as-binary": b"saved_model_schema_version: 1\nmeta_graphs {\n}\n",
    "no-meta-graphs": b"\x08\x01",
    "graph-as-saved-model": b"\n\x0a\n\x01x\x12\x05Const",
}


@pytest.mark.parametrize(("fault", "content"), CONTENTS.items())
def test_a_graph_file_that_is_something_else(fault: str, content: bytes, tmp_path: Path) -> None:
    folder = copied("tf_module-2.15", tmp_path / "m")
    (folder / GRAPH).write_bytes(content)
    (told,) = faults(folder)
    assert (told.id, told.path, told.stops) == (fault, str(folder / GRAPH), True)


def test_other_archives_and_pages(tmp_path: Path) -> None:
    folder = copied("tf_module-2.15", tmp_path / "m")
    for content, fault in (
        (archive(), "archive"),
        (b"PK\x03\x04" + bytes(40), "archive"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "web-page"),
        (b'[\n  {"name": "x"}]', "json-answer"),
    ):
        (folder / GRAPH).write_bytes(content)
        assert [each.id for each in faults(folder)] == [fault]


def cut(name: str, keep: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(len(content) * keep)])

    return change


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def holding(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: void((folder / name).write_bytes(content))


def linked(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to("../../blobs/4d7a2146")

    return change


def piped(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


def without_variables(folder: Path) -> None:
    without(INDEX, SHARD)(folder)
    (folder / "variables").rmdir()


def void(_: object) -> None:
    """A lambda's result is not wanted."""


#: What is done to a model; the fault, the file it is about, and what its sentence has.
BROKEN: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "gitignore": (without_variables, "variables-left-out", "variables", "restores a variable"),
    "gitignore-files": (without(INDEX, SHARD), "variables-left-out", INDEX, "restores a variable"),
    "no-index": (without(INDEX), "index-left-out", INDEX, "shards beside it are"),
    "no-shard": (without(SHARD), "shard-missing", SHARD, "this one with"),
    "cut-shard": (cut(SHARD, 0.5), "shard-short", SHARD, "the index says"),
    "empty-shard": (holding(SHARD, b""), "empty-file", SHARD, "is empty"),
    "long-shard": (holding(SHARD, bytes(9999)), "shard-long", SHARD, "9999 bytes"),
    "pointer-shard": (holding(SHARD, POINTER), "lfs-pointer", SHARD, "Git LFS"),
    "pointer-index": (holding(INDEX, POINTER), "lfs-pointer", INDEX, "Git LFS"),
    "page-shard": (holding(SHARD, b"<html>" * 300), "web-page", SHARD, "web page"),
    "empty-index": (holding(INDEX, b""), "empty-file", INDEX, "is empty"),
    "cut-index": (cut(INDEX, 0.7), "index-damaged", INDEX, "does not end as"),
    "cut-graph": (cut(GRAPH, 0.6), "damaged", GRAPH, "is damaged"),
    "linked-graph": (linked(GRAPH), "broken-link", GRAPH, "../../blobs/4d7a2146"),
    "linked-shard": (linked(SHARD), "broken-link", SHARD, "../../blobs/4d7a2146"),
    "linked-index": (linked(INDEX), "broken-link", INDEX, "../../blobs/4d7a2146"),
    "pipe": (piped(GRAPH), "unreadable", GRAPH, "no regular file"),
    "pipe-index": (piped(INDEX), "unreadable", INDEX, "no regular file"),
    "no-asset": (without("assets/words.txt"), "asset-missing", "assets/words.txt", "vocabulary"),
    "pointer-asset": (
        holding("assets/words.txt", POINTER),
        "lfs-pointer",
        "assets/words.txt",
        "Git LFS",
    ),
    "both": (
        holding("saved_model.pbtxt", b"x"),
        "both-formats",
        "saved_model.pbtxt",
        "reads only the binary",
    ),
}


@pytest.mark.parametrize("way", BROKEN)
def test_what_looks_wrong(way: str, tmp_path: Path) -> None:
    change, fault, name, said = BROKEN[way]
    folder = copied("tf_module-2.15", tmp_path / "m")
    change(folder)
    (told,) = faults(folder)
    assert (told.id, told.path) == (fault, str(folder / name))
    assert said in told.sentence
    assert told.remedy
    assert told.stops is (fault not in ("shard-long", "both-formats"))


def test_a_checkpoint_of_another_save(tmp_path: Path) -> None:
    folder = copied("tf_module-2.15", tmp_path / "m")
    other = copied("text-1.15", tmp_path / "other")
    for name in (INDEX, SHARD):
        (folder / name).write_bytes((other / name).read_bytes())
    (told,) = faults(folder)
    assert (told.id, told.stops) == ("variable-not-stored", False)
    assert "scale" in told.sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", [GRAPH, INDEX])
def test_a_file_without_the_right_to_read_it(name: str, tmp_path: Path) -> None:
    folder = copied("tf_module-2.15", tmp_path / "m")
    (folder / name).chmod(0)
    (told,) = faults(folder)
    assert (told.id, told.path) == ("unreadable", str(folder / name))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_has_no_variables_needs_none(name: str, tmp_path: Path) -> None:
    """The other side of variables-left-out: every model here has some, so each is told."""
    folder = copied(name, tmp_path / "m")
    for each in (folder / "variables").iterdir():
        each.unlink()
    assert [fault.id for fault in faults(folder)] == ["variables-left-out"]


def test_every_fault_is_tried() -> None:
    tried = {*CONTENTS, *FILES, *INSTEAD, *(fault for _, fault, _, _ in BROKEN.values())}
    tried |= {"variable-not-stored", "parent-folder", "not-there"}
    assert tried == set(entries())


def test_sentences_and_remedies_are_whole() -> None:
    anything: Any = {
        name: name
        for name in ("path", "found", "why", "size", "expected", "count", "names", "target")
    }
    for kind in entries().values():
        assert kind.sentence.format_map(anything).endswith((".", "pointers only."))
        assert kind.remedy.format_map({**anything, "meant": ""})
    assert set(SAVED_MODEL_FILES) == {"saved_model.pb", "saved_model.pbtxt"}
