"""Functions of the root object, as a SavedModel's file has them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_tfroundtrip.savedmodel.functions import functions_of
from pytest_tfroundtrip.savedmodel.model import TensorKind
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import found_at, read_saved_model, read_stamps
from tests.saved_models import DATA

FLOAT, STRING = 1, 7


class Objects:
    """An object graph, written by hand."""

    def __init__(self) -> None:
        self.graph: Any = message("SavedObjectGraph")()
        self.graph.nodes.add()

    @property
    def root(self) -> Any:
        return self.graph.nodes[0]

    def held(self, name: str, by: int = 0, identifier: str = "_generic_user_object") -> int:
        """An object in an object; its number."""
        number = len(self.graph.nodes)
        self.graph.nodes[by].children.add(node_id=number, local_name=name)
        self.graph.nodes.add().user_object.identifier = identifier
        return number

    def function(
        self, name: str, *traces: Any, arguments: tuple[str, ...] = (), by: int = 0
    ) -> Any:
        number = len(self.graph.nodes)
        self.graph.nodes[by].children.add(node_id=number, local_name=name)
        function = self.graph.nodes.add().function
        for number, each_trace in enumerate(traces):
            concrete = f"{name}_{by}_{number}"
            function.concrete_functions.append(concrete)
            self.graph.concrete_functions[concrete].canonicalized_input_signature.CopyFrom(
                each_trace
            )
        pair = function.function_spec.fullargspec.named_tuple_value.values.add(key="args")
        for each in arguments:
            pair.value.list_value.values.add(string_value=each)
        return function

    def names(self) -> list[str]:
        return [each.name for each in functions_of(self.graph)]


def trace(*positional: Any, **keywords: Any) -> Any:
    """The input signature of a trace."""
    found = message("StructuredValue")()
    parts = found.tuple_value.values
    arguments = parts.add().tuple_value
    arguments.SetInParent()
    for each in positional:
        arguments.values.add().CopyFrom(each)
    given = parts.add().dict_value
    given.SetInParent()
    for name, each in keywords.items():
        given.fields[name].CopyFrom(each)
    return found


def value(**kind: Any) -> Any:
    return message("StructuredValue")(**kind)


def tensor(name: str, *shape: int, dtype: int = FLOAT) -> Any:
    found = value()
    found.tensor_spec_value.name, found.tensor_spec_value.dtype = name, dtype
    found.tensor_spec_value.shape.SetInParent()
    for size in shape:
        found.tensor_spec_value.shape.dim.add(size=size)
    return found


def test_call_comes_first_then_what_takes_something_each_by_name() -> None:
    objects = Objects()
    for name in ("b", "a", "__call__"):
        objects.function(name, trace())
    for name in ("d", "c"):
        objects.function(name, trace(tensor("x")))
    assert objects.names() == ["__call__", "c", "d", "a", "b"]


@pytest.mark.parametrize(
    "name",
    ["_own", "__init__", "call_and_return_conditional_losses", "_default_save_signature"],
)
def test_what_is_not_for_callers_is_left_out(name: str) -> None:
    objects = Objects()
    objects.function(name, trace())
    assert objects.names() == []


def test_a_function_that_was_never_traced_cannot_be_called() -> None:
    objects = Objects()
    objects.function("a")
    objects.function("b").concrete_functions.append("nowhere")
    assert objects.names() == []


def test_attributes_that_lead_nowhere_or_to_no_function_are_left_out() -> None:
    objects = Objects()
    objects.root.children.add(node_id=99, local_name="gone")
    objects.root.children.add(node_id=-1, local_name="before")
    objects.root.children.add(node_id=1, local_name="v")
    objects.graph.nodes.add().variable.name = "v"
    assert objects.names() == []
    assert list(functions_of(message("SavedObjectGraph")())) == []


def test_where_the_root_has_none_those_of_the_nearest_objects_are_taken() -> None:
    objects = Objects()
    for name in ("pt", "en"):
        held = objects.held(name)
        objects.function("tokenize", trace(), by=held)
        objects.function("deeper", trace(), by=objects.held("inner", by=held))
    assert objects.names() == ["en.tokenize", "pt.tokenize"]
    objects.function("own", trace())
    assert objects.names() == ["own"]


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("_own", "_generic_user_object"),
        ("signatures", "signature_map"),
        ("layer", "_tf_keras_layer"),
    ],
)
def test_objects_that_are_not_for_callers_are_not_looked_into(name: str, identifier: str) -> None:
    objects = Objects()
    objects.function("f", trace(), by=objects.held(name, identifier=identifier))
    assert objects.names() == []


def test_a_circle_of_objects_ends() -> None:
    objects = Objects()
    held = objects.held("a")
    objects.graph.nodes[held].children.add(node_id=0, local_name="back")
    objects.graph.nodes[held].children.add(node_id=held, local_name="itself")
    assert objects.names() == []


def test_it_is_called_as_the_first_trace_that_is_not_in_training_mode() -> None:
    objects = Objects()
    x = tensor("x", -1, 3)
    traces = [trace(x, value(bool_value=each)) for each in (True, False)]
    objects.function("__call__", *traces, arguments=("self", "x", "training"))
    (found,) = functions_of(objects.graph)
    assert found.settings == {"training": "False"}
    assert list(found.inputs) == ["x"]
    assert (found.inputs["x"].dtype, found.inputs["x"].shape) == ("float32", (None, 3))


def test_inputs_have_the_names_of_their_specs_else_of_where_they_stand() -> None:
    objects = Objects()
    several = value()
    for each in (tensor("b"), tensor("")):
        several.list_value.values.add().CopyFrom(each)
    named = value()
    named.named_tuple_value.values.add(key="deep").value.CopyFrom(tensor(""))
    pair = value()
    pair.dict_value.fields["z"].CopyFrom(tensor("z"))
    pair.dict_value.fields["a"].CopyFrom(tensor("b"))
    signature = trace(several, pair, named, tensor(""), last=tensor("", dtype=STRING))
    objects.function("f", signature, arguments=("one", "two", "three"))
    (found,) = functions_of(objects.graph)
    assert list(found.inputs) == ["b", "one.1", "two.a", "z", "three.deep", "argument_3", "last"]
    assert found.inputs["last"].dtype == "string"


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ({"none_value": {}}, "None"),
        ({"bool_value": False}, "False"),
        ({"int64_value": -3}, "-3"),
        ({"float64_value": 0.5}, "0.5"),
        ({"string_value": "mean"}, "'mean'"),
        ({"tensor_dtype_value": 1}, "1"),
        ({"tensor_shape_value": {}}, "tensor_shape"),
        ({}, "None"),
    ],
)
def test_plain_arguments_are_shown_as_python_does(kind: dict[str, Any], shown: str) -> None:
    objects = Objects()
    objects.function("f", trace(value(**kind)), arguments=("how",))
    (found,) = functions_of(objects.graph)
    assert found.settings == {"how": shown}
    assert not found.inputs


def test_ragged_and_sparse_inputs_have_the_dtype_of_their_values() -> None:
    objects = Objects()
    parts = []
    for kind, dtypes in ((3, (FLOAT, 9)), (1, (STRING,)), (99, ())):
        spec = value()
        spec.type_spec_value.type_spec_class = kind
        state = spec.type_spec_value.type_state.tuple_value.values
        if dtypes:
            shape = state.add().tensor_shape_value
            shape.dim.add(size=-1)
        for dtype in dtypes:
            state.add(tensor_dtype_value=dtype)
        parts.append(spec)
    objects.function("f", trace(*parts), arguments=("rows", "words", "odd"))
    (found,) = functions_of(objects.graph)
    told = [(each.kind, each.dtype, each.shape) for each in found.inputs.values()]
    assert told[:2] == [
        (TensorKind.COMPOSITE, "float32", (None,)),
        (TensorKind.SPARSE, "string", (None,)),
    ]
    assert told[2][0] is TensorKind.COMPOSITE
    assert told[2][2] is None


def test_a_stamp_has_them_where_there_is_no_signature() -> None:
    (stamp,) = read_stamps(found_at(DATA / "functions-2.8"))
    assert stamp.functions == {
        "__call__": ("ids", "weights"),
        "forget": (),
        "tokenize": ("text",),
        "total": ("rows",),
    }
    (other,) = read_stamps(found_at(DATA / "tf_module-2.15"))
    assert other.functions == {}


def test_a_meta_graph_has_them_always() -> None:
    (graph,) = read_saved_model(found_at(DATA / "tf_module-2.15")).meta_graphs
    assert [each.name for each in graph.restored] == ["__call__"]
    (old,) = read_saved_model(found_at(DATA / "builder-1.15")).meta_graphs
    assert old.restored == ()
