"""TensorFlow's graphs without TensorFlow: the fields that an agent reads of them.

Those of ``savedmodel/protos``, and tensors and the arguments of functions, which only agents read.
In a pool of their own, so that they never meet those of a TensorFlow in the same process.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool

from pytest_tfroundtrip.savedmodel.protos import DESCRIPTORS, PACKAGE, message_in

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIELD = descriptor_pb2.FieldDescriptorProto
#: (message, field, its number in TensorFlow's files, its type or the message that it is, repeated)
_ADDED = (
    ("TensorProto", "dtype", 1, _FIELD.TYPE_INT32, False),
    ("TensorProto", "tensor_shape", 2, "TensorShape", False),
    ("TensorProto", "string_val", 8, _FIELD.TYPE_BYTES, True),
    ("ArgDef", "name", 1, _FIELD.TYPE_STRING, False),
    ("OpDef", "input_arg", 2, "ArgDef", True),
    ("OpDef", "output_arg", 3, "ArgDef", True),
    ("AttrValue", "tensor", 8, "TensorProto", False),
)


def new(name: str, **fields: Any) -> Any:
    """A message of that name."""
    return kind(name)(**fields)


@cache
def kind(name: str) -> Any:
    """The class of a message, such as ``MetaGraphDef``."""
    return message_in(_pool(), name)


@cache
def _pool() -> Any:
    (path,) = (each for each in DESCRIPTORS if each.name == "saved_model.desc")
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file
    by_name = {each.name: each for each in file.message_type}
    for owner, name, number, of, repeated in _ADDED:
        if owner not in by_name:
            by_name[owner] = file.message_type.add(name=owner)
        label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        field = by_name[owner].field.add(name=name, number=number, label=label)
        if isinstance(of, str):
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{PACKAGE}.{of}"
        else:
            field.type = of
        if owner == "AttrValue":
            field.oneof_index = 0
    _add_returns(by_name["FunctionDef"])
    pool: Any = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _add_returns(function: Any) -> None:
    """FunctionDef.ret, a map: a message of its own for each entry."""
    entry = function.nested_type.add(name="RetEntry")
    entry.options.map_entry = True
    for number, name in enumerate(("key", "value"), start=1):
        entry.field.add(
            name=name, number=number, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_STRING
        )
    function.field.add(
        name="ret",
        number=4,
        label=_FIELD.LABEL_REPEATED,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{PACKAGE}.FunctionDef.RetEntry",
    )


def shape(*sizes: int | None) -> Any:
    """A TensorShapeProto; None is an open dimension."""
    made = new("TensorShape")
    for size in sizes:
        made.dim.add(size=-1 if size is None else size)
    return made


UNKNOWN_RANK = object()


class Graph:
    """A meta graph that is put together node by node."""

    def __init__(self) -> None:
        self.meta_graph = new("MetaGraphDef")
        self.nodes: Any = self.meta_graph.graph_def.node

    @property
    def definition(self) -> Any:
        """The GraphDef."""
        return self.meta_graph.graph_def

    def node(self, name: str, op: str, *inputs: str, **attributes: Any) -> Any:
        """Add a node; an attribute that is a str names a function."""
        return add(self.nodes, name, op, *inputs, **attributes)

    def function(self, name: str, *arguments: str, returns: Sequence[str] = ()) -> Any:
        """Add a function of these arguments; nodes are added to what comes back."""
        made = self.definition.library.function.add()
        made.signature.name = name
        for number, each in enumerate(returns):
            made.signature.output_arg.add(name=f"out{number}")
            made.ret[f"out{number}"] = each
        for each in arguments:
            made.signature.input_arg.add(name=each)
        return made.node_def

    def input(
        self, name: str, dtype: int, sizes: Any = (None,), key: str = "serving_default"
    ) -> Any:
        """Add a dense input of a signature, with its placeholder."""
        self.node(name, "Placeholder")
        info = self.meta_graph.signature_def[key].inputs[name]
        info.name, info.dtype = f"{name}:0", dtype
        if sizes is UNKNOWN_RANK:
            info.tensor_shape.unknown_rank = True
        else:
            info.tensor_shape.CopyFrom(shape(*sizes))
        return info

    def table(self, name: str, *sizes: int) -> None:
        """Add a variable of that shape."""
        self.node(name, "VarHandleOp", shape=shape(*sizes))


def add(nodes: Any, name: str, op: str, *inputs: str, **attributes: Any) -> Any:
    """Add a node to a graph's or to a function's."""
    node = nodes.add(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        if isinstance(value, str):
            node.attr[key].func.name = value
        elif isinstance(value, int):
            node.attr[key].i = value
        elif isinstance(value, kind("TensorShape")):
            node.attr[key].shape.CopyFrom(value)
        else:
            node.attr[key].CopyFrom(value)
    return node


def strings(*values: bytes) -> Any:
    """The attribute "value" of a constant of strings."""
    made = new("AttrValue")
    made.tensor.dtype = 7
    made.tensor.string_val.extend(values)
    made.tensor.tensor_shape.CopyFrom(shape(len(values)))
    return made


def constant(*sizes: int) -> Any:
    """The attribute "value" of a constant of that shape, whose numbers nobody reads."""
    made = new("AttrValue")
    made.tensor.dtype = 1
    made.tensor.tensor_shape.CopyFrom(shape(*sizes))
    return made


def types(*numbers: int) -> Any:
    """An attribute that is a list of dtypes."""
    made = new("AttrValue")
    made.list.type.extend(numbers)
    return made


def shapes(*each: Any) -> Any:
    """An attribute that is a list of shapes."""
    made = new("AttrValue")
    made.list.shape.extend(each)
    return made


def words(*values: bytes) -> Any:
    """An attribute that is a list of strings."""
    made = new("AttrValue")
    made.list.s.extend(values)
    return made
