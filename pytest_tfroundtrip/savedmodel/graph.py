"""What a graph is made of, counted while it streams by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.model import Attribute, Op, Place, Table, Use, VariableKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_tfroundtrip.savedmodel.model import Shape
    from pytest_tfroundtrip.savedmodel.ranks import Ranks

_VARIABLES = {
    "Variable": VariableKind.REF,
    "VariableV2": VariableKind.REF,
    "VarHandleOp": VariableKind.RESOURCE,
}
_TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable")
#: Attributes that take a few words, which are not the same in all releases: see catalogue/ops.txt.
WORDS = frozenset({"data_format", "mixed_priority_policy", "padding"})
#: Begins the names of attributes that no op defines, which every reader takes as they are.
_ANY_READER = "_"


class _Kind(Enum):
    """What readers may look at in an attribute."""

    TYPE = auto()
    FUNCTION = auto()
    LIST = auto()  # of those
    WORD = auto()
    OTHER = auto()


_KINDS = {"type": _Kind.TYPE, "func": _Kind.FUNCTION, "list": _Kind.LIST}


@dataclass(frozen=True)
class VariableNode:
    """A node that holds a variable."""

    dtype: str
    shape: Shape
    kind: VariableKind


@dataclass
class _Body:
    """What was seen of the graph's own nodes, or of a function's."""

    #: By op: its attributes, and whether all nodes had the default (None: it has none).
    ops: dict[str, dict[str, bool | None]] = field(default_factory=dict)
    #: Op, attribute, and a dtype's number or a word.
    values: set[tuple[str, str, int | str]] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)  # that attributes name

    def take(self, other: _Body) -> None:
        """Add what was seen of another."""
        for op, attributes in other.ops.items():
            mine = self.ops.setdefault(op, {})
            for name, default in attributes.items():
                if mine.get(name, True) is True:
                    mine[name] = default
        self.values |= other.values


@dataclass
class Graph:
    """What was seen of a meta graph's graph and functions."""

    variables: dict[str, VariableNode] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    functions: int = 0
    producer: int = 0
    min_consumer: int = 0
    bad_consumers: tuple[int, ...] = ()
    devices: set[str] = field(default_factory=set)
    _in_graph: Counter[str] = field(default_factory=Counter)
    _in_functions: Counter[str] = field(default_factory=Counter)
    _own: _Body = field(default_factory=_Body)
    _bodies: dict[str, _Body] = field(default_factory=dict)  # of functions, by their names
    _kinds: dict[str, dict[str, _Kind]] = field(default_factory=dict)  # by op and attribute
    _open: str = ""  # the function that is being read
    #: The inputs of the graph's nodes, where they are wanted: a graph of TF1 code may have many.
    inputs: dict[str, tuple[str, ...]] | None = None
    ranks: Ranks | None = None  # likewise

    @property
    def nodes(self) -> int:
        """How many there are, of functions too."""
        return self._in_graph.total() + self._in_functions.total()

    @property
    def ops(self) -> tuple[Op, ...]:
        """What is used, by name."""
        every = _Body()
        for body in (self._own, *self._bodies.values()):
            every.take(body)
        return tuple(
            Op(name, self._in_graph[name], self._in_functions[name], _attributes(every, name))
            for name in sorted(every.ops)
        )

    def uses(self) -> Iterator[Use]:
        """What readers look at, by place and op; a node that is a function's call is no op's."""
        called, library = _Body(), _Body()
        reached = self._reached()
        for name, body in self._bodies.items():
            (called if name in reached else library).take(body)
        for place, each in (
            (Place.GRAPH, self._own),
            (Place.CALLED, called),
            (Place.LIBRARY, library),
        ):
            values: dict[str, list[tuple[str, str]]] = {}
            for op, attribute, value in each.values:
                word = value if isinstance(value, str) else dtype_name(value)
                values.setdefault(op, []).append((attribute, word))
            for op in sorted(each.ops):
                if op not in self._bodies:
                    found = tuple(sorted(values.get(op, ())))
                    yield Use(op, place, _attributes(each, op), found)

    def _reached(self) -> set[str]:
        """The functions that the graph's nodes call, and those that these do."""
        reached: set[str] = set()
        bodies = [self._own]
        while bodies:
            body = bodies.pop()
            for name in (*body.functions, *body.ops):
                if name in self._bodies and name not in reached:
                    reached.add(name)
                    bodies.append(self._bodies[name])
        return reached

    def see(self, piece: Any, defaults: Defaults) -> None:
        """Count a ``GraphDef``, which may be a part of one."""
        self._count(piece.node, self._in_graph, self._own, defaults)
        self._note(piece.node)
        if self.ranks is not None:
            self.ranks.note(piece.node)
        for function in piece.library.function:
            if name := function.signature.name:  # a large one comes in pieces: the first has it
                self.functions += 1
                self._open = name
            body = self._bodies.setdefault(self._open, _Body())
            self._count(function.node_def, self._in_functions, body, defaults)
        if piece.HasField("versions"):
            self.producer = piece.versions.producer
            self.min_consumer = piece.versions.min_consumer
            self.bad_consumers = tuple(piece.versions.bad_consumers)

    def _count(
        self, nodes: Iterable[Any], counter: Counter[str], body: _Body, defaults: Defaults
    ) -> None:
        ops, devices = body.ops, self.devices
        for node in nodes:
            op = node.op
            if not op:  # the rest of a node that is larger than a piece
                continue
            counter[op] += 1
            devices.add(node.device)
            seen = ops.get(op)
            if seen is None:
                seen = ops[op] = {}
            kinds = self._kinds.setdefault(op, {})
            attributes = node.attr
            for name in attributes:
                kind = kinds.get(name)
                if kind is None:
                    kind = kinds[name] = _kind(name, attributes[name])
                compared = seen.get(name, True) is not True
                if (compared and kind is _Kind.OTHER) or name.startswith(_ANY_READER):
                    continue
                value = attributes[name]
                if kind is not _Kind.OTHER:
                    _look(op, name, kind, value, body)
                if not compared:
                    default = defaults.of(op, name)
                    seen[name] = None if default is None else bool(value == default)

    def unrestored(self, fetched: Iterable[str], restoring: Iterable[str]) -> tuple[str, ...]:
        """The resource variables that are read, and that nothing has given a value before.

        Args:
            fetched: names of nodes that are run.
            restoring: names of nodes that are run before.
        """
        read, restored = self._before(fetched), self._before(restoring)
        return tuple(
            sorted(
                name
                for name, variable in self.variables.items()
                if variable.kind is VariableKind.RESOURCE and name in read and name not in restored
            )
        )

    def _before(self, names: Iterable[str]) -> set[str]:
        """The nodes that run when these do."""
        inputs, found = self.inputs or {}, set[str]()
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += [each.lstrip("^").partition(":")[0] for each in inputs.get(name, ())]
        return found

    def _note(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            op = node.op
            if self.inputs is not None:
                self.inputs[node.name] = tuple(node.input)
            if kind := _VARIABLES.get(op):
                dtype, shape = node.attr["dtype"].type, node.attr["shape"].shape
                self.variables[node.name] = VariableNode(dtype_name(dtype), shape_of(shape), kind)
            elif op.startswith(_TABLES):
                self.tables.append(Table(node.name, op))


def _kind(name: str, value: Any) -> _Kind:
    """What an op's attribute is; the same for all of its nodes."""
    field_name = value.WhichOneof("value")
    if field_name == "s":
        return _Kind.WORD if name in WORDS else _Kind.OTHER
    return _KINDS.get(field_name, _Kind.OTHER)


def _look(op: str, name: str, kind: _Kind, value: Any, body: _Body) -> None:
    """Note the dtypes, words and functions that an attribute names."""
    if kind is _Kind.TYPE:
        body.values.add((op, name, value.type))
    elif kind is _Kind.FUNCTION:
        body.functions.add(value.func.name)
    elif kind is _Kind.WORD:
        body.values.add((op, name, value.s.decode("utf-8", "backslashreplace")))
    else:
        for number in value.list.type:
            body.values.add((op, name, number))
        for function in value.list.func:
            body.functions.add(function.name)


def _attributes(body: _Body, op: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, default) for name, default in sorted(body.ops[op].items()))


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
