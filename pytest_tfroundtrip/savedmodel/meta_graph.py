"""A meta graph as it was read from a file, made into what people ask of it."""

from __future__ import annotations

from itertools import filterfalse
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel import objects
from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, is_reference, shape_of
from pytest_tfroundtrip.savedmodel.file import parsed
from pytest_tfroundtrip.savedmodel.functions import functions_of
from pytest_tfroundtrip.savedmodel.graph import Defaults, Graph
from pytest_tfroundtrip.savedmodel.model import (
    Asset,
    MetaGraph,
    Signature,
    Stamp,
    Tensor,
    TensorKind,
    Variable,
    VariableKind,
    is_private,
)
from pytest_tfroundtrip.savedmodel.origin import Traces, savers_of
from pytest_tfroundtrip.savedmodel.protos import enum_name
from pytest_tfroundtrip.savedmodel.ranks import Ranks, scalars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.file import MetaGraphPart

#: Collections whose nodes a session runs once the variables are there.
_INITIALIZERS = ("saved_model_main_op", "legacy_init_op", "table_initializer")
_INIT_SIGNATURE = "__saved_model_init_op"
_ASSETS = "saved_model_assets"
_TRAINABLE = "trainable_variables"
_DEFAULT = "serving_default"


def stamp_of(head: Any, traces: Traces) -> Stamp:
    """What a ``MetaGraphDef`` says of itself."""
    info, nodes = head.meta_info_def, head.object_graph_def.nodes
    signatures = tuple(sorted(filterfalse(is_private, head.signature_def), key=_default_first))
    return Stamp(
        tags=tuple(sorted(info.tags)),
        signatures=tuple(sorted(signatures)),
        tensorflow=info.tensorflow_version,
        tensorflow_git=info.tensorflow_git_version,
        savers=savers_of(head, traces, objects.children_of(nodes), objects.keras_of(nodes)),
        inputs={key: tuple(sorted(head.signature_def[key].inputs)) for key in signatures},
        copies=dict(_copies(head, signatures)),
        functions={} if signatures else _inputs(head.object_graph_def),
        variables=objects.has_variables(nodes) if nodes else None,
    )


def _inputs(object_graph: Any) -> dict[str, tuple[str, ...]]:
    """{function: the names of its inputs}."""
    return {each.name: tuple(sorted(each.inputs)) for each in functions_of(object_graph)}


def _default_first(key: str) -> tuple[bool, str]:
    return key != _DEFAULT, key


def _copies(head: Any, signatures: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Signatures that are another one by a second name: an Estimator writes its default so."""
    seen: list[str] = []
    for key in signatures:
        one = head.signature_def[key]
        first = next((other for other in seen if head.signature_def[other] == one), None)
        if first is None:
            seen.append(key)
        else:
            yield key, first


def meta_graph_of(part: MetaGraphPart, folder: Path, traces: Traces) -> MetaGraph:
    """All there is to say of a meta graph; its graph is read meanwhile.

    Raises:
        Damaged: the graph is not in form.
    """
    head = part.head
    listed = head.meta_info_def.stripped_op_list.op
    nodes = head.object_graph_def.nodes
    # TF1's Saver restores all there is; of an object graph's variables it may not see some.
    graph, defaults = Graph(inputs={} if nodes else None), Defaults(listed)
    if not nodes and scalars(head.signature_def):
        graph.ranks = Ranks()
    for piece in part.graph():
        graph.see(piece, defaults)
    variables = tuple(objects.variables_of(nodes) if nodes else _variables(head, graph))
    signatures = tuple(_signature(key, each) for key, each in sorted(head.signature_def.items()))
    initializers = _initializers(head)
    attributes, keras = objects.children_of(nodes), objects.keras_of(nodes)
    return MetaGraph(
        stamp=stamp_of(head, traces),
        signatures=signatures,
        restored=tuple(functions_of(head.object_graph_def)),
        variables=variables,
        ops=graph.ops,
        listed=tuple(sorted(op.name for op in listed)),
        assets=tuple(_asset(name, folder) for name in _assets(head)),
        tables=tuple(graph.tables),
        initializers=tuple(sorted(initializers)),
        functions=graph.functions,
        nodes=graph.nodes,
        devices=tuple(sorted(graph.devices - {""})),
        producer=graph.producer,
        min_consumer=graph.min_consumer,
        bad_consumers=graph.bad_consumers,
        objects=len(nodes),
        attributes=tuple(sorted(attributes)),
        keras=keras,
        foreign_specs=tuple(sorted(objects.foreign_specs_of(head.object_graph_def))),
        restores=bool(variables or head.saver_def.restore_op_name),
        saver=bool(head.saver_def.restore_op_name),
        trainable=_TRAINABLE in head.collection_def,
        unrestored=graph.unrestored(
            _nodes(tensor for each in signatures for tensor in each.outputs.values()),
            {head.saver_def.restore_op_name, *(name.partition(":")[0] for name in initializers)},
        ),
        misshapen=tuple(
            each.key for each in signatures if graph.ranks and graph.ranks.contradicted(each)
        ),
        uses=tuple(graph.uses()),
    )


def _signature(key: str, message: Any) -> Signature:
    return Signature(
        key=key,
        method_name=message.method_name,
        inputs={name: _tensor(each) for name, each in sorted(message.inputs.items())},
        outputs={name: _tensor(each) for name, each in sorted(message.outputs.items())},
    )


def _nodes(tensors: Iterable[Tensor]) -> Iterator[str]:
    for tensor in tensors:
        for name in tensor.tensors:
            yield name.partition(":")[0]


def _tensor(message: Any) -> Tensor:
    dtype, shape = dtype_name(message.dtype), shape_of(message.tensor_shape)
    encoding = message.WhichOneof("encoding")
    if encoding == "coo_sparse":
        sparse = message.coo_sparse
        names = (
            sparse.values_tensor_name,
            sparse.indices_tensor_name,
            sparse.dense_shape_tensor_name,
        )
        return Tensor(dtype, shape, TensorKind.SPARSE, names)
    if encoding == "composite_tensor":
        composite = message.composite_tensor
        spec = composite.type_spec
        named = spec.type_spec_class_name or enum_name("TypeSpec.Class", spec.type_spec_class)
        names = tuple(each.name for each in composite.components)
        if composite.components:  # the first one has the values
            first = composite.components[0]
            dtype, shape = dtype_name(first.dtype), shape_of(first.tensor_shape)
        return Tensor(dtype, shape, TensorKind.COMPOSITE, names, named)
    reference = is_reference(message.dtype)
    return Tensor(dtype, shape, TensorKind.DENSE, (message.name,), reference=reference)


def _variables(head: Any, graph: Graph) -> Iterator[Variable]:
    """The variables of a TF1 API: those of its collection, else those that the graph has."""
    kept = list(_variable_defs(head, "variables"))
    if not kept:
        for name, node in graph.variables.items():
            yield Variable(name, node.dtype, node.shape, node.kind, None, name)
        return
    trainable = {each.variable_name for each in _variable_defs(head, _TRAINABLE)}
    seen = set()
    for each in kept:
        name = each.variable_name.partition(":")[0]
        if name in seen:
            continue
        seen.add(name)
        found = graph.variables.get(name)
        kind = VariableKind.RESOURCE if each.is_resource else VariableKind.REF
        yield Variable(
            name=name,
            dtype=found.dtype if found else dtype_name(0),
            shape=found.shape if found else None,
            kind=found.kind if found else kind,
            trainable=each.variable_name in trainable,
            key=each.save_slice_info_def.full_name or name,
        )


def _variable_defs(head: Any, collection: str) -> Iterable[Any]:
    if collection in head.collection_def:
        for content in head.collection_def[collection].bytes_list.value:
            yield parsed("VariableDef", content)


def _initializers(head: Any) -> set[str]:
    found = set()
    for name in _INITIALIZERS:
        if name in head.collection_def:
            found.update(head.collection_def[name].node_list.value)
    if _INIT_SIGNATURE in head.signature_def:
        found.update(each.name for each in head.signature_def[_INIT_SIGNATURE].outputs.values())
    return found


def _assets(head: Any) -> list[str]:
    """The files' names; early TF1 has them in a collection only."""
    names = {each.filename for each in head.asset_file_def}
    if _ASSETS in head.collection_def:
        for each in head.collection_def[_ASSETS].any_list.value:
            names.add(parsed("AssetFileDef", each.value).filename)
    return sorted(names)


def _asset(name: str, folder: Path) -> Asset:
    """The asset, if it is a file in the model's own folder: a name may be anything."""
    parts = PurePosixPath(name)
    path = folder / "assets" / parts
    if parts.is_absolute() or ".." in parts.parts:
        return Asset(name, None)
    try:
        return Asset(name, path.stat().st_size if path.is_file() else None)
    except (OSError, ValueError):  # a name that no file can have
        return Asset(name, None)
