"""What a graph is made of, counted while it streams by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.model import Attribute, Op, Table, VariableKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.savedmodel.model import Shape

_VARIABLES = {
    "Variable": VariableKind.REF,
    "VariableV2": VariableKind.REF,
    "VarHandleOp": VariableKind.RESOURCE,
}
_TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable")
#: Begins the names of attributes that no op defines, which every reader takes as they are.
_ANY_READER = "_"


@dataclass(frozen=True)
class VariableNode:
    """A node that holds a variable."""

    dtype: str
    shape: Shape
    kind: VariableKind


@dataclass
class Graph:
    """What was seen of a meta graph's graph and functions."""

    variables: dict[str, VariableNode] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    functions: int = 0
    producer: int = 0
    min_consumer: int = 0
    devices: set[str] = field(default_factory=set)
    _in_graph: Counter[str] = field(default_factory=Counter)
    _in_functions: Counter[str] = field(default_factory=Counter)
    #: By op: its attributes, and whether all nodes had the default (None: it has none).
    _attributes: dict[str, dict[str, bool | None]] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        """How many there are, of functions too."""
        return self._in_graph.total() + self._in_functions.total()

    @property
    def ops(self) -> tuple[Op, ...]:
        """What is used, by name."""
        return tuple(
            Op(
                name,
                self._in_graph[name],
                self._in_functions[name],
                tuple(
                    Attribute(attribute, default)
                    for attribute, default in sorted(self._attributes[name].items())
                ),
            )
            for name in sorted(self._attributes)
        )

    def see(self, piece: Any, defaults: Defaults) -> None:
        """Count a ``GraphDef``, which may be a part of one."""
        self._count(piece.node, self._in_graph, defaults)
        self._note(piece.node)
        for function in piece.library.function:
            self._count(function.node_def, self._in_functions, defaults)
            self.functions += bool(function.signature.name)  # a large one comes in pieces
        if piece.HasField("versions"):
            self.producer = piece.versions.producer
            self.min_consumer = piece.versions.min_consumer

    def _count(self, nodes: Iterable[Any], counter: Counter[str], defaults: Defaults) -> None:
        attributes, devices = self._attributes, self.devices
        for node in nodes:
            op = node.op
            if not op:  # the rest of a node that is larger than a piece
                continue
            counter[op] += 1
            devices.add(node.device)
            seen = attributes.get(op)
            if seen is None:
                seen = attributes[op] = {}
            for name in node.attr:
                if seen.get(name, True) is not True or name.startswith(_ANY_READER):
                    continue
                default = defaults.of(op, name)
                seen[name] = None if default is None else bool(node.attr[name] == default)

    def _note(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            op = node.op
            if kind := _VARIABLES.get(op):
                dtype, shape = node.attr["dtype"].type, node.attr["shape"].shape
                self.variables[node.name] = VariableNode(dtype_name(dtype), shape_of(shape), kind)
            elif op.startswith(_TABLES):
                self.tables.append(Table(node.name, op))


class Defaults:
    """The defaults of attributes, by the writer's own list of the ops it used."""

    def __init__(self, ops: Iterable[Any]) -> None:
        self._values: Mapping[str, Mapping[str, Any]] = {
            op.name: {
                attr.name: attr.default_value for attr in op.attr if attr.HasField("default_value")
            }
            for op in ops
        }

    def of(self, op: str, attribute: str) -> Any | None:
        """The ``AttrValue``; None where the list doesn't have the op, or no default."""
        return self._values.get(op, {}).get(attribute)
