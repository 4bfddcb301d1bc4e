"""Ranks of a signature's outputs, as far as a few nodes of the graph tell them for certain.

``tf.saved_model.load`` cuts a TF1 graph out for each signature, from its inputs to its outputs,
and gives an output the shape that the signature says (``prune`` in ``eager/wrap_function.py``).
What the cut-out graph has is worked out anew by the ops themselves, but for the inputs, which keep
the shape that ``_output_shapes`` gave them when the graph was imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.savedmodel.model import Signature

#: Ops whose output has the rank of the largest of their inputs.
_BROADCAST = frozenset(
    {"Add", "AddV2", "Sub", "Mul", "Div", "RealDiv", "Maximum", "Minimum", "SquaredDifference"}
)
#: Ops whose output has the rank of their first input.
_ALIKE = frozenset(
    {
        *("Identity", "BiasAdd", "Relu", "Relu6", "Sigmoid", "Tanh", "Softmax", "LogSoftmax"),
        *("Exp", "Log", "Neg", "Abs", "Sqrt", "Rsqrt", "Square"),
    }
)
_ALWAYS = {"MatMul": 2, "Conv2D": 4}
_DEEPEST = 50  # nodes above each other


@dataclass(frozen=True)
class _Node:
    op: str
    inputs: tuple[str, ...]
    rank: int | None  # of its first output, by _output_shapes
    own: int | None  # of what it holds


@dataclass
class Ranks:
    """Nodes of a graph."""

    _nodes: dict[str, _Node] = field(default_factory=dict)

    def note(self, nodes: Iterable[Any]) -> None:
        """Take nodes of the graph itself."""
        for node in nodes:
            if not node.op:  # the rest of a node that is larger than a piece
                continue
            shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
            inputs = tuple(each for each in node.input if not each.startswith("^"))
            own = _rank(node.attr["shape"].shape) if node.op == "VariableV2" else None
            self._nodes[node.name] = _Node(
                node.op, inputs, _rank(shapes[0]) if shapes else None, own
            )

    def contradicted(self, signature: Signature) -> bool:
        """Whether an output has for certain another rank than the signature says."""
        feeds = {name for each in signature.inputs.values() for name in each.tensors}
        known: dict[str, int | None] = {}
        return any(
            each.shape is not None
            and (rank := self._sure(each.tensors[0], feeds, known, 0)) is not None
            and rank != len(each.shape)
            for each in signature.outputs.values()
            if len(each.tensors) == 1
        )

    def _sure(
        self, tensor: str, feeds: set[str], known: dict[str, int | None], depth: int
    ) -> int | None:
        name, _, number = tensor.partition(":")
        if number not in ("", "0") or depth > _DEEPEST:
            return None
        if name not in known:
            known[name] = None  # what a node says that refers to itself
            known[name] = self._of_node(name, feeds, known, depth)
        return known[name]

    def _of_node(
        self, name: str, feeds: set[str], known: dict[str, int | None], depth: int
    ) -> int | None:
        node = self._nodes.get(name)
        if node is None:
            return None
        if f"{name}:0" in feeds:
            return node.rank
        if node.op == "VariableV2":
            return node.own
        if node.op not in _BROADCAST | _ALIKE:
            return _ALWAYS.get(node.op)
        taken = node.inputs if node.op in _BROADCAST else node.inputs[:1]
        ranks = [self._sure(each, feeds, known, depth + 1) for each in taken]
        sure = [each for each in ranks if each is not None]
        return max(sure) if sure and len(sure) == len(ranks) else None


def scalars(signatures: Mapping[str, Any]) -> bool:
    """Whether a signature says of an output that it is a scalar, as one does without shapes."""
    return any(
        each.WhichOneof("encoding") == "name" and _rank(each.tensor_shape) == 0
        for signature in signatures.values()
        for each in signature.outputs.values()
    )


def _rank(shape: Any) -> int | None:
    return None if shape.unknown_rank else len(shape.dim)
