"""What is foretold of graphs made by hand, each with one thing that not all releases take.

That TensorFlow does so is tests/integration/test_prediction.py's: there the same is tried.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.prediction import Foreseen, Prediction, Subject, predict
from pytest_tfroundtrip.prediction.facts import Facts
from pytest_tfroundtrip.prediction.reach import reaches
from pytest_tfroundtrip.prediction.rules import readers, rules
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import found_at, read_saved_model
from pytest_tfroundtrip.vocabulary import Operation
from tests.saved_models import found

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Subject]

WILL, MAY = Foreseen.WILL_FAIL, Foreseen.MAY_FAIL
OLDEST, NEWEST = "1.15", "2.21"
FLOAT, STRING, FLOAT8 = 1, 7, 24


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A SavedModel as ``fill(meta_graph)`` made it, with a signature."""

    def made(fill: Callable[[Any], None], *, objects: bool = True) -> Subject:
        saved = message("SavedModel")()
        graph = saved.meta_graphs.add()
        graph.meta_info_def.tags.append("serve")
        graph.meta_info_def.tensorflow_version = "2.15.1"
        graph.signature_def["serving_default"].inputs["x"].name = "x:0"
        graph.graph_def.versions.producer = 1645
        if objects:
            graph.object_graph_def.nodes.add().user_object.identifier = "_generic_user_object"
        fill(graph)
        (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
        model = read_saved_model(found_at(tmp_path))
        return Subject(model, model.meta_graphs[0])

    return made


def given(name: str) -> Subject:
    """One of the models that TensorFlow wrote, its first meta graph."""
    model = read_saved_model(found(name))
    return Subject(model, model.meta_graphs[0])


def node(graph: Any, op: str, **attributes: Any) -> Any:
    """A node of the graph itself, or of a function."""
    nodes = graph.graph_def.node if hasattr(graph, "graph_def") else graph.node_def
    made = nodes.add(name=f"n{len(nodes)}", op=op)
    for name, value in attributes.items():
        kind = {bool: "b", int: "type", bytes: "s"}[type(value)]
        setattr(made.attr[name], kind, value)
    return made


def function(graph: Any, name: str, *, called: bool = False) -> Any:
    """A function, which a node of the graph calls if it is said."""
    made = graph.graph_def.library.function.add()
    made.signature.name = name
    if called:
        node(graph, "StatefulPartitionedCall").attr["f"].func.name = name
    return made


def foretold(
    subject: Subject, load: str, runtime: str, operation: Operation = Operation.INFERENCE
) -> Prediction:
    return predict(subject, apis().loaders[load], parse_runtime(runtime), operation)


def seen(subject: Subject, load: str, runtime: str) -> Foreseen | None:
    return foretold(subject, load, runtime).foreseen


def shorts(subject: Subject, load: str, runtime: str) -> list[str]:
    return [reason.short for reason in foretold(subject, load, runtime).reasons]


# Ops


def test_an_op_of_the_graph_that_a_release_does_not_have(make: Make) -> None:
    subject = make(lambda graph: node(graph, "DisableCopyOnRead"))
    for load in ("tf1_load", "saved_model_cli", "c_api"):
        assert shorts(subject, load, "2.9") == ["op DisableCopyOnRead"]
        assert seen(subject, load, "2.10") is None
    # Of a file with objects tf.saved_model.load imports no node of the graph.
    assert seen(subject, "tf2_load", "2.9") is None
    assert seen(make(lambda graph: node(graph, "DisableCopyOnRead"), objects=False), *OLD) is WILL


OLD = ("tf2_load", "2.9")


@pytest.mark.parametrize(
    ("called", "session", "objects"),
    [(True, WILL, WILL), (False, None, WILL)],
    ids=["called", "only-by-objects"],
)
def test_an_op_of_a_function(
    make: Make, called: bool, session: Foreseen | None, objects: Foreseen
) -> None:
    def fill(graph: Any) -> None:
        inner = function(graph, "inner")
        node(inner, "DisableCopyOnRead")
        node(function(graph, "outer", called=called), "PartitionedCall").attr[
            "f"
        ].func.name = "inner"

    subject = make(fill)
    for load in ("tf1_load", "c_api"):
        assert seen(subject, load, "2.9") is session
        assert seen(subject, load, "2.10") is None
    for load in ("tf2_load", "hub_load", "hub_keras_layer"):
        assert seen(subject, load, "2.9") is objects
        assert seen(subject, load, "2.10") is None


def test_a_function_is_no_op_and_is_called_by_its_name(make: Make) -> None:
    def fill(graph: Any) -> None:
        node(function(graph, "mine"), "DisableCopyOnRead")
        node(graph, "mine", anything=True)

    subject = make(fill)
    assert shorts(subject, "tf1_load", "2.9") == ["op DisableCopyOnRead"]
    assert seen(subject, "tf1_load", "2.10") is None
    assert seen(subject, "tf1_load", OLDEST) is WILL
    assert shorts(subject, "tf1_load", OLDEST) == ["op DisableCopyOnRead"]


@pytest.mark.parametrize(
    ("op", "whose"), [("TFRA>Table", "the add-on TFRA"), ("SimpleMLInference", "an add-on")]
)
def test_an_op_that_no_release_has(make: Make, op: str, whose: str) -> None:
    subject = make(lambda graph: node(graph, op))
    for runtime in releases():
        assert shorts(subject, "tf1_load", runtime) == [f"op {op} of {whose}"]
    (reason,) = foretold(subject, "c_api", NEWEST).reasons
    assert "imported before" in reason.sentence


def test_an_op_that_newer_releases_do_not_have_any_more(make: Make) -> None:
    subject = make(lambda graph: node(graph, "BigQueryReader"))
    assert seen(subject, "tf1_load", OLDEST) is None
    assert shorts(subject, "tf1_load", NEWEST) == ["op BigQueryReader"]


def test_a_removed_op_counts_by_the_version_of_its_graph(make: Make) -> None:
    op = "BatchNormWithGlobalNormalization"  # until GraphDef version 9

    def fill(producer: int) -> Callable[[Any], None]:
        def filled(graph: Any) -> None:
            graph.graph_def.versions.producer = producer
            node(graph, op)

        return filled

    assert seen(make(fill(8)), "tf1_load", NEWEST) is None
    assert shorts(make(fill(9)), "tf1_load", NEWEST) == [f"op {op}, which was removed"]

    def in_function(graph: Any) -> None:
        graph.graph_def.versions.producer = 8
        node(function(graph, "f", called=True), op)

    # tf.saved_model.load makes a graph of its own version of it; a session only when it runs.
    assert seen(make(in_function), "tf2_load", OLDEST) is WILL
    assert seen(make(in_function), "tf1_load", OLDEST) is None


# Attributes


def debug_name(graph: Any, value: bytes) -> None:
    """What 2.15 and later set on every variable, with the writer's own list of ops."""
    node(graph, "VarHandleOp", debug_name=value, dtype=FLOAT)
    op = graph.meta_info_def.stripped_op_list.op.add(name="VarHandleOp")
    op.attr.add(name="debug_name", type="string").default_value.s = b""


def test_an_attribute_that_a_release_does_not_know(make: Make) -> None:
    subject = make(lambda graph: debug_name(graph, b"w/"))
    for load in ("tf1_load", "c_api"):
        assert shorts(subject, load, "2.4") == ["attribute debug_name of VarHandleOp"]
        assert seen(subject, load, "2.5") is None  # it ignores what it does not know
    assert seen(subject, "tf2_load", "2.4") is None


def test_a_default_is_dropped_by_python_and_not_by_the_c_api(make: Make) -> None:
    subject = make(lambda graph: debug_name(graph, b""))
    for load in ("tf1_load", "saved_model_cli", "hub_module"):
        assert "attribute debug_name of VarHandleOp" not in shorts(subject, load, "2.4")
    assert seen(subject, "c_api", "2.4") is WILL


def test_a_default_that_the_writer_does_not_list_is_not_dropped(make: Make) -> None:
    subject = make(lambda graph: node(graph, "VarHandleOp", debug_name=b""))
    assert seen(subject, "tf1_load", "2.4") is WILL


def test_nodes_of_functions_do_not_make_the_graphs_own_differ(make: Make) -> None:
    def fill(graph: Any) -> None:
        debug_name(graph, b"")
        node(function(graph, "f"), "VarHandleOp", debug_name=b"w/")

    subject = make(fill)
    assert seen(subject, "tf1_load", "2.4") is None
    assert seen(subject, "tf2_load", "2.4") is WILL


@pytest.mark.parametrize(("called", "session"), [(True, MAY), (False, None)])
def test_an_attribute_in_a_function(make: Make, called: bool, session: Foreseen | None) -> None:
    subject = make(lambda graph: node(function(graph, "f", called=called), "MatMul", grad_a=True))
    assert seen(subject, "tf1_load", "2.4") is session
    assert seen(subject, "c_api", "2.4") is session
    assert seen(subject, "tf2_load", "2.4") is WILL
    assert seen(subject, "tf2_load", "2.5") is None


def test_attributes_that_any_reader_takes(make: Make) -> None:
    subject = make(lambda graph: node(graph, "MatMul", _mine=True, transpose_a=True, T=FLOAT))
    assert seen(subject, "c_api", OLDEST) is None


# Values


@pytest.mark.parametrize(
    ("op", "attributes", "oldest", "short"),
    [
        ("Placeholder", {"dtype": FLOAT8}, "2.12", "dtype float8_e5m2 of Placeholder"),
        ("Placeholder", {"dtype": FLOAT8 + 100}, "2.12", "dtype float8_e5m2 of Placeholder"),
        ("MatMul", {"T": 4}, "2.12", "T uint8 of MatMul"),
        ("MaxPool", {"padding": b"EXPLICIT"}, "2.4", "padding EXPLICIT of MaxPool"),
    ],
)
def test_a_value_that_a_release_does_not_take(
    make: Make, op: str, attributes: dict[str, Any], oldest: str, short: str
) -> None:
    subject = make(lambda graph: node(graph, op, **attributes))
    order = list(releases())
    before = order[order.index(oldest) - 1]
    assert shorts(subject, "tf1_load", before) == [short]
    assert seen(subject, "tf1_load", oldest) is None
    inside = make(lambda graph: node(function(graph, "f", called=True), op, **attributes))
    assert seen(inside, "tf2_load", before) is WILL
    assert seen(inside, "tf1_load", before) is MAY


def test_a_dtype_that_is_newer_than_all(make: Make) -> None:
    subject = make(lambda graph: node(graph, "Placeholder", dtype=99))
    assert shorts(subject, "tf1_load", NEWEST) == ["dtype dtype 99 of Placeholder"]


def test_a_list_of_dtypes(make: Make) -> None:
    def fill(graph: Any) -> None:
        node(graph, "IdentityN").attr["T"].list.type.extend([FLOAT, FLOAT8])

    assert shorts(make(fill), "tf1_load", "2.11") == ["T float8_e5m2 of IdentityN"]


# Versions


def test_readers_that_the_graph_excludes(make: Make) -> None:
    def fill(graph: Any) -> None:
        graph.graph_def.versions.min_consumer = 500
        graph.graph_def.versions.bad_consumers.append(987)

    subject = make(fill)
    assert shorts(subject, "tf1_load", "2.3") == ["min_consumer 500"]  # its own is 440
    assert seen(subject, "tf1_load", "2.4") is None
    assert shorts(subject, "c_api", "2.8") == ["bad_consumers"]
    assert seen(subject, "tf2_load", "2.3") is None


# Rules


def test_every_rule_is_about_loaders_and_facts_that_there_are() -> None:
    for rule in rules():
        for name in rule.load:
            assert name in apis().loaders, rule.id
            assert name.partition(".")[0] in readers()
        assert re.match(r"[A-Z].*\.\Z", rule.sentence), rule.id
    reading = {api.base for api in apis().loaders.values() if "saved_model" in api.reads}
    assert set(readers()) == reading


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_holds_where_its_facts_do_and_nowhere_else(rule: Any) -> None:
    false = dict.fromkeys(Facts.__dataclass_fields__, False)
    facts = Facts(**{**false, **rule.file})
    written = "2.0.1" if rule.id == "keras-rank-1-input" else "2.15.1"
    assert rule.holds(facts, written, rule.load[0])
    assert not rule.holds(facts, written, "nobody")
    for name in rule.file:
        other = replace(facts, **{name: not getattr(facts, name)})
        assert not rule.holds(other, written, rule.load[0])
    if rule.written is not None:
        assert not rule.holds(facts, "", rule.load[0])


@pytest.mark.parametrize(
    ("name", "load", "runtime", "operation", "expected"),
    [
        ("keras-2.8", "keras_load", "2.5", "inference", "keras-metadata-json"),
        ("keras-2.8", "keras_load", "2.15", "inference", None),
        ("keras-2.8", "keras_load", "2.16", "inference", "keras3-loads-no-savedmodel"),
        ("keras-2.8", "keras_load", "2.16+tf_keras", "inference", None),
        ("keras_saved_model-2.21", "keras_load", "2.15", "inference", "not-a-keras-model"),
        ("keras_saved_model-2.21", "c_api", "2.21", "inference", "keras3-untracked-variables"),
        ("keras_export-2.21", "c_api", "2.21", "inference", None),
        ("keras_export-2.21", "keras_load", "2.15", "inference", "not-a-keras-model"),
        ("tf_module-2.15", "hub_module", "2.15", "inference", "hub-module-wants-its-format"),
        ("hub_module-1.15", "hub_module", "2.15", "inference", None),
        ("hub_module-1.15", "c_api", "2.15", "inference", "c-api-restores-by-saver-only"),
        ("hub_module-1.15", "saved_model_cli", "2.8", "inference", "command-line-tool-wants-a-tag"),
        ("hub_module-1.15", "tf2_load", "2.8", "inference", "several-meta-graphs"),
        ("builder-1.15", "tf2_load", "2.15", "inference", None),
        ("odd-1.15", "hub_load", "1.15+v2", "inference", "sparse-signature-in-old-load"),
        ("builder-1.15", "tf2_load", "2.15+v1", "inference", "uninitialized-ref-in-graph-mode"),
        ("builder-1.15", "tf2_load", "2.15", "fine_tuning", "reference-variables-only-run"),
        ("builder-1.15", "tf1_load", "2.15", "fine_tuning", None),
        ("tf_module-2.15", "tf1_load", "2.15", "fine_tuning", "no-variables-in-collections"),
    ],
)
def test_files_that_tensorflow_wrote(
    name: str, load: str, runtime: str, operation: str, expected: str | None
) -> None:
    prediction = foretold(given(name), load, runtime, Operation(operation))
    assert [reason.id for reason in prediction.reasons][:1] == ([expected] if expected else [])


def test_a_signature_that_gives_a_reference(make: Make) -> None:
    def fill(dtype: int) -> Callable[[Any], None]:
        def filled(graph: Any) -> None:
            output = graph.signature_def["serving_default"].outputs["y"]
            output.name, output.dtype = "counter:0", dtype

        return filled

    reference = make(fill(FLOAT + 100), objects=False)
    assert shorts(reference, "tf2_load", NEWEST) == ["a signature that gives a reference"]
    assert seen(reference, "tf1_load", NEWEST) is None
    assert seen(make(fill(FLOAT), objects=False), "tf2_load", NEWEST) is None


def test_a_node_that_is_pinned_to_a_gpu(make: Make) -> None:
    def fill(graph: Any) -> None:
        node(graph, "Relu").device = "/device:GPU:0"

    subject = make(fill)
    assert seen(subject, "c_api", NEWEST) is MAY
    assert seen(subject, "tf2_load", NEWEST) is None


def test_certain_reasons_come_first(make: Make) -> None:
    def fill(graph: Any) -> None:
        node(function(graph, "f", called=True), "MatMul", grad_a=True)
        node(graph, "DisableCopyOnRead")

    prediction = foretold(make(fill), "tf1_load", "2.4")
    assert [reason.foreseen for reason in prediction.reasons] == [WILL, MAY]


def test_nothing_is_foretold_of_a_third_partys_loader_or_an_unknown_release(make: Make) -> None:
    subject = make(lambda graph: node(graph, "NoSuchOp"))
    loader = apis().loaders["tf1_load"]
    assert predict(subject, replace(loader, name="acme"), parse_runtime("2.8")).reasons == ()
    own = parse_runtime("2.8")
    newer = replace(own, release=replace(own.release, name="2.99", tensorflow="2.99.0"))
    assert predict(subject, loader, newer).reasons == ()
    assert predict(subject, loader, own).reasons != ()


# How far


def test_reach_is_told_by_loader() -> None:
    by_loader = {reach.loader: reach for reach in reaches(given("keras-2.8"))}
    keras = by_loader["keras_load"]
    assert (keras.oldest, keras.newest) == ("2.6", "2.15")
    assert [(span.oldest, span.newest, span.foreseen) for span in keras.spans] == [
        ("1.15", "2.5", WILL),
        ("2.6", "2.15", None),
        ("2.16", "2.21", WILL),
    ]
    assert by_loader["hub_module"].oldest is None
    assert by_loader["hub_module"].releases[-1] == "2.15"
    assert (by_loader["tf2_load"].oldest, by_loader["tf2_load"].newest) == (OLDEST, NEWEST)


def test_reach_has_holes(make: Make) -> None:
    def fill(graph: Any) -> None:
        node(graph, "Relu")
        graph.graph_def.versions.bad_consumers.extend([987, 1087])

    (reach, *_) = reaches(make(fill))
    assert (reach.loader, reach.oldest, reach.newest) == ("tf1_load", OLDEST, NEWEST)
    assert reach.failing == ("2.8", "2.9")


def test_each_piece_of_a_span_has_a_reason_that_holds_in_all_of_it() -> None:
    by_loader = {reach.loader: reach for reach in reaches(given("keras_saved_model-2.21"))}
    pieces = [
        (span.oldest, span.newest, span.reasons[0].id) for span in by_loader["keras_load"].spans
    ]
    assert pieces[-1] == ("2.16", "2.21", "keras3-loads-no-savedmodel")
    assert [piece[1] for piece in pieces][-2:] == ["2.15", "2.21"]
    assert by_loader["keras_load"].oldest is None


def without_shapes(graph: Any, *, op: str = "Mul", rank: int | None = 2, says: int = 0) -> None:
    """A TF1 graph: y is an op of an input and a variable, and the signature's y has a rank."""
    signature = graph.signature_def["serving_default"]
    signature.outputs["y"].name = "y:0"
    for _ in range(says):
        signature.outputs["y"].tensor_shape.dim.add(size=-1)
    x = graph.graph_def.node.add(name="x", op="Placeholder")
    shape = x.attr["_output_shapes"].list.shape.add()
    shape.unknown_rank = rank is None
    for _ in range(rank or 0):
        shape.dim.add(size=-1)
    graph.graph_def.node.add(name="w", op="VariableV2").attr["shape"].shape.SetInParent()
    graph.graph_def.node.add(name="w/read", op="Identity", input=["w", "^x"])
    graph.graph_def.node.add(name="y", op=op, input=["x:0", "w/read"])


@pytest.mark.parametrize(
    ("changed", "strikes"),
    [
        ({}, True),
        ({"op": "MatMul", "rank": None}, True),
        ({"op": "Reshape"}, False),  # nobody knows without its values
        ({"rank": None}, False),
        ({"rank": 0}, False),  # a scalar it is
        ({"rank": 1, "says": 1}, False),
    ],
)
def test_a_signature_without_shapes_is_refused_where_the_graph_is_sure_of_them(
    make: Make, changed: dict[str, Any], strikes: bool
) -> None:
    subject = make(lambda graph: without_shapes(graph, **changed), objects=False)
    for loader, runtime in (("tf2_load", "1.15"), ("hub_load", "2.8"), ("tfsm_layer", "2.21")):
        assert seen(subject, loader, runtime) is (WILL if strikes else None)
    assert seen(subject, "tf1_load", "2.21") is None


def test_what_nodes_refer_to_may_be_a_circle(make: Make) -> None:
    def circle(graph: Any) -> None:
        without_shapes(graph)
        graph.graph_def.node[-1].input[:] = ["y", "y:0"]

    assert seen(make(circle, objects=False), "tf2_load", "2.21") is None


def keras(graph: Any, identifier: str, metadata: str, *names: str) -> Any:
    """A Keras root with ``keras_api``, which has children by these names; the last one of them."""
    nodes = graph.object_graph_def.nodes
    nodes[0].user_object.identifier = identifier
    nodes[0].user_object.metadata = metadata
    parent = nodes[0]
    for name in ("keras_api", *names):
        parent.children.add(node_id=len(nodes), local_name=name)
        parent = nodes.add()
    return parent


NO_CONFIG = '{"class_name": "Mine", "config": {"layer was saved without config": true}}'
CALL = "call_and_return_conditional_losses"


@pytest.mark.parametrize(
    ("identifier", "metadata", "names", "strikes"),
    [
        ("_tf_keras_model", NO_CONFIG, (), True),
        ("_tf_keras_model", NO_CONFIG, (CALL,), False),
        ("_tf_keras_model", '{"class_name": "Mine", "config": {}}', (), False),  # may be made anew
        ("_tf_keras_network", NO_CONFIG, (), False),
    ],
)
def test_a_keras_model_that_was_never_called(
    make: Make, identifier: str, metadata: str, names: tuple[str, ...], strikes: bool
) -> None:
    subject = make(lambda graph: void(keras(graph, identifier, metadata, *names)))
    for runtime in ("1.15", "2.8", "2.15"):
        found = predict(subject, apis().loaders["keras_load"], parse_runtime(runtime))
        assert ("keras-model-never-called" in {each.id for each in found.reasons}) is strikes


@pytest.mark.parametrize(
    ("layer", "shape", "strikes"),
    [
        ("_tf_keras_layer", '{"class_name": "__tuple__", "items": [null, 3]}', True),
        ("_tf_keras_layer", "[null, 3]", False),
        ("_tf_keras_layer", "null", False),
        ("_tf_keras_input_layer", '{"class_name": "__tuple__", "items": [null, 3]}', False),
    ],
)
def test_a_shape_as_newer_keras_writes_it(
    make: Make, layer: str, shape: str, strikes: bool
) -> None:
    def fill(graph: Any) -> None:
        first = keras(graph, "_tf_keras_sequential", "{}", "layers", "0")
        first.user_object.identifier = layer
        first.user_object.metadata = f'{{"batch_input_shape": {shape}}}'

    subject = make(fill)
    for runtime, expected in (("1.15", strikes), ("2.1", strikes), ("2.2", False)):
        found = predict(subject, apis().loaders["keras_load"], parse_runtime(runtime))
        assert ("keras-shape-unknown-to-1-15" in {each.id for each in found.reasons}) is expected


def void(_: object) -> None:
    """A lambda's result is not wanted."""


def _spec(value: Any, name: str, number: int) -> None:
    value.type_spec_value.type_spec_class = number
    value.type_spec_value.type_spec_class_name = name


#: Where in what a function takes or gives a type may stand.
PLACES: dict[str, Callable[[Any], Any]] = {
    "itself": lambda function: function.output_signature,
    "an argument": lambda function: (
        function.canonicalized_input_signature.tuple_value.values.add().dict_value.fields["x"]
    ),
    "a named tuple": lambda function: (
        function.output_signature.list_value.values.add().named_tuple_value.values.add().value
    ),
    "another type": lambda function: function.output_signature.type_spec_value.type_state,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("name", "number", "strikes"),
    [
        ("tf_agents.policies.greedy_policy.DeterministicWithLogProb_ACTTypeSpec", 12, True),
        ("_TFPTypeSpec", 275837168, True),
        ("tf.data.NumpyIteratorSpec", 12, False),
        ("RaggedTensorSpec", 3, False),
        ("IteratorSpec", 6, False),
    ],
)
def test_objects_of_another_library_are_made_by_who_makes_functions(
    make: Make, place: str, name: str, number: int, strikes: bool
) -> None:
    def fill(graph: Any) -> None:
        _spec(PLACES[place](graph.object_graph_def.concrete_functions["f"]), name, number)

    subject = make(fill)
    for loader in ("tf2_load", "hub_load", "keras_load", "tf1_load", "c_api"):
        found = [
            each
            for each in foretold(subject, loader, "2.15").reasons
            if each.id == "type-spec-not-registered"
        ]
        assert bool(found) is (strikes and loader not in ("tf1_load", "c_api"))
        assert all(name in each.sentence and each.foreseen is WILL for each in found)
