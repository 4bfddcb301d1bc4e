"""The reader against what TensorFlow itself says of the same files."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.savedmodel import file, pieces
from pytest_tfroundtrip.savedmodel.folders import Found
from pytest_tfroundtrip.savedmodel.model import Format, VariableKind
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import (
    NoSavedModel,
    found_at,
    read_saved_model,
    read_stamps,
)
from tests.saved_models import DATA, NAMES, as_truth, copied, found, truth

if TYPE_CHECKING:
    from pathlib import Path

RECORDED = tuple(name for name in NAMES if (DATA / name / "assets.extra").is_dir())
WRITERS = {
    "builder-1.15": ("builder", "simple_save"),
    "functions-2.8": ("tf_module",),
    "hub_module-1.15": ("hub_module",),
    "keras-2.8": ("keras",),
    "keras_export-2.21": ("keras_export",),
    "keras_saved_model-2.21": ("keras_saved_model",),
    "nested-2.8": ("tf_module",),
    "odd-1.15": ("builder", "simple_save"),
    "text-1.15": ("builder", "simple_save"),
    "tf_module-2.15": ("tf_module",),
}


def test_there_is_something_to_compare() -> None:
    assert set(NAMES) == set(WRITERS)
    assert len(RECORDED) == len(NAMES) - 4  # odd.py and functions.py write no record


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_tensorflow_says(name: str) -> None:
    assert as_truth(found(name)) == truth(name)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_looks_wrong_with_what_tensorflow_wrote(name: str) -> None:
    assert read_saved_model(found(name)).faults == ()


@pytest.mark.parametrize("name", RECORDED)
def test_it_finds_the_variables_that_the_saving_process_had(name: str) -> None:
    folder = DATA / name
    record = json.loads((folder / "assets.extra/tf_roundtrip/record.json").read_text())
    items = record["variables"]["items"]
    (graph, *_) = read_saved_model(found(name)).meta_graphs
    if record["variables"]["key"] == "order":  # Keras': its names are no paths
        seen = {
            (_last(str(each.label)), each.dtype, each.shape, each.kind.value)
            for each in graph.variables
        }
        assert seen >= {(_last(each["label"]), *_form(each)) for each in items}
        return
    assert {each.name: (each.dtype, each.shape, each.kind.value) for each in graph.variables} == {
        each["name"]: _form(each) for each in items
    }
    trainable = {each["name"]: each["trainable"] for each in items}
    assert {each.name: each.trainable for each in graph.variables} == trainable


def _last(label: str) -> str:
    """Without the layers that Keras 2 puts in front, and the output's index."""
    return label.rpartition("/")[2].partition(":")[0]


def _form(item: dict[str, Any]) -> tuple[Any, ...]:
    return item["dtype"], tuple(item["shape"]), item["kind"]


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_has_its_value_in_the_checkpoint(name: str) -> None:
    model = read_saved_model(found(name))
    assert model.checkpoint is not None
    stored = {each.name for each in model.checkpoint.stored}
    for graph in model.meta_graphs:
        assert graph.variables
        assert {variable.key for variable in graph.variables} <= stored


@pytest.mark.parametrize(("name", "savers"), WRITERS.items())
def test_it_tells_who_wrote_it(name: str, savers: tuple[str, ...]) -> None:
    assert read_saved_model(found(name)).meta_graphs[0].savers == savers


def test_kinds_of_variables_shards_assets_and_tables() -> None:
    model = read_saved_model(found("odd-1.15"))
    (graph, _) = model.meta_graphs
    kinds = {each.name: (each.kind, each.key) for each in graph.variables}
    assert kinds["w"] == (VariableKind.REF, "w")
    assert kinds["parts/part_1"] == (VariableKind.RESOURCE, "parts")
    assert "local" not in kinds
    assert model.checkpoint is not None
    assert [shard.size for shard in model.checkpoint.shards] == [104, 8]
    assert {each.name: each.slices for each in model.checkpoint.stored}["parts"] == 3
    assert {tag for graph in model.meta_graphs for tag in graph.stamp.tags} == {"serve", "gpu"}

    for each in (graph, *read_saved_model(found("tf_module-2.15")).meta_graphs):
        assert [(asset.filename, asset.size) for asset in each.assets] == [("words.txt", 4)]
        assert [table.op for table in each.tables] == ["HashTableV2"]
        assert each.initializers


def test_keras_and_what_lies_beside() -> None:
    model = read_saved_model(found("keras-2.8"))
    (graph,) = model.meta_graphs
    assert model.keras_metadata
    assert graph.keras is not None
    assert graph.keras.root == "_tf_keras_network"
    assert read_saved_model(found("hub_module-1.15")).hub_module
    exported = read_saved_model(found("keras_export-2.21"))
    assert exported.meta_graphs[0].keras is None
    assert exported.fingerprint is not None
    assert exported.record


@pytest.mark.parametrize("name", NAMES)
def test_small_pieces_say_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function and most nodes are opened; what is left out are constants."""
    monkeypatch.setattr(pieces, "SMALL", 150)
    monkeypatch.setattr(file, "_PIECE", 400)
    monkeypatch.setattr(pieces, "_WINDOW", 64)
    assert as_truth(found(name)) == truth(name)


@pytest.mark.parametrize("name", NAMES)
def test_stamps_are_those_of_the_graphs(name: str) -> None:
    stamps = read_stamps(found(name))
    assert stamps == tuple(graph.stamp for graph in read_saved_model(found(name)).meta_graphs)
    assert [list(stamp.tags) for stamp in stamps] == [
        graph["tags"] for graph in truth(name)["meta_graphs"]
    ]


def field(number: int, content: bytes) -> bytes:
    """A field of a message, as bytes."""
    size, length = len(content), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def saved_model(folder: Path, graph: bytes, *, tags: tuple[str, ...] = ("serve",)) -> Found:
    """A SavedModel with that graph."""
    head = message("MetaGraphDef")()
    head.meta_info_def.tags.extend(tags)
    head.meta_info_def.tensorflow_version = "2.15.1"
    folder.mkdir(exist_ok=True)
    content = b"\x08\x01" + field(2, head.SerializeToString() + field(2, graph))
    (folder / "saved_model.pb").write_bytes(content)
    return Found(folder, folder.name, Format.BINARY)


def constant(size: int) -> bytes:
    """A node that holds a tensor of that many bytes, as TensorFlow writes it."""
    node = message("NodeDef")(name="c", op="Const")
    node.attr["dtype"].type = 1
    tensor = field(8, field(4, bytes(size)))
    return bytes(node.SerializeToString()) + field(5, field(1, b"value") + field(2, tensor))


@pytest.mark.parametrize("inside", [False, True])
def test_constants_take_no_memory(tmp_path: Path, *, inside: bool) -> None:
    nodes = [constant(8 << 20)] * 4 + [constant(20_000)] * 500
    graph = b"".join(field(3 if inside else 1, node) for node in nodes)
    if inside:
        name = field(1, field(1, b"f"))
        graph = field(2, field(1, name + graph))
    place = saved_model(tmp_path / "m", graph)
    del graph, nodes
    read_saved_model(place)
    tracemalloc.start()
    try:
        model = read_saved_model(place)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (op,) = model.meta_graphs[0].ops
    assert (op.name, op.count, model.meta_graphs[0].functions) == ("Const", 504, int(inside))
    assert {each.name for each in op.attributes} == {"dtype", "value"}
    assert model.graph_size > 40 << 20
    assert most < 8 << 20


def test_a_stamp_is_read_without_the_graph(tmp_path: Path) -> None:
    place = saved_model(tmp_path / "m", b"\xff" * 100_000)
    (stamp,) = read_stamps(place)
    assert (stamp.tags, stamp.tensorflow) == (("serve",), "2.15.1")
    with pytest.raises(NoSavedModel, match="is damaged"):
        read_saved_model(place)


def test_a_graph_of_many_small_nodes_is_held_in_part(tmp_path: Path) -> None:
    node = message("NodeDef")(name="n" * 60, op="MatMul").SerializeToString()
    place = saved_model(tmp_path / "m", field(1, node) * 60_000)
    (graph,) = read_saved_model(place).meta_graphs
    assert (graph.nodes, graph.ops[0].count) == (60_000, 60_000)


def test_attributes_with_other_values_than_the_writers_default_are_told(tmp_path: Path) -> None:
    head = message("MetaGraphDef")()
    listed = head.meta_info_def.stripped_op_list.op.add(name="MatMul")
    for name in ("transpose_a", "transpose_b"):
        listed.attr.add(name=name, type="bool").default_value.b = False
    graph = message("GraphDef")()
    for values in ((False, False), (False, True), (False, False)):
        node = graph.node.add(name="n", op="MatMul")
        node.attr["transpose_a"].b, node.attr["transpose_b"].b = values
        node.attr["T"].type = 1
        node.attr["_internal"].b = True
    content = head.SerializeToString() + field(2, graph.SerializeToString())
    (tmp_path / "saved_model.pb").write_bytes(field(2, content))
    (op,) = read_saved_model(found_at(tmp_path)).meta_graphs[0].ops
    told = {each.name: each.default for each in op.attributes}
    assert told == {"T": None, "transpose_a": True, "transpose_b": False}


def test_an_assets_name_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    head = message("MetaGraphDef")()
    for name in ("../../secret", str(tmp_path / "secret"), "a\0b", "x" * 5000):
        head.asset_file_def.add(filename=name)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "saved_model.pb").write_bytes(field(2, head.SerializeToString()))
    model = read_saved_model(found_at(tmp_path / "m"))
    assert {asset.size for asset in model.meta_graphs[0].assets} == {None}
    assert {fault.id for fault in model.faults} == {"asset-left-out"}


def test_a_cycle_of_objects_ends(tmp_path: Path) -> None:
    head = message("MetaGraphDef")()
    root, child = head.object_graph_def.nodes.add(), head.object_graph_def.nodes.add()
    root.user_object.identifier = "_generic_user_object"
    child.variable.dtype = 1
    root.children.add(node_id=1, local_name="a.b/c")
    root.children.add(node_id=7, local_name="nowhere")
    child.children.add(node_id=0, local_name="parent")
    (tmp_path / "saved_model.pb").write_bytes(field(2, head.SerializeToString()))
    (variable,) = read_saved_model(found_at(tmp_path)).meta_graphs[0].variables
    assert (variable.name, variable.key) == ("a.b/c", "a..b.Sc/.ATTRIBUTES/VARIABLE_VALUE")


def test_text_that_is_none_is_told(tmp_path: Path) -> None:
    folder = copied("text-1.15", tmp_path / "m")
    path = folder / "saved_model.pbtxt"
    path.write_text(path.read_text().replace("meta_graphs {", "meta_graphs {{", 1))
    with pytest.raises(NoSavedModel, match=r"saved_model\.pbtxt is damaged: \d+:\d+"):
        read_saved_model(found_at(folder))
