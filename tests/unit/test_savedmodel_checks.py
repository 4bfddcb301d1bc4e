"""What looks wrong with a folder's files: what people do to SavedModels, done to real ones."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from test_savedmodel_folders import FILES, INSTEAD

from pytest_tfroundtrip.savedmodel.faults import entries
from pytest_tfroundtrip.savedmodel.folders import FILES as SAVED_MODEL_FILES
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model
from tests.broken_models import BROKEN, CONTENTS, GRAPH, INDEX, SHARD
from tests.saved_models import NAMES, copied, written

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.model import Fault


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


@pytest.mark.parametrize("way", BROKEN)
def test_what_looks_wrong(way: str, tmp_path: Path) -> None:
    change, fault, name, said = BROKEN[way]
    folder = copied("tf_module-2.15", tmp_path / "m")
    change(folder)
    (told,) = faults(folder)
    assert (told.id, told.path) == (fault, str(folder / name))
    assert said in told.sentence
    assert told.remedy
    assert told.stops is (fault not in ("shard-long", "both-formats", "asset-pointer"))


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


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("a[1]", "[...]"),
        ("a[!1]/m", "[...]"),
        ("a\\1", "\\"),
        *((name, None) for name in ("a[1", "a]1", "a*1", "a?1", "a{1}", "a b", "a[1/m]")),
    ],
)
def test_a_path_that_tensorflow_takes_for_a_pattern(
    name: str, sign: str | None, tmp_path: Path
) -> None:
    """As 1.15, 2.8, 2.15 and 2.21 were seen to do."""
    folder = copied("tf_module-2.15", tmp_path / name)
    assert [(each.id, each.path, each.stops) for each in faults(folder)] == (
        [("name-is-a-pattern", str(folder), True)] if sign else []
    )
    assert all(f"has {sign} in it" in each.sentence for each in faults(folder))
    (tmp_path / "link").symlink_to(folder)
    assert not faults(tmp_path / "link")


def test_without_variables_nothing_is_searched_for(tmp_path: Path) -> None:
    assert not faults(written(tmp_path / "a[1]"))


@pytest.mark.parametrize(
    ("op", "library", "fault"),
    [
        ("InitializeTableFromTextFileV2", True, "asset-missing"),  # tf.Transform's are in functions
        ("InitializeTableFromTextFile", False, "asset-missing"),
        ("InitializeTableV2", False, "asset-left-out"),  # filled by what the graph holds
    ],
)
def test_an_asset_stops_where_an_op_fills_a_table_from_it(
    op: str, library: bool, fault: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "m") / GRAPH
    whole = message("SavedModel").FromString(file.read_bytes())
    (graph,) = whole.meta_graphs
    graph.asset_file_def.add(filename="vocab")
    place = graph.graph_def.library.function.add().node_def if library else graph.graph_def.node
    place.add(name="fill", op=op)
    file.write_bytes(whole.SerializeToString())
    (told,) = faults(file.parent)
    assert (told.id, told.stops) == (fault, fault == "asset-missing")
    (file.parent / "assets").mkdir()
    (file.parent / "assets" / "vocab").write_bytes(b"a\n")
    assert not faults(file.parent)


def test_every_fault_is_tried() -> None:
    tried = {*CONTENTS, *FILES, *INSTEAD, *(fault for _, fault, _, _ in BROKEN.values())}
    tried |= {
        "asset-left-out",
        "name-is-a-pattern",
        "folder-as-file",
        "variable-not-stored",
        "parent-folder",
        "not-there",
    }
    assert tried == set(entries())


def test_sentences_and_remedies_are_whole() -> None:
    anything: Any = {
        name: name
        for name in (
            "path",
            "found",
            "why",
            "size",
            "expected",
            "count",
            "names",
            "target",
            "kind",
            "sign",
        )
    }
    for kind in entries().values():
        assert kind.sentence.format_map(anything).endswith((".", "pointers only."))
        assert kind.remedy.format_map({**anything, "meant": ""})
    assert set(SAVED_MODEL_FILES) == {"saved_model.pb", "saved_model.pbtxt"}
