"""Inputs that are made up for a signature, by what its graph does with them."""

from __future__ import annotations

import base64
from itertools import islice
from typing import Any

import pytest
from graph_types import (
    UNKNOWN_RANK,
    Graph,
    add,
    constant,
    shape,
)
from made_up import (
    BFLOAT16,
    BOOL,
    COMPLEX64,
    FLOAT,
    HALF,
    INT8,
    INT32,
    INT64,
    KEY,
    STRING,
    UINT8,
    first,
    form,
    made,
    specs,
    without_tensorflow,
)

from pytest_tfroundtrip.agent import input_specs, inputs


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[Any]]]:
    """What was serialized."""
    return without_tensorflow(monkeypatch)


# Numbers


@pytest.mark.parametrize("sizes", [(), (None,), (None, 4), (2, 0)])
@pytest.mark.parametrize(
    ("dtype", "name", "held"),
    [
        (FLOAT, "float32", "float32"),
        (HALF, "float16", "float16"),
        (BFLOAT16, "bfloat16", "float32"),
        (COMPLEX64, "complex64", "complex64"),
        (INT8, "int8", "int8"),
        (UINT8, "uint8", "uint8"),
        (INT64, "int64", "int64"),
        (BOOL, "bool", "bool"),
        (STRING, "string", "object"),
    ],
)
def test_a_tensor_has_the_dtype_and_the_shape_of_its_input(
    dtype: int, name: str, held: str, sizes: tuple[int | None, ...]
) -> None:
    graph = Graph()
    graph.input("x", dtype, sizes)
    tensor = first(graph)
    assert (tensor.dtype, tensor.value.dtype) == (name, held)
    assert tensor.value.shape == tuple(2 if size is None else size for size in sizes)


@pytest.mark.parametrize(
    ("dtype", "name"), [(20, "resource"), (21, "variant"), (11, "qint8"), (24, "float8_e5m2")]
)
def test_what_has_no_values_is_not_made(dtype: int, name: str) -> None:
    graph = Graph()
    graph.input("x", dtype)
    with pytest.raises(input_specs.NotMade, match=f"input 'x' is of dtype {name}"):
        made(graph)


def test_the_same_seed_gives_the_same_and_another_one_others() -> None:
    graph = Graph()
    graph.input("x", FLOAT, (None, 3))
    one, same, other = (made(graph, seed)[0]["x"].value for seed in (7, 7, 8))
    assert one.tolist() == same.tolist() != other.tolist()


def test_switches_are_off_and_probabilities_one() -> None:
    graph = Graph()
    graph.input("training", BOOL, ())
    graph.input("keep_prob", FLOAT, ())
    tensors = made(graph)[0]
    assert (tensors["training"].value.item(), tensors["keep_prob"].value.item()) == (False, 1.0)


def test_lengths_are_as_large_as_open_dimensions() -> None:
    graph = Graph()
    graph.input("tokens", INT32, (None, None))
    graph.input("lengths", INT32, (None,))
    graph.input("mask", INT32, (None, None))
    for tensors in made(graph):
        width = tensors["tokens"].value.shape[1]
        assert set(tensors["lengths"].value.tolist()) == {width}
        assert tensors["mask"].value.min() == 1


def test_a_length_fits_its_dtype() -> None:
    graph = Graph()
    graph.input("length", INT8, ())
    assert max(int(each["length"].value) for each in made(graph)) == 127


# Ids


@pytest.mark.parametrize("op", ["Gather", "GatherV2", "ResourceGather"])
def test_ids_stay_below_the_rows_of_what_they_look_up(op: str) -> None:
    graph = Graph()
    graph.input("x", INT64, (None, 50))
    graph.node("cast", "Cast", "x")
    graph.table("table", 30, 4)
    graph.table("larger", 4000, 4)
    graph.node("read", "ReadVariableOp", "table")
    graph.node("one", op, "read", "cast")
    graph.node("two", op, "larger", "cast")
    assert specs(graph)["x"].bound == 30
    ids = first(graph).value
    assert 2 < ids.max() < 30


def test_ids_are_bounded_through_functions_and_branches() -> None:
    graph = Graph()
    graph.input("x", INT64, (None,))
    branch = graph.function("yes", "t", "i")
    add(branch, "found", "ResourceGather", "t", "i")
    add(graph.function("no", "t", "i"), "other", "Identity", "i")
    body = graph.function("serve", "i", "t")
    add(body, "flag", "Const")
    add(body, "if", "If", "flag", "t", "i", then_branch="yes", else_branch="no")
    graph.table("table", 12, 4)
    graph.node("call", "StatefulPartitionedCall", "x", "table", f="serve")
    assert specs(graph)["x"].bound == 12


def test_rows_of_a_constant_are_a_bound_and_open_ones_are_none() -> None:
    graph = Graph()
    graph.input("x", INT64)
    graph.node("open", "Placeholder", shape=shape(None, 4))
    graph.node("found", "Gather", "open", "x")
    assert specs(graph)["x"].bound is None
    graph.node("rows", "Const", value=constant(9, 2))
    graph.node("again", "Gather", "rows", "x")
    assert specs(graph)["x"].bound == 9


def test_what_is_looked_up_in_is_no_id() -> None:
    graph = Graph()
    graph.input("x", INT64, (None,))
    graph.node("found", "Gather", "x", "rows")
    assert specs(graph)["x"].bound is None


def test_a_bound_fits_the_dtype() -> None:
    graph = Graph()
    graph.input("x", INT8, (2000,))
    graph.table("table", 1000, 4)
    graph.node("found", "ResourceGather", "table", "x")
    assert first(graph).value.min() >= 0


# Shapes


def sizes_of(graph: Graph, name: str = "x") -> list[tuple[int, ...]]:
    return list(dict.fromkeys(each[name].value.shape for each in made(graph)))


def test_open_sizes_are_tried_in_order() -> None:
    graph = Graph()
    graph.input("x", FLOAT, (None, None))
    assert sizes_of(graph)[:4] == [(2, 8), (1, 8), (2, 1), (1, 1)]
    assert {width for _, width in sizes_of(graph)} == set(inputs.SIZES)


def test_only_rows_are_tried_where_nothing_else_is_open() -> None:
    graph = Graph()
    graph.input("x", FLOAT, (None, 5))
    assert [form(each) for each in made(graph)] == [{"x": (2, 5)}, {"x": (1, 5)}]


def test_pictures_have_sizes_of_pictures() -> None:
    graph = Graph()
    graph.input("x", UINT8, (None, None, None, 3))
    assert sizes_of(graph)[0] == (2, 64, 64, 3)
    assert (1, 224, 224, 3) in sizes_of(graph)
    assert first(graph).value.max() > 200


def test_a_single_picture_has_no_rows_but_a_batch_of_rows_has() -> None:
    graph = Graph()
    graph.input("x", FLOAT, (None, None, 3))
    graph.input("series", FLOAT, (None, 10, 1))
    tensors = made(graph)[0]
    assert form(tensors) == {"x": (64, 64, 3), "series": (2, 10, 1)}


def test_an_unknown_rank_is_tried_with_each_shape() -> None:
    graph = Graph()
    graph.input("x", FLOAT, UNKNOWN_RANK)
    tried = sizes_of(graph)
    assert tried[:3] == [(2,), (1,), (2, 8)]
    assert {len(each) for each in tried} == {0, 1, 2, 4}
    assert (2, 224, 224, 3) in tried
    assert len(made(graph)) == inputs.MOST


def test_no_more_are_tried_than_said() -> None:
    graph = Graph()
    graph.input("x", STRING, (None, None))
    assert len(made(graph)) == inputs.MOST


# Strings


def test_a_string_is_one_thing_after_the_other_where_nothing_tells() -> None:
    graph = Graph()
    graph.input("x", STRING, ())
    told = [bytes(each["x"].value.item()) for each in islice(made(graph), 0, None, 2)]
    assert len(told) == len(input_specs.TEXTS)
    assert b" " in told[0]
    assert told[1].isdigit()
    assert told[3].startswith(b"\x89PNG")
    assert told[4].startswith(b"RIFF")
    assert told[5].startswith(b"{")


@pytest.mark.parametrize(
    ("op", "begins"), [("DecodePng", b"\x89PNG"), ("DecodeWav", b"RIFF"), ("DecodeCSV", b"")]
)
def test_the_op_that_takes_a_string_says_what_it_is(op: str, begins: bytes) -> None:
    graph = Graph()
    graph.input("x", STRING, ())
    body = graph.function("f", "a")
    add(body, "taken", op, "a")
    graph.node("call", "PartitionedCall", "x", f="f")
    assert bytes(first(graph).value.item()).startswith(begins)
    assert len(made(graph)) == len(inputs.ROWS)


def test_only_the_content_of_what_is_decoded_is_a_picture() -> None:
    graph = Graph()
    graph.input("window", INT32, (4,))
    graph.input("default", STRING, (1,))
    graph.node("cropped", "DecodeAndCropJpeg", "image", "window")
    graph.node("read", "DecodeCSV", "records", "default")
    found = specs(graph)
    assert (found["window"].strings, found["default"].strings) == ((), input_specs.TEXTS)


def test_base64_is_wrapped_around_what_is_in_it() -> None:
    graph = Graph()
    graph.input("x", STRING, (None,))
    graph.node("plain", "DecodeBase64", "x")
    graph.node("pixels", "DecodeImage", "plain")
    for each in first(graph).value.tolist():
        assert base64.urlsafe_b64decode(each).startswith(b"\x89PNG")


# Composite inputs


def coo(graph: Graph, *sizes: int | None) -> None:
    info = graph.input("x", INT64, sizes)
    graph.node("values", "Placeholder")
    info.coo_sparse.values_tensor_name = "values:0"


def composite(graph: Graph, number: int, *parts: tuple[int, tuple[int | None, ...]]) -> None:
    """An input of that TypeSpec class, with components of these dtypes and sizes."""
    info = graph.meta_graph.signature_def[KEY].inputs["x"]
    info.composite_tensor.type_spec.type_spec_class = number
    for index, (dtype, sizes) in enumerate(parts):
        part = info.composite_tensor.components.add(name=f"part{index}:0", dtype=dtype)
        part.tensor_shape.CopyFrom(shape(*sizes))
        graph.node(f"part{index}", "Placeholder")


def test_a_sparse_input_has_indices_values_and_a_shape() -> None:
    graph = Graph()
    coo(graph, None, 10)
    graph.table("table", 7, 1)
    graph.node("found", "ResourceGather", "table", "values")
    tensors = made(graph)[0]
    assert form(tensors) == {"x/0": (3, 2), "x/1": (3,), "x/2": (2,)}
    assert tensors["x/2"].value.tolist() == [2, 10]
    assert tensors["x/0"].value.tolist() == [[0, 0], [0, 1], [0, 2]]
    assert specs(graph)["x"].bound == 7


@pytest.mark.parametrize("sizes", [(None, 0), (), (None, None, 2)])
def test_any_form_of_a_sparse_input_is_made(sizes: tuple[int | None, ...]) -> None:
    graph = Graph()
    coo(graph, *sizes)
    for tensors in made(graph):
        count, rank = tensors["x/0"].value.shape
        assert tensors["x/1"].value.shape == (count,)
        assert tensors["x/2"].value.shape == (rank,)
        assert rank == (len(sizes) or 2)


def test_a_sparse_input_of_unknown_rank_is_a_matrix() -> None:
    graph = Graph()
    info = graph.input("x", FLOAT, UNKNOWN_RANK)
    info.coo_sparse.values_tensor_name = "values:0"
    assert {tuple(each["x/0"].value.shape)[1] for each in made(graph)} == {2}


def test_a_sparse_composite_has_the_rank_of_its_shape() -> None:
    graph = Graph()
    composite(graph, 1, (INT64, (None, 3)), (STRING, (None,)), (INT64, (3,)))
    tensors = made(graph)[0]
    assert form(tensors) == {"x/0": (3, 3), "x/1": (3,), "x/2": (3,)}
    assert tensors["x/1"].dtype == "string"


def test_a_ragged_input_has_as_many_row_splits_as_it_has_ragged_dimensions() -> None:
    graph = Graph()
    composite(graph, 3, (FLOAT, (None, 4)), (INT32, (None,)), (INT64, (None,)))
    tensors = made(graph)[0]
    assert form(tensors) == {"x/0": (18, 4), "x/1": (3,), "x/2": (7,)}
    outer, inner = tensors["x/1"], tensors["x/2"]
    assert (outer.dtype, outer.value.dtype.name, inner.dtype) == ("int32", "int32", "int64")
    assert outer.value[-1] == len(inner.value) - 1
    assert inner.value[-1] == 18


@pytest.mark.parametrize(("number", "parts"), [(4, 2), (13, 1), (1, 2), (3, 0)])
def test_another_type_of_input_is_not_made(number: int, parts: int) -> None:
    graph = Graph()
    composite(graph, number, *[(INT64, (None,))] * parts)
    with pytest.raises(input_specs.NotMade, match="'x' is of a type that nobody knows how to make"):
        made(graph)


def test_three_inputs_may_be_the_parts_of_a_sparse_one() -> None:
    graph = Graph()
    graph.input("x", INT64, (None, 2))
    graph.input("x_1", STRING, (None,))
    graph.input("x_2", INT64, (2,))
    tensors = made(graph)[0]
    assert form(tensors) == {"x": (3, 2), "x_1": (3,), "x_2": (2,)}
    assert tensors["x_2"].value.tolist() == [2, 8]
    assert (tensors["x"].value < tensors["x_2"].value).all()


@pytest.mark.parametrize(
    "forms",
    [
        [(FLOAT, (None, 2)), (FLOAT, (None,)), (INT64, (2,))],
        [(INT64, (None, 2)), (FLOAT, (None, 2)), (INT64, (2,))],
        [(INT64, (None, 2)), (FLOAT, (None,)), (INT64, (3,))],
        [(INT64, (None, 2)), (FLOAT, (None,)), (INT64, UNKNOWN_RANK)],
        [(INT64, UNKNOWN_RANK), (FLOAT, (None,)), (INT64, (2,))],
        [(INT64, ()), (FLOAT, (None,)), (INT64, ())],
    ],
)
def test_three_inputs_of_another_form_are_three_inputs(forms: list[Any]) -> None:
    graph = Graph()
    for name, (dtype, sizes) in zip(("x", "x_1", "x_2"), forms, strict=True):
        graph.input(name, dtype, sizes)
    found = list(specs(graph).values())
    assert [kind for _, kind in inputs._flattened(found, ragged=True)] == []
    assert len(made(graph)) > 1


def test_two_inputs_may_be_the_parts_of_a_ragged_one() -> None:
    graph = Graph()
    graph.input("x", FLOAT, (None, 5))
    graph.input("x_1", INT64, (None,))
    plain, ragged = made(graph)[:2]
    assert form(plain) == {"x": (2, 5), "x_1": (2,)}
    assert form(ragged) == {"x": (6, 5), "x_1": (3,)}
    assert ragged["x_1"].value.tolist() == [0, 3, 6]
