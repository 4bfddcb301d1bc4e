"""Following a tensor through a graph and the functions that it calls."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graph_types import Graph, add, new

from pytest_tfroundtrip.agent import dataflow


def ops(graph: Graph, name: str, output: int | None = 0) -> set[tuple[str, int]]:
    """(node, number of its input) of whoever uses a tensor of the main graph."""
    found = dataflow.uses_of(dataflow.graph_of(graph.definition), name, output)
    return {(use.node.name, use.input) for use in found}


@pytest.fixture
def graph() -> Graph:
    made = Graph()
    made.node("x", "Placeholder")
    return made


def test_control_dependencies_hand_nothing_over(graph: Graph) -> None:
    graph.node("after", "Gather", "^x")
    graph.node("other", "Gather", "^y", "x")
    assert ops(graph, "x") == {("other", 0)}


def test_what_only_hands_on_is_passed(graph: Graph) -> None:
    graph.node("cast", "Cast", "x")
    graph.node("same", "Identity", "cast:0")
    graph.node("table", "Const")
    graph.node("found", "GatherV2", "table", "same", "axis")
    graph.node("sum", "Add", "found", "x")
    assert ("found", 1) in ops(graph, "x")
    assert ("sum", 1) in ops(graph, "x")
    assert ("sum", 0) not in ops(graph, "x")


def test_outputs_are_told_apart(graph: Graph) -> None:
    graph.node("first", "Gather", "t", "x")
    graph.node("second", "Gather", "t", "x:1")
    assert ops(graph, "x", 0) == {("first", 1)}
    assert ops(graph, "x", 1) == {("second", 1)}
    assert ops(graph, "x", None) == {("first", 1), ("second", 1)}


def test_each_of_several_that_are_handed_on_has_its_own_output(graph: Graph) -> None:
    graph.node("both", "IdentityN", "y", "x")
    graph.node("of_y", "Gather", "t", "both")
    graph.node("of_x", "Gather", "t", "both:1")
    assert ops(graph, "x") == {("both", 1), ("of_x", 1)}


def test_positions_of_unique_values_are_no_values(graph: Graph) -> None:
    graph.node("unique", "Unique", "x")
    graph.node("rows", "Gather", "t", "unique")
    graph.node("positions", "Gather", "t", "unique:1")
    assert ops(graph, "x") == {("unique", 0), ("rows", 1)}


@pytest.mark.parametrize(
    ("op", "inputs"),
    [
        ("Pack", ("y", "x")),
        ("ConcatV2", ("start", "x", "axis")),
        ("SelectV2", ("condition", "default", "x")),
        ("Merge", ("y", "x")),
        ("GatherV2", ("x", "valid", "axis")),
        ("Unpack", ("x",)),
    ],
)
def test_carriers_of_any_of_their_inputs(graph: Graph, op: str, inputs: tuple[str, ...]) -> None:
    graph.node("carrier", op, *inputs)
    graph.node("found", "ResourceGather", "t", "carrier")
    assert ("found", 1) in ops(graph, "x")


@pytest.mark.parametrize(
    "ops_of_loop",
    [
        [
            ("TensorArrayScatterV3", "array", "range", "x", "flow"),
            ("TensorArrayReadV3", "array", "i"),
        ],
        [("TensorListFromTensor", "x", "shape"), ("TensorListGetItem",)],
    ],
)
def test_elements_that_map_fn_hands_over_are_what_they_came_from(
    graph: Graph, ops_of_loop: list[tuple[str, ...]]
) -> None:
    (packs, *taken), (reads, *before) = ops_of_loop
    graph.node("packed", packs, *taken)
    graph.node("element", reads, *before, "packed")
    graph.node("pixels", "DecodePng", "element")
    assert ("pixels", 0) in ops(graph, "x")


def test_a_condition_is_not_what_is_selected(graph: Graph) -> None:
    graph.node("chosen", "SelectV2", "x", "a", "b")
    graph.node("found", "Gather", "t", "chosen")
    assert ops(graph, "x") == {("chosen", 0)}


def test_rows_of_a_sparse_tensor_that_were_empty(graph: Graph) -> None:
    graph.node("full", "SparseFillEmptyRows", "indices", "x", "shape", "default")
    graph.node("ids", "Gather", "t", "full:1")
    graph.node("indices_of_it", "Gather", "t", "full")
    assert ops(graph, "x") == {("full", 1), ("ids", 1)}


def nested(graph: Graph) -> None:
    """X into outer(b, a) into inner(a), which looks it up in its second argument."""
    inner = graph.function("inner", "i", "t")
    add(inner, "cast", "Cast", "i")
    add(inner, "found", "ResourceGather", "t", "cast:y:0")
    outer = graph.function("outer", "unused", "o", "handle")
    add(outer, "same", "Identity", "o")
    add(outer, "call", "StatefulPartitionedCall", "same:output:0", "handle", f="inner")
    graph.table("variable", 11, 4)
    graph.node("call", "PartitionedCall", "y", "x", "variable", f="outer")


def test_calls_are_followed_to_the_argument_that_is_meant(graph: Graph) -> None:
    nested(graph)
    assert ("found", 1) in ops(graph, "x")
    assert ops(graph, "y") == set()
    assert ops(graph, "variable") == {("found", 0)}


def test_what_a_function_was_given_comes_from_its_caller(graph: Graph) -> None:
    nested(graph)
    main = dataflow.graph_of(graph.definition)
    (use,) = (use for use in dataflow.uses_of(main, "x", 0) if use.node.name == "found")
    scope, node = dataflow.origin(use.scope, "t")
    assert (scope, node.name) == (main, "variable")
    assert dataflow.origin(use.scope, "cast:y:0")[1].name == "x"
    assert dataflow.origin(use.scope, "nothing")[1] is None


def test_a_node_whose_op_is_a_function_calls_it(graph: Graph) -> None:
    add(graph.function("lookup", "i"), "found", "Gather", "t", "i")
    graph.node("call", "lookup", "x")
    assert ops(graph, "x") == {("found", 1)}


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_both_branches_have_what_comes_after_the_condition(graph: Graph, op: str) -> None:
    add(graph.function("yes", "a"), "in_yes", "Gather", "t", "a")
    add(graph.function("no", "a"), "in_no", "Gather", "t", "a")
    graph.node("choice", op, "condition", "x", then_branch="yes", else_branch="no")
    assert ops(graph, "x") == {("in_yes", 1), ("in_no", 1)}
    assert ops(graph, "condition") == set()


def test_a_loop_has_all_of_its_inputs_in_both_functions(graph: Graph) -> None:
    add(graph.function("going", "i", "a"), "less", "Less", "a")
    add(graph.function("doing", "i", "a"), "found", "Gather", "t", "a")
    graph.node("loop", "While", "zero", "x", cond="going", body="doing")
    assert ops(graph, "x") == {("less", 0), ("found", 1)}


def test_outputs_in_functions_go_by_name_and_number(graph: Graph) -> None:
    body = graph.function("f", "a")
    add(body, "unique", "Unique", "a")
    add(body, "rows", "Gather", "t", "unique:y:0")
    add(body, "positions", "Gather", "t", "unique:idx:0")
    add(body, "both", "IdentityN", "b", "a")
    add(body, "of_b", "Gather", "t", "both:output:0")
    add(body, "of_a", "Gather", "t", "both:output:1")
    graph.node("call", "PartitionedCall", "x", f="f")
    assert ops(graph, "x") == {("unique", 0), ("rows", 1), ("both", 1), ("of_a", 1)}


@pytest.mark.parametrize("op", ["PartitionedCall", "f"])
def test_what_a_function_gives_back_is_followed(graph: Graph, op: str) -> None:
    body = graph.function("f", "a", "b", returns=("b", "same:output:0"))
    add(body, "same", "Cast", "a")
    attributes = {"f": "f"} if op == "PartitionedCall" else {}
    graph.node("call", op, "x", "y", **attributes)
    graph.node("of_y", "Gather", "t", "call")
    graph.node("of_x", "Gather", "t", "call:1")
    assert ops(graph, "x") == {("same", 0), ("of_x", 1)}
    assert ops(graph, "y") == {("of_y", 1)}


def test_what_a_function_gives_back_is_followed_in_its_caller(graph: Graph) -> None:
    graph.function("inner", "a", "b", returns=("b", "a"))
    outer = graph.function("outer", "a", "b")
    add(outer, "call", "PartitionedCall", "a", "b", f="inner")
    add(outer, "of_b", "Gather", "t", "call:output:0")
    add(outer, "of_a", "Gather", "t", "call:output:1")
    graph.node("call", "PartitionedCall", "x", "y", f="outer")
    assert ops(graph, "x") == {("of_a", 1)}


def test_a_loop_gives_back_what_its_body_does_not_whether_it_goes_on(graph: Graph) -> None:
    graph.function("going", "i", "a", returns=("a",))
    graph.function("doing", "i", "a", returns=("i", "a"))
    graph.node("loop", "While", "zero", "x", cond="going", body="doing")
    graph.node("counted", "Gather", "t", "loop")
    graph.node("found", "Gather", "t", "loop:1")
    assert ops(graph, "x") == {("found", 1)}


@pytest.mark.parametrize("calls", [1, 2])
def test_a_function_that_calls_itself_ends(graph: Graph, calls: int) -> None:
    body = graph.function("f", "a")
    for number in range(calls):
        add(body, f"again{number}", "PartitionedCall", "a", f="f")
    add(body, "found", "Gather", "t", "a")
    graph.node("call", "PartitionedCall", "x", f="f")
    assert ops(graph, "x") == {("found", 1)}


def test_functions_that_each_call_the_next_one_twice_end() -> None:
    graph = Graph()
    graph.node("x", "Placeholder")
    for depth in range(30):
        body = graph.function(f"f{depth}", "a")
        for name in ("one", "two"):
            add(body, name, "PartitionedCall", "a", f=f"f{depth + 1}")
    graph.node("call", "PartitionedCall", "x", f="f0")
    began = time.process_time()
    ops(graph, "x")
    assert time.process_time() - began < 2


def test_what_is_not_there_is_no_use(graph: Graph) -> None:
    graph.node("call", "PartitionedCall", "x", f="gone")
    graph.node("odd", "Identity")
    assert ops(graph, "x") == set()
    assert dataflow.origin(dataflow.graph_of(graph.definition), "odd")[1] is None


def test_a_cycle_ends(graph: Graph) -> None:
    graph.node("a", "Identity", "b")
    graph.node("b", "Merge", "a", "x")
    assert ops(graph, "x") == {("a", 0), ("b", 0), ("b", 1)}
    looped = Graph()
    looped.node("a", "Identity", "b")
    looped.node("b", "Identity", "a")
    assert dataflow.origin(dataflow.graph_of(looped.definition), "a")[1] is None


def test_nodes_are_found_in_the_functions_that_are_called(graph: Graph) -> None:
    add(graph.function("initializer", "t"), "inner", "Init", "t")
    add(graph.function("uncalled", "t"), "other", "Init", "t")
    graph.node("call", "PartitionedCall", "x", f="initializer")
    graph.node("plain", "Init", "x")
    main = dataflow.graph_of(graph.definition)
    found: Any = {node.name: scope for scope, node in dataflow.nodes_of(main, ("Init",))}
    assert set(found) == {"inner", "plain"}
    assert found["inner"].caller[1].name == "call"


def test_a_large_graph_takes_no_time() -> None:
    definition = new("GraphDef")
    definition.node.add(name="n0", op="Placeholder")
    for number in range(20_000):
        definition.node.add(name=f"n{number + 1}", op="Identity", input=[f"n{number}"])
    began = time.process_time()
    found = dataflow.uses_of(dataflow.graph_of(definition), "n0", 0)
    assert time.process_time() - began < 2
    assert len(found) == 20_000
