"""What a graph tells of its inputs: the words of tables, the features of Examples."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from graph_types import (
    Graph,
    add,
    kind,
    shape,
    shapes,
    strings,
    types,
    words,
)
from made_up import (
    FLOAT,
    INT64,
    KEY,
    SAVED,
    STRING,
    first,
    specs,
    without_tensorflow,
)

from pytest_tfroundtrip.agent import input_specs, input_values
from pytest_tfroundtrip.savedmodel.dtypes import dtype_name

if TYPE_CHECKING:
    from pathlib import Path

# Vocabularies


def vocabulary(folder: Path, name: str = "words.txt", content: bytes = b"cat\t1\ndog\r\n") -> Graph:
    """A signature of words that a table knows, which is read from an asset."""
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / "words.txt").write_bytes(content)
    graph = Graph()
    graph.input("x", STRING, (200,))
    asset = graph.meta_graph.asset_file_def.add(filename=name)
    asset.tensor_info.name = "path:0"
    graph.node("path", "Const")
    graph.node("table", "HashTableV2")
    graph.node("found", "LookupTableFindV2", "table", "x", "default")
    return graph


def test_words_are_of_the_vocabulary(tmp_path: Path) -> None:
    graph = vocabulary(tmp_path)
    graph.node("init", "InitializeTableFromTextFileV2", "table", "path")
    assert set(first(graph, folder=tmp_path).value) == {b"cat", b"dog", b"unlikelyword"}


def test_a_function_may_initialize_the_table(tmp_path: Path) -> None:
    graph = vocabulary(tmp_path)
    body = graph.function("initializer", "file", "handle")
    add(body, "init", "InitializeTableFromTextFileV2", "handle", "file")
    graph.node("call", "StatefulPartitionedCall", "path", "table", f="initializer")
    assert specs(graph, tmp_path)["x"].words == (b"cat", b"dog", b"unlikelyword")


@pytest.mark.parametrize("name", ["../words.txt", "/etc/passwd", "gone.txt", "."])
def test_a_vocabulary_is_a_file_among_the_assets(tmp_path: Path, name: str) -> None:
    (tmp_path / "words.txt").write_text("secret")
    graph = vocabulary(tmp_path, name)
    graph.node("init", "InitializeTableFromTextFile", "table", "path")
    assert specs(graph, tmp_path)["x"].words == ()


def test_a_table_that_is_initialized_with_nothing_is_none(tmp_path: Path) -> None:
    graph = vocabulary(tmp_path)
    graph.node("init", "InitializeTableFromTextFileV2", "table")
    assert specs(graph, tmp_path)["x"].words == ()


def test_what_tensorflow_saved_tells_its_words() -> None:
    """TensorFlow 2 has the path in a variable, which the main graph assigns."""
    folder = SAVED / "tf_module-2.15"
    saved = kind("SavedModel").FromString((folder / "saved_model.pb").read_bytes())
    (meta_graph,) = saved.meta_graphs
    (spec,) = (
        spec
        for spec in input_specs.specs_of(meta_graph, KEY, str(folder), dtype_name)
        if spec.name == "words"
    )
    lines = (folder / "assets" / "words.txt").read_bytes().split()
    assert spec.words == (*lines, b"unlikelyword")


# Examples


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[Any]]]:
    """What was serialized."""
    return without_tensorflow(monkeypatch)


def parsing(graph: Graph, op: str) -> None:
    """A node that parses words (sparse), id (dense, one), and more (dense, three floats)."""
    nodes: Any = graph.nodes
    if op == "ParseSingleExample":
        add(
            nodes,
            "parse",
            op,
            "x",
            "d0",
            "d1",
            sparse_keys=words(b"words"),
            dense_keys=words(b"id", b"more"),
            sparse_types=types(STRING),
            Tdense=types(INT64, FLOAT),
            dense_shapes=shapes(shape(1), shape(3)),
        )
        return
    graph.node("names", "Const", value=strings())
    both = {
        "sparse_types": types(STRING),
        "Tdense": types(INT64, FLOAT),
        "dense_shapes": shapes(shape(1), shape(3)),
    }
    if op == "ParseExample":
        for name in ("words", "id", "more"):
            graph.node(f"key_{name}", "Const", value=strings(name.encode()))
        keys = ("key_words", "key_id", "key_more")
        graph.node("parse", op, "x", "names", *keys, "d0", "d1", Nsparse=1, Ndense=2, **both)
        return
    graph.node("sparse", "Const", value=strings(b"words"))
    graph.node("dense", "Const", value=strings(b"id", b"more"))
    graph.node("ragged", "Const", value=strings(b"rows"))
    graph.node(
        *("parse", op, "x", "names", "sparse", "dense", "ragged", "d0", "d1"),
        num_sparse=1,
        ragged_value_types=types(INT64),
        **both,
    )


@pytest.mark.parametrize("op", ["ParseExample", "ParseExampleV2", "ParseSingleExample"])
def test_an_example_has_what_is_parsed_of_it(op: str, examples: list[dict[str, list[Any]]]) -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    parsing(graph, op)
    graph.table("table", 40, 4)
    graph.table("rows_table", 5, 4)
    # Outputs: indices, values, shape of the sparse one; two dense ones; the ragged one's values.
    graph.node("of_id", "ResourceGather", "table", "parse:3")
    graph.node("of_rows", "ResourceGather", "rows_table", "parse:5")
    spec = specs(graph)["x"]
    assert spec.strings == ("example",)
    told = {each.name: (each.dtype, each.shape, each.bound) for each in spec.features}
    wanted: dict[bytes, Any] = {
        b"words": ("string", None, None),
        b"id": ("int64", (1,), 40),
        b"more": ("float32", (3,), None),
    }
    if op == "ParseExampleV2":
        wanted[b"rows"] = ("int64", None, 5)
    assert told == wanted
    assert first(graph).value.tolist() == [b"example 1", b"example 2"]
    last = examples[0]
    assert {name: len(values) for name, values in last.items()} == {
        name.decode(): 3 if name == b"more" else 1 for name in wanted
    }
    assert last["words"][0] in input_values.WORDS
    assert isinstance(last["id"][0], int)
    assert 0 <= last["more"][0] < 1


def test_ids_that_are_parsed_in_a_function_are_bounded() -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    graph.node("keys", "Const", value=strings(b"id"))
    graph.node("none", "Const", value=strings())
    graph.table("table", 40, 4)
    body = graph.function("f", "serialized", "none", "keys", "t")
    add(
        body,
        *("parse", "ParseExampleV2", "serialized", "none", "none", "keys", "none"),
        Tdense=types(INT64),
        dense_shapes=shapes(shape()),
    )
    add(body, "other", "ResourceGather", "small", "parse:sparse_values:0")
    add(body, "found", "ResourceGather", "t", "parse:dense_values:0")
    graph.node("call", "PartitionedCall", "x", "none", "keys", "table", f="f")
    (feature,) = specs(graph)["x"].features
    assert feature == (b"id", "int64", (), 40, (), (), False)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_picture_in_an_example_is_one(wrapped: bool) -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    graph.node("keys", "Const", value=strings(b"image/encoded"))
    graph.node("none", "Const", value=strings())
    graph.node(
        *("parse", "ParseExampleV2", "x", "none", "none", "keys", "none"),
        Tdense=types(STRING),
        dense_shapes=shapes(shape()),
    )
    if wrapped:
        graph.node("bytes", "DecodeBase64", "parse:0")
    graph.node("pixels", "DecodeBmp", "bytes" if wrapped else "parse:0")
    (feature,) = specs(graph)["x"].features
    content = input_values._of_feature(feature, np.random.RandomState(0))
    assert (base64.urlsafe_b64decode(content) if wrapped else content).startswith(b"BM")


def test_keys_that_nobody_can_tell_are_no_features() -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    graph.node("keys", "Placeholder")
    parse = "ParseExampleV2"
    graph.node("parse", parse, "x", "keys", "keys", "keys", "keys", Tdense=types(INT64))
    assert specs(graph)["x"].features == []


def test_a_dense_feature_of_open_size_has_any_number_of_values() -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    graph.node(
        *("parse", "ParseSingleExample", "x"),
        dense_keys=words(b"many", b"unknown"),
        Tdense=types(INT64, INT64),
        dense_shapes=shapes(shape(None, 2)),
    )
    assert [each.shape for each in specs(graph)["x"].features] == [None, None]
